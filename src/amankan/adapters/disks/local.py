"""A folder on a disk of this machine, for files that must outlive the power."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from amankan.adapters.disks.descriptors import (
    failed,
    make_folder,
    open_file,
    open_folder,
    read_from,
    reserve,
    write_at,
)
from amankan.adapters.disks.lock import is_locked, take_lock
from amankan.errors import DiskFailed, SyncFailed
from amankan.model.sentence import say
from amankan.ports.clock import Chance
from amankan.ports.disk import UNFINISHED, Hold, parts_of


class LocalDisk:
    """
    Keeps the promise of `ports.disk` in one folder, for its owner's eyes only.

    Every file that this process made, replaced or wrote to stays open until it is removed or `close`: a name may come to
    mean another file, a descriptor cannot, and only the descriptor that wrote is told about a failed sync.
    """

    def __init__(self, folder: Path, chance: Chance) -> None:
        """Work in `folder`, which is made by the first verb that writes; `chance` names unfinished files."""
        self._root, self._chance = folder.absolute(), chance
        self._files: dict[str, int] = {}
        self._lost: set[str] = set()

    def __enter__(self) -> LocalDisk:
        """Return the disk itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """No file is open any more; may be repeated."""
        while self._files:
            os.close(self._files.popitem()[1])

    def read(self, path: str) -> bytes | None:
        """Return the file that carries the name now."""
        with self._trouble("read", path), suppress(FileNotFoundError), self._within(path) as (folder, name):
            descriptor = open_file(folder, name, flags=os.O_RDONLY)
            try:
                return read_from(descriptor)
            finally:
                os.close(descriptor)
        return None

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names in a folder, without those of unfinished files."""
        parts = parts_of(folder)
        with self._trouble("list", folder), suppress(FileNotFoundError), _closing(open_folder(self._root, parts)) as place:
            return tuple(sorted(name for name in os.listdir(place) if not name.startswith(UNFINISHED)))
        return ()

    def make(self, path: str, *, room_bytes: int) -> None:
        """
        Make the file whole under another name, then give it its own.

        Whether the name is free is looked at just before: two processes that make the same file must hold a lock.
        """
        with self._trouble("make", path), self._within(path, making=True) as (folder, name):
            if _stands(folder, name):
                raise FileExistsError(errno.EEXIST, "it exists already")
            self._put(path, b"", room_bytes=room_bytes, place=(folder, name))

    def write(self, path: str, *, offset: int, content: bytes) -> None:
        """Write to the open file; room that is missing is reserved first, so that a full disk changes nothing."""
        with self._trouble("write", path):
            descriptor = self._open(path)
            reserve(descriptor, offset + len(content))
            write_at(descriptor, offset, content=content)

    def sync(self, path: str) -> None:
        """Move the content down; a failure is remembered, for the system tells of it only once."""
        with self._trouble("sync", path):
            descriptor = self._open(path)
        try:
            os.fdatasync(descriptor)
        except OSError as fault:
            self._lost.add(path)
            raise SyncFailed(say("cannot sync {path}: {reason}", path=path, reason=str(fault.strerror))) from fault

    def trim(self, path: str, *, size_bytes: int) -> None:
        """Give room back; DiskFailed where something stands in it."""
        with self._trouble("trim", path):
            descriptor = self._open(path)
            behind = read_from(descriptor, offset=size_bytes)
            if behind.strip(b"\0"):
                raise DiskFailed(say("cannot trim {path}: what would be cut is not empty", path=path))
            if behind:
                os.ftruncate(descriptor, size_bytes)
        self.sync(path)

    def replace(self, path: str, content: bytes, *, room_bytes: int = 0) -> None:
        """Write the file whole under another name, then give it this one."""
        with self._trouble("replace", path), self._within(path, making=True) as (folder, name):
            self._put(path, content, room_bytes=max(room_bytes, len(content)), place=(folder, name))

    def remove(self, path: str) -> None:
        """Take the name away and close the file, so that its room is free."""
        with self._trouble("remove", path), suppress(FileNotFoundError), self._within(path) as (folder, name):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            self._forget(path)
            os.fsync(folder)

    def hold(self, path: str, note: str) -> Hold:
        """Lock the file of that name."""
        with self._trouble("lock", path), self._within(path, making=True) as (folder, name):
            return take_lock(folder, name, note=note)

    def held(self, path: str) -> bool:
        """Ask the kernel."""
        with self._trouble("lock", path), suppress(FileNotFoundError), self._within(path) as (folder, name):
            return is_locked(folder, name)
        return False

    def _open(self, path: str) -> int:
        """Return the file that this process made or replaced, or else the one of that name, from now on."""
        if path in self._lost:
            raise SyncFailed(say("cannot go on with {path}: an earlier sync failed", path=path))
        if path not in self._files:
            with self._within(path) as (folder, name):
                self._files[path] = open_file(folder, name, flags=os.O_RDWR)
        return self._files[path]

    def _put(self, path: str, content: bytes, *, room_bytes: int, place: tuple[int, str]) -> None:
        """The name stands for a new file with the content, for good; a failure before the rename leaves nothing."""
        folder, name = place
        _collect(folder)
        temporary = f"{UNFINISHED}{os.getpid()}-{self._chance.token()}"
        descriptor = open_file(folder, temporary, flags=os.O_RDWR | os.O_CREAT | os.O_EXCL)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            reserve(descriptor, room_bytes)
            write_at(descriptor, 0, content=content)
            os.fsync(descriptor)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
            os.close(descriptor)
            raise
        self._forget(path)
        self._files[path] = descriptor
        os.fsync(folder)

    def _forget(self, path: str) -> None:
        self._lost.discard(path)
        descriptor = self._files.pop(path, None)
        if descriptor is not None:
            os.close(descriptor)

    @contextmanager
    def _within(self, path: str, *, making: bool = False) -> Iterator[tuple[int, str]]:
        *parts, name = parts_of(path)
        opened = make_folder(self._root, tuple(parts)) if making else open_folder(self._root, tuple(parts))
        with _closing(opened) as folder:
            yield folder, name

    @contextmanager
    def _trouble(self, verb: str, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise failed(verb, path, fault=fault) from fault


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _stands(folder: int, name: str) -> bool:
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        return True
    return False


def _collect(folder: int) -> None:
    """Unfinished files of processes that died are gone; a living process holds a lock on its own."""
    for name in os.listdir(folder):
        if name.startswith(UNFINISHED):
            with suppress(FileNotFoundError, BlockingIOError), _closing(open_file(folder, name, flags=os.O_RDWR)) as stale:
                fcntl.flock(stale, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name, dir_fd=folder)
