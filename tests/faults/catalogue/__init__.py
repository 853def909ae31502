"""The faults that are brought about by other means than a death: one function for each row, in a table of its own."""

from __future__ import annotations

from tests.faults.catalogue import backups, damage, memory, nearby, operators, servers, updates
from tests.faults.catalogue.play import Fault

ROOMS = (backups, damage, memory, nearby, operators, servers, updates)

FAULTS: dict[str, Fault] = {fault.id: fault for room in ROOMS for fault in room.FAULTS}
