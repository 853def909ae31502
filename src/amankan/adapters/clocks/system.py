"""The time of this machine, and its chance."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """Keeps the promise of `ports.clock` with the clocks of this machine."""

    def now(self) -> datetime:
        """Return the wall time in UTC."""
        return datetime.now(UTC)

    def ticks(self) -> float:
        """Return seconds that also go on while the machine sleeps."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(max(0.0, seconds))


class SystemChance:
    """Tokens from the system's own source of chance."""

    def token(self) -> str:
        """Return eight hex digits."""
        return secrets.token_hex(4)
