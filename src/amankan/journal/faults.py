"""Tracebacks of what nobody thought of, for those who repair it."""

from __future__ import annotations

from datetime import UTC

from amankan.ports.clock import Clock
from amankan.ports.disk import Disk


def keep_fault(disk: Disk, clock: Clock, *, trace: str) -> str:
    """The traceback lies in a file of its own, for good; returns its path."""
    time = clock.now().astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")
    path = f"log/{time}Z.txt"
    disk.replace(path, trace.encode(errors="backslashreplace"))
    return path
