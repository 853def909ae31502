"""The project's files as one archive that `tar` reads, and back."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from typing import Final

from amankan.errors import SnapshotDamaged
from amankan.model.project import ProjectFile, ProjectFiles, ProjectFolder, is_sound
from amankan.model.sentence import say

# Far more than ever goes along: what unpacks to more was not made by us.
MOST_BYTES: Final = 64 << 20

# Every tar reads GNU's format, and it keeps the bytes of any name; permissions are kept, other marks of a file are not.
FORMAT: Final = tarfile.GNU_FORMAT
MODE_BITS: Final = 0o777


def pack(project: ProjectFiles) -> bytes:
    """Return the archive: folders first, then files, each under its path in the project's folder, no links."""
    written = io.BytesIO()
    with tarfile.TarFile(fileobj=written, mode="w", format=FORMAT, encoding="utf-8", errors="surrogateescape") as archive:
        for folder in project.folders:
            archive.addfile(_header(folder, kind=tarfile.DIRTYPE))
        for file in project.files:
            header = _header(file, kind=tarfile.REGTYPE)
            header.size, header.mtime = len(file.content), file.time
            archive.addfile(header, io.BytesIO(file.content))
    return written.getvalue()


def unpack(content: bytes) -> ProjectFiles:
    """
    Return what an archive holds, in memory; nothing is written anywhere.

    Raises:
        SnapshotDamaged: it is no archive of ours: a path that leads elsewhere, a name twice, a link, a device.
    """
    try:
        with tarfile.TarFile(fileobj=io.BytesIO(content), mode="r", encoding="utf-8", errors="surrogateescape") as archive:
            members = list(_members(archive))
    except (tarfile.TarError, OSError, ValueError, OverflowError) as error:
        raise SnapshotDamaged(say("cannot unpack the project's files: {why}", why=str(error))) from error
    files = tuple(member for member in members if isinstance(member, ProjectFile))
    return ProjectFiles(files=files, folders=tuple(member for member in members if isinstance(member, ProjectFolder)))


def _members(archive: tarfile.TarFile) -> Iterator[ProjectFile | ProjectFolder]:
    seen: set[str] = set()
    for header in archive:
        path = header.name
        if not is_sound(path) or path in seen or not (header.isreg() or header.isdir()):
            raise SnapshotDamaged(say("cannot unpack the project's files: {path} is nothing that goes along", path=shown(path)))
        seen.add(path)
        mode, owner = header.mode & MODE_BITS, (header.uid, header.gid)
        if header.isdir():
            yield ProjectFolder(path=path, mode=mode, uid=owner[0], gid=owner[1])
            continue
        opened = archive.extractfile(header)
        content = b"" if opened is None else opened.read()
        yield ProjectFile(path=path, content=content, mode=mode, uid=owner[0], gid=owner[1], time=int(header.mtime))


def _header(member: ProjectFile | ProjectFolder, *, kind: bytes) -> tarfile.TarInfo:
    header = tarfile.TarInfo(member.path)
    header.type, header.mode = kind, member.mode & MODE_BITS
    header.uid, header.gid = member.uid, member.gid
    return header


def shown(path: str) -> str:
    """Return a path as text that every program can write, whatever bytes its name has."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
