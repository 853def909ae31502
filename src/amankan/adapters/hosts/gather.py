"""The files that an app is started from, read into memory within bounds."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from amankan.model.project import BESIDE, OUTSIDE, LeftOut, Named, ProjectFile, ProjectFiles, ProjectFolder, Why

# A configuration, a certificate, a list of words; a secret of Docker has 500 KB at most.
MOST_FILE_BYTES: Final = 1 << 20
# All of it is held in memory while it is sealed.
MOST_BYTES: Final = 8 << 20
MOST_FILES: Final = 2000
# A folder is more than a configuration when it holds more than that.
MOST_FOLDER_FILES: Final = 200
# More of them tell nothing new.
MOST_TOLD: Final = 50

# What opens backups never goes into one: an identity of age, of its plugins too.
_IDENTITY: Final = re.compile(rb"AGE-SECRET-KEY-|AGE-PLUGIN-", re.IGNORECASE)


@dataclass(slots=True, kw_only=True, frozen=True)
class Gathering:
    """
    What was gathered so far, below one folder.

    `shut` are folders of which nothing is taken: the vault, and the folder of state.
    """

    root: Path
    shut: tuple[Path, ...] = ()
    files: dict[str, ProjectFile] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)

    def take(self, named: Named) -> None:
        """What is named is gathered, or told as left out; nothing is raised, whatever lies there."""
        path = os.path.normpath(named.path)
        place = self._place(path)
        if place in self.files or place in self.left_out:
            return
        if named.folder and os.path.isdir(path):
            # What lies elsewhere is the machine's: its certificates, its time zones.
            if Path(path).is_relative_to(self.root):
                self._take_folder(path)
            return
        if isinstance(found := self._read(path, place), Why):
            if named.needed or found is not Why.MISSING:
                self._leave(place, found)
            return
        self.files[place] = found

    def add(self, path: str, content: bytes) -> None:
        """A file that lies nowhere goes along, for its owner alone."""
        if _IDENTITY.search(content):
            self._leave(path, Why.IDENTITY)
        elif self._has_room(len(content)):
            self.files[path] = ProjectFile(path=path, content=content, uid=os.geteuid(), gid=os.getegid())
        else:
            self._leave(path, Why.LARGE)

    def gathered(self) -> ProjectFiles:
        """Return it all, sorted, with the folders that the files lie in."""
        files = tuple(self.files[place] for place in sorted(self.files))
        told = sorted(self.left_out.values(), key=lambda each: each.path)
        left_out = tuple(told[:MOST_TOLD]) + ((LeftOut(path="…", why=Why.UNKNOWN),) if len(told) > MOST_TOLD else ())
        return ProjectFiles(files=files, folders=tuple(self._folders()), left_out=left_out)

    def _place(self, path: str) -> str:
        """Return where a path lies in the project's folder, or beside it where it is not in it; links are not followed."""
        inside = Path(path).is_relative_to(self.root)
        return os.path.relpath(path, self.root) if inside else f"{OUTSIDE}{path}"

    def _read(self, path: str, place: str) -> ProjectFile | Why:
        if self._is_shut(path):
            return Why.OURS
        if Path(path).is_relative_to(self.root / BESIDE):
            return Why.RESERVED
        found = _content(path)
        if isinstance(found, Why):
            return found
        content, state = found
        if _IDENTITY.search(content):
            return Why.IDENTITY
        if not self._has_room(len(content)):
            return Why.LARGE
        mode = stat.S_IMODE(state.st_mode)
        time = max(int(state.st_mtime), 0)
        return ProjectFile(path=place, content=content, mode=mode, uid=state.st_uid, gid=state.st_gid, time=time)

    def _take_folder(self, folder: str) -> None:
        """All of a folder goes along, or nothing of it, so that nobody takes a part for the whole."""
        paths = list(self._below(folder))
        if len(paths) > MOST_FOLDER_FILES:
            self._leave(self._place(folder), Why.LARGE)
            return
        for path in paths:
            # A link out of the project would bring along what nobody named.
            if os.path.islink(path) and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
                self._leave(self._place(path), Why.NO_FILE)
            else:
                self.take(Named(path=path))

    def _below(self, folder: str) -> Iterator[str]:
        """Yield the files below a folder, sorted, a few more than a folder may have at most."""
        seen = 0
        for place, folders, names in os.walk(folder, onerror=self._leave_unseen):
            folders[:] = sorted(each for each in folders if not self._is_shut(os.path.join(place, each)))
            for name in sorted(names):
                yield os.path.join(place, name)
                seen += 1
            if seen > MOST_FOLDER_FILES:
                return

    def _leave_unseen(self, fault: OSError) -> None:
        self._leave(self._place(str(fault.filename)), Why.UNREADABLE)

    def _has_room(self, size_bytes: int) -> bool:
        held = sum(len(file.content) for file in self.files.values())
        return held + size_bytes <= MOST_BYTES and len(self.files) < MOST_FILES

    def _is_shut(self, path: str) -> bool:
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(os.path.realpath(folder)) for folder in self.shut)

    def _leave(self, place: str, why: Why) -> None:
        told = os.fsencode(place.removeprefix(OUTSIDE)).decode("utf-8", "backslashreplace")
        self.left_out[place] = LeftOut(path=told, why=why)

    def _folders(self) -> Iterator[ProjectFolder]:
        inside = {str(above) for place in self.files for above in Path(place).parents if not place.startswith(f"{BESIDE}/")}
        for place in sorted(inside - {"."}):
            try:
                state = os.stat(self.root / place)
            except OSError:
                continue
            yield ProjectFolder(path=place, mode=stat.S_IMODE(state.st_mode), uid=state.st_uid, gid=state.st_gid)


def gather(root: Path, named: Iterable[Named], *, shut: tuple[Path, ...], made: Iterable[tuple[str, bytes]]) -> ProjectFiles:
    """
    Return the files that are named, and those that were `made`, with what had to be left out of them.

    Args:
        root: the project's folder; what lies elsewhere gets a place of its own beside it.
        shut: folders of which nothing is taken, whatever names it.
    Cost: reads 8 MiB at most, and holds them.
    """
    gathering = Gathering(root=root, shut=shut)
    for each in named:
        gathering.take(each)
    for path, content in made:
        gathering.add(path, content)
    return gathering.gathered()


def _content(path: str) -> tuple[bytes, os.stat_result] | Why:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # to open a device or a pipe may already do something
            return Why.NO_FILE
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return Why.MISSING
    except (OSError, ValueError):
        return Why.UNREADABLE
    try:
        with os.fdopen(file, "rb") as opened:
            state = os.fstat(opened.fileno())
            content = opened.read(MOST_FILE_BYTES + 1) if stat.S_ISREG(state.st_mode) else None
    except OSError:
        return Why.UNREADABLE
    if content is None:
        return Why.NO_FILE
    return Why.LARGE if len(content) > MOST_FILE_BYTES else (content, state)
