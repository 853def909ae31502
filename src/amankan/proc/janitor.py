"""A process that does nothing until its maker is gone, however that went, and then leaves nothing of a folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from amankan.proc.environment import environment
from amankan.proc.living import Living, living, tell

# An operation that is asked to end goes back in order first.
GRACE_SECONDS: Final = 30.0
KILL_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.05

_UNHEARD: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Janitor:
    """
    As long as this context lasts the folder and its processes stay; then they go, also when we are killed.

    A process belongs to the folder when the folder's path stands in the environment that it was born with.
    """

    def __init__(self, folder: Path) -> None:
        """Watch over a folder that is ours alone; its name must be a complete path."""
        words = (sys.executable, "-m", "amankan.proc.janitor", str(folder))
        # In a session of its own, so that what ends us does not end it.
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, env=environment(()), start_new_session=True, cwd="/")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.finish()

    def finish(self) -> None:
        """Nothing is left; may be repeated."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def belonging(folder: Path) -> tuple[Living, ...]:
    """Return the processes that were born with the folder's path in their environment, but for ourselves."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    found = (living(number) for number in numbers if number != os.getpid() and _bears(number, str(folder)))
    return tuple(each for each in found if each is not None)


def clear(folder: Path) -> None:
    """No process belongs to the folder, and it is not there; may be repeated."""
    _end(folder, signal.SIGTERM, limit_seconds=GRACE_SECONDS)
    _end(folder, signal.SIGKILL, limit_seconds=KILL_SECONDS)
    end = time.monotonic() + KILL_SECONDS
    # A server that is just ending may still be writing there.
    while folder.exists() and time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(PAUSE_SECONDS)


def _end(folder: Path, number: signal.Signals, *, limit_seconds: float) -> None:
    end = time.monotonic() + limit_seconds
    told: set[Living] = set()
    while (left := belonging(folder)) and time.monotonic() < end:
        for process in set(left) - told:
            tell(process, number)
            told.add(process)
        time.sleep(PAUSE_SECONDS)


def _bears(number: int, text: str) -> bool:
    with contextlib.suppress(OSError):
        return text.encode() in Path(f"/proc/{number}/environ").read_bytes()
    return False


def main() -> int:
    """Wait for the end of standard input, then clear the folder that the command line names."""
    for number in _UNHEARD:
        signal.signal(number, signal.SIG_IGN)
    while sys.stdin.buffer.read(1):
        pass
    clear(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
