"""Time, and chance."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time is for people to read; only `ticks` may decide anything."""

    def now(self) -> datetime:
        """Return the wall time in UTC; it may jump in either direction between two calls."""
        ...

    def ticks(self) -> float:
        """Return seconds that only grow while this process lives."""
        ...

    def pause(self, seconds: float) -> None:
        """Let `seconds` of ticks pass."""
        ...


class Chance(Protocol):
    """Where names that must be unique get their difference from."""

    def token(self) -> str:
        """Return eight hex digits that no earlier call returned, but for a chance of one in four billion."""
        ...
