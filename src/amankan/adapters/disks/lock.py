"""A lock that the kernel takes away when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from typing import Final

from amankan.adapters.disks.descriptors import NO_ROOM, open_file, read_from, write_at
from amankan.journal.lock import locked

NOTE_LIMIT_BYTES: Final = 4096
PATIENCE_SECONDS: Final = 2.0
"""How long whoever takes the lock waits for one who only looks, which takes a moment, or longer where the machine is busy."""

_TRIES: Final = 16


class LocalHold:
    """A lock on an open file; the kernel lets go of it when the last descriptor is closed, by whatever death."""

    def __init__(self, descriptor: int) -> None:
        """Own the descriptor."""
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let go; the file stays, for a lock file that is removed would let two in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def take_lock(folder: int, name: str, *, note: str) -> LocalHold:
    """
    The file `name` of the folder is locked by this process and holds `note`, where there is room for it.

    A full disk must not keep anybody from recovering, so a note that finds no room is left out.

    Raises:
        Locked: another living process holds it.
        OSError: as the system says.
    """
    for _ in range(_TRIES):
        descriptor = open_file(folder, name, flags=os.O_RDWR | os.O_CREAT)
        try:
            if not _taken(descriptor):
                told = read_from(descriptor)[:NOTE_LIMIT_BYTES].decode(errors="replace")
                raise locked(told)
            if _still_named(folder, name, descriptor=descriptor):
                _write_note(descriptor, note)
                return LocalHold(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise OSError(f"{name} is replaced again and again")


def is_locked(folder: int, name: str) -> bool:
    """
    Tell whether a living process has locked the file `name` of the folder; a lock that only looks is had for a moment.

    Raises OSError as the system says; FileNotFoundError where there is no such file.
    """
    descriptor = open_file(folder, name, flags=os.O_RDONLY)
    try:
        return not _only_looked_at(descriptor)
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """The file is locked by this process alone; False where another holds it. Whoever only looks is waited for."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() > end or not _only_looked_at(descriptor):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.sched_yield()


def _only_looked_at(descriptor: int) -> bool:
    """The file is locked together with whoever else only looks; False, and it is not locked, where a holder has it alone."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _still_named(folder: int, name: str, *, descriptor: int) -> bool:
    """Tell whether the locked file is the one that others will find by this name."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), os.stat(name, dir_fd=folder, follow_symlinks=False))
    return False


def _write_note(descriptor: int, note: str) -> None:
    """Write over the old note before cutting what is left of it, which needs no new room."""
    content = note.encode()[:NOTE_LIMIT_BYTES]
    try:
        write_at(descriptor, 0, content=content)
        os.ftruncate(descriptor, len(content))
    except OSError as fault:
        if fault.errno not in NO_ROOM:
            raise
