"""The supervisor: keeps one program running, and leaves nothing of it when it is asked to end."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

# prctl(2)
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36

# A program that ends at once is not started a hundred times a second; one that lived for a while is forgiven.
PAUSE_SECONDS: Final = 0.05
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
FORGIVEN_SECONDS: Final = 60.0

# How long killed children may take to go; one in the midst of a write to a dead disk never does.
CHILDREN_SECONDS: Final = 10.0
COLLECT_SECONDS: Final = 5.0

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class Supervisor:
    """Keeps `words` running until it gets SIGTERM."""

    def __init__(self, words: list[str], *, options: argparse.Namespace) -> None:
        """Prepare; nothing runs yet."""
        self._words, self._options = words, options
        self._ending, self._deadline = False, 0.0
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Return the program's last exit status; nothing of it runs any more."""
        # Whatever the program leaves behind becomes our child, so that it can be found and ended.
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            status = self._once()
            end_children()
            if self._asked() or self._options.restart != "always":
                return status if status >= 0 else 128 - status
            lived = time.monotonic() - began
            pause_seconds = FIRST_PAUSE_SECONDS if lived > FORGIVEN_SECONDS else pause_seconds
            sys.stderr.write(f"the program ended with status {status}; it starts again in {pause_seconds} s\n")
            sys.stderr.flush()
            self._wait(pause_seconds)
            if self._asked():
                return 0
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    def _asked(self) -> bool:
        """Tell whether SIGTERM came, which may be between any two lines."""
        return self._ending

    def _once(self) -> int:
        if self._asked():
            return 0
        uid, gid = (int(part) for part in self._options.account.split(":")) if self._options.account else (None, None)
        try:
            self._child = subprocess.Popen(
                self._words,
                stdin=subprocess.DEVNULL,
                cwd=self._options.folder,
                user=uid,
                group=gid,
                extra_groups=() if uid is not None else None,
                process_group=0,
                preexec_fn=_born_of(os.getpid()),  # noqa: PLW1509 - system calls alone; there is no other thread
            )
        except OSError as fault:
            sys.stderr.write(f"cannot run {self._words[0]}: {fault.strerror}\n")
            return 127
        if self._asked():
            self._ask()
        collected = time.monotonic()
        while self._child.poll() is None:
            time.sleep(PAUSE_SECONDS)
            if self._asked() and time.monotonic() > self._deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._child.pid, signal.SIGKILL)
            if time.monotonic() > collected + COLLECT_SECONDS:
                collect(self._child.pid)
                collected = time.monotonic()
        return self._child.returncode

    def _end(self, number: int, frame: FrameType | None) -> None:
        """SIGTERM came: the program is asked to end."""
        if not self._ending:
            self._ending = True
            self._deadline = time.monotonic() + self._options.grace
            self._ask()

    def _ask(self) -> None:
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGTERM)

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._asked():
            time.sleep(PAUSE_SECONDS)


def children() -> list[tuple[int, str]]:
    """Return our children, those that we inherited too, with the letter of their state."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{name}/stat", errors="replace") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid():
                found.append((int(name), state))
    return found


def end_children() -> None:
    """No child of ours is left, and none of theirs."""
    end = time.monotonic() + CHILDREN_SECONDS
    while (left := children()) and time.monotonic() < end:
        for pid, _ in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def collect(main: int) -> None:
    """Inherited children that have ended are collected; the program itself is left to its own."""
    for pid, state in children():
        if state == "Z" and pid != main:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _born_of(parent: int) -> Callable[[], None]:
    def before_exec() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # What we do not listen to, the program may want to hear.
        for number in (signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(prog="amankan.proc.supervise")
    parser.add_argument("--restart", choices=("always", "no"), default="no")
    parser.add_argument("--grace", type=float, default=10.0)
    parser.add_argument("--folder", default="/")
    parser.add_argument("--account", default="")
    parser.add_argument("words", nargs="+")
    options = parser.parse_args()
    return Supervisor(options.words, options=options).run()


if __name__ == "__main__":
    sys.exit(main())
