"""How hard a dump presses, in sessions and bytes per second."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from amankan.model.pace import Pace
from amankan.ports.clock import Clock

# At this rate the server works a twentieth of the time of one processor, and whoever hashes and seals about as much.
QUIET_BYTES_PER_SECOND: Final = 12_000_000.0

# More server processes than this do not make one reader faster.
MOST_SESSIONS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """Sessions that read at once, and the bytes per second that they may read together; 0 for no limit."""

    sessions: int
    limit_bytes_per_second: float = 0.0


def pressure(pace: Pace, *, processors: int | None = None) -> Pressure:
    """Return what a pace means on a machine with so many processors (this one's by default)."""
    if pace is Pace.QUIET:
        return Pressure(sessions=1, limit_bytes_per_second=QUIET_BYTES_PER_SECOND)
    if pace is Pace.STEADY:
        return Pressure(sessions=1)
    known = processors if processors is not None else os.cpu_count() or 1
    return Pressure(sessions=min(max(known, 2), MOST_SESSIONS))


def paced(pieces: Iterable[bytes], *, limit_bytes_per_second: float, clock: Clock) -> Iterator[bytes]:
    """
    Return the pieces, no faster than the limit; who reads from a server through this holds it back too.

    What was not used of the limit is not made up for later: a pause of the reader is followed by no burst.
    """
    if limit_bytes_per_second <= 0:
        yield from pieces
        return
    due = clock.ticks()
    for piece in pieces:
        yield piece
        due = max(due, clock.ticks() - 1.0) + len(piece) / limit_bytes_per_second
        clock.pause(max(due - clock.ticks(), 0.0))
