"""
Programs of a server, with all that they need, carried out of the image that it runs from.

They are the very ones that production's server is made of: same minor version, same extensions, same order of text. They
run beside their own C library, which may be newer than the machine's, or older.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from io import RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from amankan.adapters.engines.postgres.programs.layout import LAYOUTS, LOCALES, Layout
from amankan.adapters.engines.postgres.programs.locales import locale_files
from amankan.adapters.engines.postgres.throwaway.programs import OPEN_FILE, OPEN_FOLDER, OPEN_PROGRAM
from amankan.adapters.engines.postgres.tools import Owner, Tools, ask
from amankan.errors import CommandFailed, EngineFailed
from amankan.model.sentence import say

# Yields the pieces of a tar of one path of an image; the path's last part comes first in every name.
Take = Callable[[str], Iterator[bytes]]

ARCHIVE: Final = "locale-archive"

# Where the programs themselves lie once those that begin them have taken their places.
INNER: Final = "elf"

# What only the just-in-time compiler needs, which throwaway servers do without, is two thirds of an image.
NEEDLESS: Final = ("libLLVM", "llvmjit", "libz3")
NEEDLESS_FOLDERS: Final = frozenset({"bitcode", "pgxs", "man"})

ELF: Final = b"\x7fELF"


def carried(take: Take, *, major: int, into: Path, owner: Owner | None) -> Tools:
    """
    Return the programs of a version out of an image, as they lie in `into`; they are carried there the first time.

    An image is foreign code, and on the machine itself nothing confines it but the account as which it runs.

    Args:
        take: gives paths of the image.
        major: of PostgreSQL.
        into: a folder of this image alone, inside of one that nobody else may write to.
        owner: as whom they run; never root.
    Those that do not run on this machine stay too, so that nobody carries them again.

    Cost: of the first time, 100 to 200 MB of disk and some seconds.
    Raises:
        CommandFailed: the image does not have them where Debian and the official images do.
        EngineFailed: they do not run on this machine.
        Damaged: its locales cannot be read.
    """
    if not into.exists():
        _carry(take, major=major, into=into)
    found = _asked(into, major=major, owner=owner)
    if found is None:  # they stay: a loaded machine may have been too slow to answer, and others may make use of them
        raise EngineFailed(say("cannot run the programs of PostgreSQL {major} out of the database's image", major=major))
    return found


def _asked(root: Path, *, major: int, owner: Owner | None) -> Tools | None:
    asked = (ask(str(root / layout.programs.format(major=major)), owner=owner) for layout in LAYOUTS)
    return next((tools for tools in asked if tools is not None and tools.major == major), None)


def _carry(take: Take, *, major: int, into: Path) -> None:
    """Leave them complete under their name, or nothing; of two that carry at once the second throws its own away."""
    partial = into.with_name(f".{into.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        layout = _take_programs(take, partial, major=major)
        for path in layout.trees[1:]:
            _take_one(take, path.format(major=major), root=partial)
        for path in layout.libraries:
            _take_one(take, path, root=partial, flat=True)
        for path in layout.extras:
            with contextlib.suppress(CommandFailed):
                _take_one(take, path, root=partial)
        _unfold(partial / LOCALES)
        _launch(partial, layout, major=major)
        for folder in (partial, *(each for each in partial.rglob("*") if each.is_dir() and not each.is_symlink())):
            folder.chmod(OPEN_FOLDER)
        os.sync()  # what stands under its name is whole, whenever the power goes
        partial.rename(into)
    except OSError as fault:
        if not into.exists():
            raise EngineFailed(say("cannot keep the programs of the database's image: {why}", why=str(fault))) from fault
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _take_programs(take: Take, root: Path, *, major: int) -> Layout:
    """The first folder of the first kind of image that fits is there; returns the kind."""
    *first, last = LAYOUTS
    for layout in first:
        with contextlib.suppress(CommandFailed):
            _take_one(take, layout.trees[0].format(major=major), root=root)
            return layout
    _take_one(take, last.trees[0].format(major=major), root=root)
    return last


def _take_one(take: Take, path: str, *, root: Path, flat: bool = False) -> None:
    _unpack(take(f"/{path}"), (root / path).parent, flat=flat)


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


def _launch(root: Path, layout: Layout, *, major: int) -> None:
    """Each program stands behind a few lines that begin it beside its own C library."""
    programs = root / layout.programs.format(major=major)
    inner = programs.parent / INNER
    inner.mkdir()
    for program in sorted(programs.iterdir()):
        with program.open("rb") as file:
            if file.read(len(ELF)) != ELF:
                continue
        program.rename(inner / program.name)
        lines = layout.launcher(root, program=str((inner / program.name).relative_to(root)))
        if lines is None:
            raise CommandFailed(say("cannot find the C library in the database's image"))
        program.write_text(lines)
        program.chmod(OPEN_PROGRAM)
