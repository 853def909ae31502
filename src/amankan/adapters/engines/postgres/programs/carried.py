"""
Programs of a server, with all that they need, carried out of the image that it runs from.

They are the very ones that production's server is made of: same minor version, same extensions, same order of text. They
run beside their own C library, which may be newer than the machine's, or older.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shlex
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from io import RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from amankan.adapters.engines.postgres.programs.locales import locale_files
from amankan.adapters.engines.postgres.tools import Owner, Tools, ask
from amankan.errors import CommandFailed, EngineFailed
from amankan.model.sentence import say

# Yields the pieces of a tar of one path of an image; the path's last part comes first in every name.
Take = Callable[[str], Iterator[bytes]]

LIBRARIES: Final = f"usr/lib/{platform.machine()}-linux-gnu"
LOCALES: Final = "usr/lib/locale"
ARCHIVE: Final = "locale-archive"
LOADER: Final = "ld-linux-*.so.*"

# What only the just-in-time compiler needs, which throwaway servers do without, is two thirds of an image.
NEEDLESS: Final = ("libLLVM", "llvmjit", "libz3")
NEEDLESS_FOLDERS: Final = frozenset({"bitcode", "pgxs", "man"})

ELF: Final = b"\x7fELF"
OPEN_FOLDER: Final = 0o755
OPEN_PROGRAM: Final = 0o755
OPEN_FILE: Final = 0o644

# The root is told by the program's own path, so that the folder may be moved once it is complete.
LAUNCHER: Final = """#!/bin/sh
root=${{0%/*}}/../../../../..
LOCPATH=$root/{locales}
export LOCPATH
exec "$root"/{loader} --inhibit-cache --argv0 "$0" --library-path "$root"/{libraries} "$root"/{program} "$@"
"""


def carried(take: Take, *, major: int, into: Path, owner: Owner | None) -> Tools:
    """
    Return the programs of a version out of an image, as they lie in `into`; they are carried there the first time.

    An image is foreign code, and on the machine itself nothing confines it but the account as which it runs.

    Args:
        take: gives paths of the image.
        major: of PostgreSQL.
        into: a folder of this image alone, inside of one that nobody else may write to.
        owner: as whom they run; never root.
    Cost: of the first time, 100 to 200 MB of disk and some seconds.
    Raises:
        CommandFailed: the image does not have them where Debian and the official images do.
        EngineFailed: they do not run on this machine.
        Damaged: its locales cannot be read.
    """
    programs = str(into / _home(major) / "bin")
    found = ask(programs, owner=owner) if into.exists() else None
    if found is None:  # what a power cut left of them may stand under their name
        shutil.rmtree(into, ignore_errors=True)
        _carry(take, major=major, into=into)
        found = ask(programs, owner=owner)
    if found is None or found.major != major:
        raise EngineFailed(say("cannot run the programs of PostgreSQL {major} out of the database's image", major=major))
    return found


def _home(major: int) -> str:
    return f"usr/lib/postgresql/{major}"


def _carry(take: Take, *, major: int, into: Path) -> None:
    """Leave them complete under their name, or nothing; of two that carry at once the second throws its own away."""
    partial = into.with_name(f".{into.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for path in (_home(major), f"usr/share/postgresql/{major}", LIBRARIES):
            _unpack(take(f"/{path}"), partial / PurePosixPath(path).parent, flat=path == LIBRARIES)
        with contextlib.suppress(CommandFailed):  # an image without locales knows those alone that need no file
            _unpack(take(f"/{LOCALES}"), (partial / LOCALES).parent, flat=False)
        _unfold(partial / LOCALES)
        _launch(partial, major=major)
        for folder in (partial, *(each for each in partial.rglob("*") if each.is_dir() and not each.is_symlink())):
            folder.chmod(OPEN_FOLDER)
        partial.rename(into)
    except OSError as fault:
        if not into.exists():
            raise EngineFailed(say("cannot keep the programs of the database's image: {why}", why=str(fault))) from fault
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class _Pieces(RawIOBase):
    """Pieces as a file that is read from front to back."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """It is read only."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, fewer only at the end."""
        found: list[bytes] = []
        while size > 0:
            if not self._left:
                self._left = memoryview(next(self._pieces, b""))
                if not self._left:
                    break
            taken = self._left[:size]
            self._left = self._left[len(taken) :]
            size -= len(taken)
            found.append(bytes(taken))
        return b"".join(found)

    def drain(self) -> None:
        """The end of the pieces was reached, and with it what their program has to say."""
        for _ in self._pieces:
            pass


def _unpack(pieces: Iterator[bytes], into: Path, *, flat: bool) -> None:
    """
    The plain files of a tar that are worth keeping lie in the folder, and links to a neighbour.

    Args:
        flat: only files right inside of the one folder that it holds, and of these only libraries.
    """
    source = _Pieces(pieces)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", source), mode="r|") as tar:
            for member in (each for each in tar if _wanted(PurePosixPath(each.name), flat=flat)):
                _place(tar, member, at=into / member.name)
    except tarfile.TarError as fault:
        source.drain()
        raise EngineFailed(say("cannot read the programs of the database's image: {why}", why=str(fault))) from fault
    source.drain()


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, *, at: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    if member.issym() and "/" not in member.linkname and member.linkname not in (".", ".."):
        at.symlink_to(member.linkname)
    elif member.isreg():
        content = tar.extractfile(member)
        assert content is not None, "it is a plain file"
        with content, at.open("xb") as file:
            shutil.copyfileobj(content, file)
        at.chmod(OPEN_PROGRAM if member.mode & 0o100 else OPEN_FILE)


def _wanted(path: PurePosixPath, *, flat: bool) -> bool:
    parts = path.parts
    if path.is_absolute() or ".." in parts or path.name.startswith(NEEDLESS) or NEEDLESS_FOLDERS & set(parts):
        return False
    return not flat or (len(parts) == 2 and ".so" in path.name)


def _unfold(folder: Path) -> None:
    """The locales of the archive, which is found at one place of a machine only, lie in folders."""
    archive = folder / ARCHIVE
    if not archive.is_file():
        return
    for file in locale_files(archive.read_bytes()):
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(OPEN_FILE)
    archive.unlink()


def _launch(root: Path, *, major: int) -> None:
    """Each program stands behind a few lines that run it beside its own C library, under the name by which it was called."""
    loader = next(iter(sorted((root / LIBRARIES).glob(LOADER))), None)
    if loader is None:
        raise CommandFailed(say("cannot find the C library in the database's image"))
    home = root / _home(major)
    inner = home / "elf"
    inner.mkdir()
    for program in sorted((home / "bin").iterdir()):
        with program.open("rb") as file:
            if file.read(len(ELF)) != ELF:
                continue
        program.rename(inner / program.name)
        words = {
            "locales": LOCALES,
            "loader": f"{LIBRARIES}/{loader.name}",
            "libraries": LIBRARIES,
            "program": f"{_home(major)}/elf/{program.name}",
        }
        program.write_text(LAUNCHER.format(**{key: shlex.quote(word) for key, word in words.items()}))
        program.chmod(OPEN_PROGRAM)
