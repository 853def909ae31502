"""A named, timed leave to pass the guard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A row that only the guard's owner can write; worth nothing after `until` by the server's clock."""

    id: str
    database: str
    why: str
    until: datetime
    tables: tuple[str, ...] = ()
    run: str = ""
