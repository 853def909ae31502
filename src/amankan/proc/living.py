"""Processes of this machine, told apart from others that were given the same number later."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAUSE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """
    One process: its number, the machine's boot and the tick of it at which it began, and the digest of its program.

    Source: proc(5), field 22 of `stat`.
    """

    pid: int
    boot: str
    started_ticks: int
    program: str


def living(pid: int) -> Living | None:
    """Return the process of this number, or None where there is none or it has ended and only waits to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        state, *fields = stat.rpartition(")")[2].split()
        if state in {"Z", "X"}:
            return None
        program = hashlib.sha256(Path(f"/proc/{pid}/exe").read_bytes()).hexdigest()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, ValueError):
        return None
    return Living(pid=pid, boot=boot, started_ticks=int(fields[18]), program=program)


def tell(process: Living, number: signal.Signals) -> bool:
    """The process has the signal; False where it is not there any more, and nobody else gets it."""
    try:
        handle = os.pidfd_open(process.pid)
    except (ProcessLookupError, OSError):
        return False
    try:
        # The handle holds on to one process: if that is ours now, the number cannot be given away in between.
        if living(process.pid) != process:
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def end_living(process: Living, *, grace_seconds: float) -> None:
    """The process is gone: asked at first, and killed when the grace is over; may be repeated."""
    if tell(process, signal.SIGTERM) and not gone(process, limit_seconds=grace_seconds):
        tell(process, signal.SIGKILL)
        gone(process, limit_seconds=grace_seconds)


def gone(process: Living, *, limit_seconds: float) -> bool:
    """Tell whether the process has ended, or does so before the limit."""
    end = time.monotonic() + limit_seconds
    while living(process.pid) == process:
        if time.monotonic() > end:
            return False
        _collect(process.pid)
        time.sleep(PAUSE_SECONDS)
    return True


def marked(mark: str) -> tuple[Living, ...]:
    """Return every process that was born with the variable `mark` (`NAME=value`), whoever its parent is now."""
    others = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    found = (living(pid) for pid in others if pid != os.getpid() and _bears(pid, mark))
    return tuple(each for each in found if each is not None)


def _bears(pid: int, mark: str) -> bool:
    try:
        return mark.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def end_marked(mark: str, *, limit_seconds: float) -> bool:
    """Kill every process with the mark, also those that are born meanwhile; tells whether none is left."""
    end = time.monotonic() + limit_seconds
    while found := marked(mark):
        for process in found:
            tell(process, signal.SIGKILL)
            _collect(process.pid)
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


def _collect(pid: int) -> None:
    """A child of ours that has ended is not left as a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
