"""What open files and folders can do, with the errors of the house."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from amankan.errors import DiskFailed, DiskFull
from amankan.model.sentence import say

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NO_RESERVING: Final = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
PLAIN: Final = os.O_CLOEXEC | os.O_NOFOLLOW
FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
_PIECE_BYTES: Final = 1 << 20


def failed(verb: str, path: str, *, fault: OSError) -> DiskFailed:
    """Return the error of ours that says what a fault of the system means."""
    kind = DiskFull if fault.errno in NO_ROOM else DiskFailed
    return kind(say("cannot {verb} {path}: {reason}", verb=verb, path=path, reason=fault.strerror or str(fault)))


def open_folder(root: Path, parts: tuple[str, ...]) -> int:
    """Return a descriptor of a folder below `root`; FileNotFoundError where there is none, OSError where it is a link."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in parts:
        folder = _step_into(folder, part, making=False)
    return folder


def make_folder(root: Path, parts: tuple[str, ...]) -> int:
    """Return a descriptor of a folder below `root` that now exists for good, for its owner's eyes only."""
    _make_root(root)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in parts:
        folder = _step_into(folder, part, making=True)
    return folder


def open_file(folder: int, name: str, *, flags: int) -> int:
    """Return a descriptor of a plain file in a folder; OSError where it is a link, a pipe or a folder."""
    descriptor = os.open(name, flags | PLAIN | os.O_NONBLOCK, FILE_MODE, dir_fd=folder)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a plain file")


def read_from(descriptor: int, *, offset: int = 0) -> bytes:
    """Return all bytes from `offset` to the end."""
    pieces = []
    while piece := os.pread(descriptor, _PIECE_BYTES, offset):
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)


def write_at(descriptor: int, offset: int, *, content: bytes) -> None:
    """The file shows the content at `offset`; an error may leave a part of it."""
    left = memoryview(content)
    while left:
        count = os.pwrite(descriptor, left, offset)
        left, offset = left[count:], offset + count


def reserve(descriptor: int, size_bytes: int) -> None:
    """The file is at least so long, with room for all of it; an error leaves it as long as it was."""
    before = os.fstat(descriptor).st_size
    if size_bytes <= before:
        return
    try:
        _reserve(descriptor, before, size_bytes=size_bytes)
    except OSError:
        os.ftruncate(descriptor, before)
        raise


def sync_folder(path: Path) -> None:
    """The names in a folder outlive the power."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _reserve(descriptor: int, before: int, *, size_bytes: int) -> None:
    try:
        os.posix_fallocate(descriptor, before, size_bytes - before)
    except OSError as fault:
        if fault.errno not in NO_RESERVING:
            raise
        for start in range(before, size_bytes, _PIECE_BYTES):
            write_at(descriptor, start, content=bytes(min(_PIECE_BYTES, size_bytes - start)))


def _make_root(root: Path) -> None:
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        sync_folder(folder.parent)
    if stat.S_IMODE(root.stat().st_mode) & 0o077:
        root.chmod(FOLDER_MODE)


def _step_into(folder: int, part: str, *, making: bool) -> int:
    """Return the folder below, made for good where asked; the one above is closed, whatever happens."""
    try:
        if making:
            with suppress(FileExistsError):
                os.mkdir(part, FOLDER_MODE, dir_fd=folder)
            os.fsync(folder)
        return os.open(part, os.O_RDONLY | os.O_DIRECTORY | PLAIN, dir_fd=folder)
    finally:
        os.close(folder)
