"""Simulated time and chance."""

from __future__ import annotations

from datetime import datetime

from amankan.testing.world import World


class SimClock:
    """Wall time that jumps and ticks that only grow; pausing lets life go on."""

    def __init__(self, world: World) -> None:
        """Read the world's time."""
        self._world = world

    def now(self) -> datetime:
        """Return the wall time, wherever it jumped."""
        return self._world.now()

    def ticks(self) -> float:
        """Return seconds that only grow."""
        return self._world.ticks

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self._world.ticks += seconds
        self._world.life_goes_on()


class SimChance:
    """Tokens that never repeat."""

    def __init__(self, world: World) -> None:
        """Count in the world, so that later processes go on."""
        self._world = world

    def token(self) -> str:
        """Return eight hex digits."""
        self._world.tokens += 1
        return f"{self._world.tokens:08x}"
