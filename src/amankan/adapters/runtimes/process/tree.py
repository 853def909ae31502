"""What a folder holds, as one digest."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from amankan.errors import RuntimeFailed
from amankan.model.sentence import say

# What programs write beside themselves while they run; none of it decides what a release does.
PASSED_OVER: Final = frozenset({"__pycache__", ".git", ".cache"})


class Trees:
    """Digests of folders, remembered for those who ask often."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[str, tuple[str, str]] = {}

    def digest(self, folder: Path) -> str:
        """
        Return `sha256:` of all names, kinds, executable bits, targets of links and contents below the folder.

        Raises:
            RuntimeFailed: it is not there, or something of it cannot be read.
        Cost: reads every file once.
        """
        with _translated(folder):
            seen = list(_files(folder))
            found = "sha256:" + _digest_of(_contents(folder, seen))
            self._known[str(folder)] = _signature(seen), found
        return found

    def glance(self, folder: Path) -> str:
        """
        Return the digest as it was read before, where no file's name, size, number or times have changed since.

        A change within the tick of a clock of the file system, some milliseconds, that leaves the size is not seen.
        """
        with _translated(folder):
            signature, known = _signature(list(_files(folder))), self._known.get(str(folder))
        return known[1] if known is not None and known[0] == signature else self.digest(folder)


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise RuntimeFailed(
            say("cannot read the release {folder}: {reason}", folder=str(folder), reason=fault.strerror or "")
        ) from fault


def _signature(seen: list[tuple[str, os.stat_result]]) -> str:
    return _digest_of(
        repr((name, each.st_mode, each.st_size, each.st_ino, each.st_mtime_ns, each.st_ctime_ns)).encode()
        for name, each in seen
    )


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield paths below the folder, sorted, each with what the file system says of it; links are not followed."""
    if not folder.is_dir():
        raise NotADirectoryError(0, "it is no folder")
    for place, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER)
        for name in sorted([*files, *(each for each in folders if Path(place, each).is_symlink())]):
            path = Path(place, name)
            yield str(path.relative_to(folder)), path.lstat()


def _contents(folder: Path, seen: list[tuple[str, os.stat_result]]) -> Iterator[bytes]:
    for name, status in sorted(seen, key=lambda each: os.fsencode(each[0])):
        kind = "link" if stat.S_ISLNK(status.st_mode) else "file" if stat.S_ISREG(status.st_mode) else "other"
        runs = "x" if status.st_mode & 0o111 else "-"
        yield f"{len(os.fsencode(name))} {kind} {runs} ".encode() + os.fsencode(name)
        if kind == "link":
            yield os.fsencode(os.readlink(folder / name))
        elif kind == "file":
            with (folder / name).open("rb") as file:
                yield hashlib.file_digest(file, "sha256").digest()


def _digest_of(pieces: Iterator[bytes]) -> str:
    whole = hashlib.sha256()
    for piece in pieces:
        whole.update(len(piece).to_bytes(8, "big"))
        whole.update(piece)
    return whole.hexdigest()


def _raise(fault: OSError) -> None:
    raise fault
