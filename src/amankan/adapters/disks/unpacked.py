"""A project's files, laid out in a folder without touching anything that is there."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from amankan.adapters.disks.descriptors import failed, sync_folder
from amankan.errors import Refused
from amankan.model.project import ProjectFile, ProjectFiles, ProjectFolder, is_sound
from amankan.model.sentence import say

MOST_NAMED: Final = 5


def lay_out(folder: Path, project: ProjectFiles) -> int:
    """
    The project's files lie in the folder as they were, with their permissions; returns how many were written.

    A file that is there with the same content stays, so that this may be repeated after a crash. As root, owners come back too.

    Raises:
        Refused: another file is there already, or a path leads through a link or a file; nothing was written.
        DiskFailed: the disk refused; some files may be there, each of them whole.
    """
    missing = _missing(folder, project.files)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = [each for each in project.folders if _make(folder / each.path)]
        for file in missing:
            _write(folder / file.path, file)
        for each in sorted(made, key=lambda each: each.path, reverse=True):  # what is inside first: it may be closed then
            _settle(folder / each.path, each)
    except OSError as fault:
        raise failed("write", str(folder), fault=fault) from fault
    return len(missing)


def _missing(folder: Path, files: Iterable[ProjectFile]) -> list[ProjectFile]:
    """Return the files that are not there yet; raises Refused where one is there with other content."""
    missing, other = [], []
    for file in files:
        if not is_sound(file.path):
            raise Refused(say("cannot write {path}: it leads out of the folder", path=file.path))
        try:
            _refuse_detour(folder, file.path)
            state = (folder / file.path).lstat()
        except FileNotFoundError:
            missing.append(file)
            continue
        except OSError as fault:
            raise failed("read", str(folder / file.path), fault=fault) from fault
        if not (stat.S_ISREG(state.st_mode) and _holds(folder / file.path, file.content)):
            other.append(file.path)
    if other:
        names = ", ".join(other[:MOST_NAMED]) + (" …" if len(other) > MOST_NAMED else "")
        raise Refused(
            say("cannot write {names}: other files of that name are in {folder}", names=names, folder=str(folder)),
            next=say("choose another folder"),
        )
    return missing


def _refuse_detour(folder: Path, path: str) -> None:
    """Every folder on the way is a folder; FileNotFoundError where there is none, Refused for a link or a file."""
    for above in reversed(Path(path).parents[:-1]):
        if not stat.S_ISDIR((folder / above).lstat().st_mode):
            raise Refused(
                say("cannot write {path}: {place} is no folder", path=path, place=str(folder / above)),
                next=say("choose another folder"),
            )


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _make(folder: Path) -> bool:
    """Tell whether the folder was not there before; it is now."""
    if folder.is_dir():
        return False
    folder.mkdir(mode=0o700, parents=True)
    return True


def _write(path: Path, file: ProjectFile) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    begun = path.with_name(f".{secrets.token_hex(8)}.part")
    opened = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(opened, "wb") as written:
            written.write(file.content)
            written.flush()
            _settle(begun, file)
            os.utime(begun, (file.time, file.time))
            os.fsync(written.fileno())
        os.link(begun, path)
        sync_folder(path.parent)
    finally:
        with suppress(FileNotFoundError):
            begun.unlink()


def _settle(path: Path, member: ProjectFile | ProjectFolder) -> None:
    """Owner first: whoever owns a file may read it as soon as its permissions say so."""
    if os.geteuid() == 0:
        os.chown(path, member.uid, member.gid, follow_symlinks=False)
    path.chmod(member.mode)
