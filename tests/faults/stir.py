"""Whether a process changed anything outside of itself since it was last asked."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from psycopg._connection_base import BaseConnection
from psycopg._cursor_base import BaseCursor

# Before the name of a point that stands in the same moment as the one before it.
SAME: Final = "= "

CALLS: Final = Path("/proc/self/io")

# What the interpreter tells its auditors of, besides files that are opened to be written.
CHANGES: Final = (
    *(
        "fcntl.flock",
        "fcntl.lockf",
        "os.chmod",
        "os.chown",
        "os.exec",
        "os.fork",
        "os.kill",
        "os.link",
        "os.posix_spawn",
        "os.remove",
    ),
    *("os.rename", "os.rmdir", "os.setxattr", "os.symlink", "os.truncate", "os.utime", "shutil.", "signal.", "socket.connect"),
    *("socket.sendmsg", "socket.sendto"),
)
WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

# A program that is asked for its version, or what it has, changes nothing either.
ASKERS: Final = frozenset(("--version", "--sharedir", "ls-files", "true"))

# A question changes nothing, unless it calls one of these.
ASKS: Final = re.compile(rb"\s*(select|show|with|values|table|explain)\b", re.IGNORECASE)
ACTS: Final = re.compile(
    rb"\b(insert|update|delete|merge|into|for\s+(share|no\s+key)|analyze|pg_(terminate|cancel|(try_)?advisory|create|drop|export|"
    rb"logical|replication|switch|reload|promote|backup|notify|import|stat_reset|sleep)\w*|(next|set)val|set_config|lo_\w+|dblink\w*)\b",
    re.IGNORECASE,
)


class Stir:
    """
    Counts all by which this process could change the world: writes, calls, statements, programs, and waiting for others.

    A sync is none: what was written outlives the process with it and without it.
    """

    def __init__(self) -> None:
        """Listen from here on; it cannot be ended, so this process must be one that ends soon."""
        self._count, self._asked, self._seen = 0, 0, (-1, 0)
        sys.addaudithook(self._heard)
        self._wrap(BaseConnection, "_exec_command", statement=True)
        self._wrap(BaseCursor, "_execute_send", statement=True)
        for owner, name in (
            (BaseCursor, "_start_copy_gen"),
            (BaseCursor, "_stream_send_gen"),
            (os, "mkdir"),  # of a folder that is there changes nothing, and raises
            (time, "sleep"),
        ):
            self._wrap(owner, name)
        for name in ("wait", "poll"):
            self._wrap_end(name)

    def changed(self, name: str, *, told: int) -> None:
        """Write the name into the file of the handle, behind `= ` where nothing was stirred since the name before."""
        now = (self._count, _writes())
        still = SAME if now == self._seen else ""
        os.write(told, f"{still}{name}\n".encode())
        self._seen = (now[0], now[1] + 1)

    def _heard(self, event: str, words: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(words[2], int) and words[2] & WRITES and words[0] != os.devnull:
                self._count += 1
        elif event == "subprocess.Popen":
            self._asked = self._count
            self._count += not asks(words[1])
        elif event.startswith(CHANGES):
            self._count += 1

    def _wrap(self, owner: Any, name: str, *, statement: bool = False) -> None:
        plain = getattr(owner, name)

        @functools.wraps(plain)
        def told(*words: Any, **named: Any) -> Any:
            answer = plain(*words, **named)
            self._count += not statement or acts(words[1])
            return answer

        setattr(owner, name, told)

    def _wrap_end(self, name: str) -> None:
        """The end of a program that may have changed something counts, once."""
        plain = getattr(subprocess.Popen, name)

        @functools.wraps(plain)
        def told(process: Any, *words: Any, **named: Any) -> Any:
            before = process.returncode
            answer = plain(process, *words, **named)
            if before is None and process.returncode is not None:
                if not asks(process.args):
                    self._count += 1
                elif threading.active_count() == 1:
                    self._count = self._asked  # that an answer was waited for is no change
            return answer

        setattr(subprocess.Popen, name, told)


def moments(lines: Iterable[str]) -> list[list[str]]:
    """Return the names of points, those of one moment together."""
    found: list[list[str]] = []
    for line in lines:
        if not line.startswith(SAME):
            found.append([])
        found[-1].append(line.removeprefix(SAME))
    return found


def asks(words: Sequence[object]) -> bool:
    """Tell whether a program only answers a question."""
    return not ASKERS.isdisjoint(str(word) for word in words)


def acts(query: Any) -> bool:
    """Tell whether a statement may change something; what is not known to be a question may."""
    text = getattr(query, "query", query)
    if isinstance(text, str):
        text = text.encode()
    return not isinstance(text, bytes) or not ASKS.match(text) or ACTS.search(text) is not None


def _writes() -> int:
    """Return how many writes to files and pipes this process has asked of the system."""
    lines = CALLS.read_text().splitlines()
    return next(int(line.partition(":")[2]) for line in lines if line.startswith("syscw:"))
