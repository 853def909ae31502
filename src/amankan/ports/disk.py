"""Files that must outlive the power."""

from __future__ import annotations

from typing import Final, Protocol

from amankan.errors import DiskFailed
from amankan.model.sentence import say

UNFINISHED: Final = ".new-"
"""How the names of files begin that are not whole yet: no path may name one, and no list shows one."""


class Hold(Protocol):
    """A lock that is held; it dies with the process that holds it."""

    def release(self) -> None:
        """Let the lock go; may be repeated."""
        ...


class Disk(Protocol):
    """
    One folder of state. Paths are relative, with `/`, without `..`; every verb refuses another one with DiskFailed.

    Every verb may raise DiskFailed; DiskFull where it needs room and there is none, then nothing has changed.
    """

    def read(self, path: str) -> bytes | None:
        """Return the whole file, or None where there is none."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the sorted names in a folder; empty where there is none."""
        ...

    def make(self, path: str, *, room_bytes: int) -> None:
        """
        A new file of `room_bytes` zeros exists for good, its folders too, with its room reserved.

        Raises:
            DiskFull: no such room; no file is left.
            DiskFailed: the file exists already, or the disk refused; not to be repeated with the same path.
        """
        ...

    def write(self, path: str, *, offset: int, content: bytes) -> None:
        """
        The file shows `content` at `offset`; whether it outlives the power is open until `sync`.

        Goes to the file that this process made or replaced itself, also where another process replaced it since.

        Within the reserved room this needs no new space. A failure may leave a part of it; may be repeated.
        """
        ...

    def sync(self, path: str) -> None:
        """
        All that was written to the file outlives the power.

        Raises:
            SyncFailed: anything written since the last sync may be gone, now or later; never to be repeated.
        """
        ...

    def trim(self, path: str, *, size_bytes: int) -> None:
        """
        The file is at most so long, for good; room behind it is given back. May be repeated.

        Goes to the same file as `write`. Only zeros are cut: DiskFailed, and nothing has changed, where there is more.
        """
        ...

    def replace(self, path: str, content: bytes, *, room_bytes: int = 0) -> None:
        """
        The file holds exactly `content`, then zeros up to `room_bytes`, for good.

        After a failure or a crash it is the old one or the new one, whole. May be repeated.
        """
        ...

    def remove(self, path: str) -> None:
        """There is no such file, for good; may be repeated."""
        ...

    def hold(self, path: str, note: str) -> Hold:
        """
        The lock at `path` is held by this process alone and tells `note` to others.

        Raises:
            Locked: another living process holds it; its note is in the facts of the error.
        """
        ...

    def held(self, path: str) -> bool:
        """Tell whether a living process holds the lock at `path`; nobody who holds it or wants to is disturbed."""
        ...


def parts_of(path: str) -> tuple[str, ...]:
    """Return the parts of a path; DiskFailed for one that could lead out of the folder of state or to an unfinished file."""
    parts = tuple(path.split("/"))
    if any(part in ("", ".", "..") or part.startswith(UNFINISHED) or "\0" in part for part in parts):
        raise DiskFailed(say("cannot use {path}: it is no path inside the folder of state", path=path))
    return parts
