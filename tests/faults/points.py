"""Where the product can be killed: its boundaries, named, counted, and armed from outside of its code."""

from __future__ import annotations

import errno
import functools
import json
import os
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg

from amankan.adapters.disks.local import LocalDisk
from amankan.adapters.engines.postgres.engine import PostgresEngine
from amankan.adapters.engines.postgres.sandbox import PostgresSandbox
from amankan.adapters.runtimes.process.runtime import ProcessRuntime
from amankan.adapters.stores.folder import FolderStore
from amankan.vault.sealed import SealedVault
from tests.faults.stir import Stir

DISK_VERBS: Final = ("make", "write", "sync", "trim", "replace", "remove", "hold")

# Every verb that changes something outside of this process; what only reads leaves the world as it was.
VERBS: Final[dict[type, tuple[str, ...]]] = {
    PostgresEngine: ("claim", "release", "settle", "shut", "admit", "copy", "drop", "rename", "advance"),
    ProcessRuntime: ("settle", "halt", "place", "open", "start", "stop"),
    PostgresSandbox: ("restore", "rehearse", "remove"),
    FolderStore: ("put", "delete", "collect"),
    SealedVault: ("take", "load", "attest", "collect"),
}

WRITING_WORDS: Final = {
    *("alter", "begin", "call", "comment", "create", "delete", "do", "drop", "grant", "insert", "revoke"),
    *("rollback", "truncate", "update"),
}
FILE_CALLS: Final = ("fsync", "fdatasync", "rename", "replace", "link", "unlink", "symlink", "ftruncate", "mkdir")

# Of a tree that is removed file by file, a few are enough.
MOST_ALIKE: Final = 6

# The name of a run, of a snapshot or of a server for a trial is another one each time.
RUN: Final = re.compile(r"\d{8}T\d{6}Z-[a-z0-9-]+-[0-9a-f]{8}[a-z]?")

LEVELS: Final = ("journal", "command", "verb", "statement", "file")


class Points:
    """The boundaries that a process comes by, each under a name that the same operation always gives it."""

    def __init__(self, *, kill_at: str, levels: frozenset[str], record: Path | None, blow: str = "SIGKILL") -> None:
        """
        Be struck at the point of the name `kill_at`, or at the n-th for `#n`, if it is ever reached.

        `blow` is a signal, or the name of an error (`EIO`) that the system answers with there.

        All names are written down where `record` says, with `= ` before those that stand in the same moment as the one before;
        `levels` are the kinds of points that count.
        """
        self._kill_at, self._levels, self._blow = kill_at, levels, blow
        self._record = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if record else None
        self._stir = Stir() if record else None
        self._place, self._count, self._total = "start", Counter[str](), 0
        self._places = Counter[str]()
        self._lock = threading.Lock()

    def at(self, level: str, what: str) -> None:
        """This boundary is reached."""
        if level not in self._levels:
            return
        with self._lock:
            name = RUN.sub("RUN", f"{level}: {self._place}, {what}")
            self._count[name] += 1
            if level == "file" and self._count[name] > MOST_ALIKE:
                return
            if self._count[name] > 1:
                name = f"{name} ({self._count[name]})"
            if self._stir and self._record is not None:
                self._stir.changed(name, told=self._record)
            self._total += 1
            if self._kill_at in {name, f"#{self._total}"}:
                self._strike()

    def _strike(self) -> None:
        if self._blow.startswith("SIG"):
            os.kill(os.getpid(), signal.Signals[self._blow])
        else:
            number = getattr(errno, self._blow)
            raise OSError(number, os.strerror(number))

    def around(self, level: str, what: str, act: Callable[[], Any]) -> Any:
        """Act between two boundaries."""
        self.at(level, f"before {what}")
        answer = act()
        self.at(level, f"after {what}")
        return answer

    def move(self, place: str) -> None:
        """What comes from here on is named after this line of the journal, the second of its kind with its number."""
        self._places[place] += 1
        again = f" ({self._places[place]})" if self._places[place] > 1 else ""
        self._place, self._count = f"{place}{again}", Counter()


def arm(points: Points) -> None:
    """Every boundary of this process tells `points`; the product's own code is as it was."""
    for verb in DISK_VERBS:
        _wrap_disk(points, verb)
    for owner, verbs in VERBS.items():
        for verb in verbs:
            _wrap_verb(points, owner, verb)
    _wrap_commands(points)
    _wrap_statements(points)
    for name in FILE_CALLS:
        _wrap_file(points, name)


def _wrap_disk(points: Points, verb: str) -> None:
    plain = getattr(LocalDisk, verb)

    @functools.wraps(plain)
    def told(disk: LocalDisk, path: str, *words: Any, **named: Any) -> Any:
        line = _line(named.get("content", b"")) if verb == "write" else ""
        what = f"{verb} {line or Path(path).name}"
        if line:  # what stands behind a write and is not synced is met again before the sync
            points.at("journal", f"before {what}")
            answer = plain(disk, path, *words, **named)
            points.move(line)
            return answer
        return points.around("journal", what, lambda: plain(disk, path, *words, **named))

    setattr(LocalDisk, verb, told)


def _line(content: bytes) -> str:
    """Return the phase and step of a line of a journal, or nothing for what is none."""
    try:
        line = json.loads(content)
        return f"{line['phase']} {line['step']}".strip()
    except (ValueError, KeyError, TypeError):
        return ""


def _wrap_verb(points: Points, owner: type, verb: str) -> None:
    plain = getattr(owner, verb)

    @functools.wraps(plain)
    def told(acting: Any, *words: Any, **named: Any) -> Any:
        return points.around("verb", f"{owner.__name__}.{verb}", lambda: plain(acting, *words, **named))

    setattr(owner, verb, told)


def _wrap_commands(points: Points) -> None:
    plain_init, plain_wait = subprocess.Popen.__init__, subprocess.Popen.wait
    plain_communicate = subprocess.Popen.communicate

    def init(process: Any, words: Any, *rest: Any, **named: Any) -> None:
        process.told_name = program(words)
        points.around("command", f"start {program(words)}", lambda: plain_init(process, words, *rest, **named))

    def wait(process: Any, *words: Any, **named: Any) -> Any:
        known = process.returncode is not None
        answer = plain_wait(process, *words, **named)
        if not known:
            points.at("command", f"after end of {process.told_name}")
        return answer

    def communicate(process: Any, *words: Any, **named: Any) -> Any:
        answer = plain_communicate(process, *words, **named)
        points.at("command", f"after all of {process.told_name}")
        return answer

    changed: Any = subprocess.Popen
    changed.__init__, changed.wait, changed.communicate = init, wait, communicate


def program(words: Any) -> str:
    """Return the name of the program that some words run, whatever stands before it to change the account."""
    names = [Path(str(word)).name for word in words if not str(word).startswith("-")]
    known = ("pg_dump", "pg_restore", "psql", "initdb", "postgres", "cp", "amankan.proc.supervise", "migrate.py")
    return next((name for name in known if name in names), names[0])


def _wrap_statements(points: Points) -> None:
    for owner in (psycopg.Connection, psycopg.Cursor):
        _wrap_statement(points, owner)


def _wrap_statement(points: Points, owner: Any) -> None:
    plain = owner.execute

    def execute(acting: Any, query: Any, *words: Any, **named: Any) -> Any:
        text = query if isinstance(query, str) else getattr(query, "as_string", lambda *_: str(query))(None)
        head = text.split(None, 3)
        inside = owner is psycopg.Cursor and getattr(acting.connection, "told_inside", False)
        if inside or not head or head[0].lower() not in WRITING_WORDS:
            return plain(acting, query, *words, **named)
        what = " ".join(head[:2]).lower()
        return points.around("statement", what, lambda: plain(acting, query, *words, **named))

    if owner is psycopg.Cursor:
        return  # a connection's `execute` is done by a cursor of its own
    owner.execute = execute


def _wrap_file(points: Points, name: str) -> None:
    plain = getattr(os, name)

    @functools.wraps(plain)
    def told(*words: Any, **named: Any) -> Any:
        return points.around("file", name, lambda: plain(*words, **named))

    setattr(os, name, told)
