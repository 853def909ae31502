"""Commands that outlived the process of their run."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from amankan.proc.docker import RUN_VARIABLE

PROCESSES: Final = Path("/proc")


def orphans(run: str) -> tuple[int, ...]:
    """Return the processes of this machine that were begun as commands of a run, and are neither we nor above us."""
    ours = set(_ancestry(os.getpid()))
    return tuple(sorted(number for number in _begun_for(run) if number not in ours))


def end_orphans(run: str) -> bool:
    """Every command of the run was told to end at once; returns whether there was none."""
    found = orphans(run)
    for number in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return not found


def _begun_for(run: str) -> Iterator[int]:
    wanted = f"{RUN_VARIABLE}={run}".encode()
    for place in PROCESSES.iterdir():
        if not place.name.isdigit():
            continue
        # A process may end while we look, and those of other accounts are not ours.
        with contextlib.suppress(OSError):
            if wanted in (place / "environ").read_bytes().split(b"\0"):
                yield int(place.name)


def _ancestry(number: int) -> Iterator[int]:
    while number > 0:
        yield number
        try:
            said = (PROCESSES / str(number) / "stat").read_text()
        except OSError:
            return
        number = int(said.rpartition(")")[2].split()[1])
