"""A folder of this machine, or one that is mounted on it."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from amankan.adapters.stores.names import words_of
from amankan.errors import StoreFailed
from amankan.model.sentence import say

PIECE_BYTES = 1 << 20
# Files that were begun and never finished: hidden, so that no listing takes them for objects.
BEGUN = ".part"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class FolderStore:
    """
    Keeps the promise of `ports.store` below one folder: folders 0700, files 0600, no link is ever followed.

    A file is written under a hidden name, synced, and given its own name by a hard link, which never replaces.
    """

    def __init__(self, root: Path) -> None:
        """Touch nothing; the folder is made when something is put."""
        self._root = root

    def put(self, name: str, content: Iterable[bytes]) -> int:
        """A new file of that name holds the content, for good; returns its bytes."""
        *folders, last = words_of(name)
        begun = f".{secrets.token_hex(8)}{BEGUN}"
        with self._failing(name), self._folder(folders, make=True) as folder:
            try:
                size_bytes = _write(begun, content, folder=folder)
                os.link(begun, last, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(begun, dir_fd=folder)
            os.fsync(folder)
            return size_bytes

    def get(self, name: str) -> Generator[bytes, None, None]:
        """Return the content in pieces of at most 1 MiB."""
        *folders, last = words_of(name)
        with self._failing(name), self._folder(folders) as folder:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            file = _open(last, flags, folder=folder)
        return self._pieces(name, file)

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return the names of all files below a folder, sorted; hidden ones and links are not among them."""
        words = words_of(folder) if folder else ()
        try:
            with self._failing(folder), self._folder(words) as opened:
                return tuple(sorted("/".join((*words, name)) for name in _walk(opened, hidden=False)))
        except StoreFailed as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return ()
            raise

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, or None where there is none."""
        *folders, last = words_of(name)
        try:
            with self._failing(name), self._folder(folders) as folder:
                state = os.stat(last, dir_fd=folder, follow_symlinks=False)
        except StoreFailed as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        return state.st_size if stat.S_ISREG(state.st_mode) else None

    def delete(self, name: str) -> None:
        """There is no file of that name, and no empty folder where it was; may be repeated."""
        *folders, last = words_of(name)
        if self.size(name) is None:
            return
        with self._failing(name), self._folder(folders) as folder:
            with suppress(FileNotFoundError):
                os.unlink(last, dir_fd=folder)
            os.fsync(folder)
        self._prune(folders)

    def collect(self, folder: str, *, older_than_seconds: float) -> int:
        """Files that a crash left unfinished are gone where they are old by the clock of the file system itself."""
        words = words_of(folder) if folder else ()
        try:
            with self._failing(folder), self._folder(words) as opened:
                gone = _collect(opened, older_than_seconds)
        except StoreFailed as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return 0
            raise
        self._prune(words)
        return gone

    def _pieces(self, name: str, file: FileIO) -> Generator[bytes, None, None]:
        with self._failing(name), file as opened:
            while piece := opened.read(PIECE_BYTES):
                yield piece

    def _prune(self, words: Iterable[str]) -> None:
        left = list(words)
        while left:
            with suppress(OSError):  # one that is not empty stays
                os.rmdir(self._root.joinpath(*left))
            left.pop()

    @contextmanager
    def _failing(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            fault = say("cannot use {name} in {root}: {why}", name=name, root=str(self._root), why=_why(error))
            raise StoreFailed(fault) from error

    @contextmanager
    def _folder(self, words: Iterable[str], *, make: bool = False) -> Iterator[int]:
        if make:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._refuse_shared(os.fstat(folder))
            for word in words:
                folder = _step(folder, word, make=make)
            yield folder
        finally:
            os.close(folder)

    def _refuse_shared(self, state: os.stat_result) -> None:
        if state.st_mode & stat.S_IWOTH and not state.st_mode & stat.S_ISVTX:
            fault = say("cannot use {root} as a vault: everybody can write there", root=str(self._root))
            raise StoreFailed(fault, next=say("chmod o-w {root}", root=str(self._root)))


def _step(folder: int, word: str, *, make: bool) -> int:
    """Return the folder below, opened, and close the one above; a failure leaves that one open."""
    if make:
        with suppress(FileExistsError):
            os.mkdir(word, mode=0o700, dir_fd=folder)
            os.fsync(folder)
    below = os.open(word, _FOLDER, dir_fd=folder)
    os.close(folder)
    return below


def _open(name: str, flags: int, *, folder: int) -> FileIO:
    file = os.open(name, flags, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "it is not a file")
    return FileIO(file)


def _write(name: str, content: Iterable[bytes], *, folder: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    size_bytes = 0
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb", buffering=PIECE_BYTES) as file:
        for piece in content:
            size_bytes += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        # So that what is read back comes from the disk and not from memory.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return size_bytes


def _walk(folder: int, *, hidden: bool) -> Iterator[str]:
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            below = os.open(entry.name, _FOLDER, dir_fd=folder)
            try:
                yield from (f"{entry.name}/{name}" for name in _walk(below, hidden=hidden))
            finally:
                os.close(below)
        elif entry.is_file(follow_symlinks=False) and entry.name.startswith(".") is hidden:
            yield entry.name


def _collect(folder: int, older_than_seconds: float) -> int:
    begun = [name for name in _walk(folder, hidden=True) if name.endswith(BEGUN)]
    # Where any age will do nothing is written, so that a full disk can be cleared.
    now = _now(folder) if begun and older_than_seconds > 0 else None
    gone = 0
    for name in begun:
        with suppress(FileNotFoundError):
            if now is None or now - os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime >= older_than_seconds:
                os.unlink(name, dir_fd=folder)
                gone += 1
    return gone


def _now(folder: int) -> float:
    """Return the time by the clock of the file system itself."""
    probe = f".{secrets.token_hex(8)}{BEGUN}"
    try:
        _write(probe, [b"\n"], folder=folder)
        return os.stat(probe, dir_fd=folder).st_mtime
    finally:
        with suppress(FileNotFoundError):
            os.unlink(probe, dir_fd=folder)


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
