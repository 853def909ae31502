"""The archive of a project's files: what goes in comes out, and nothing that leads elsewhere is believed."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable

import pytest

from amankan.errors import SnapshotDamaged
from amankan.model.project import ProjectFile, ProjectFiles, ProjectFolder, is_sound
from amankan.vault.bundle import pack, unpack

SECRET = ProjectFile(path="secrets/token", content=b"\x00\xff", mode=0o600, uid=7, gid=8, time=1_000_000)
NAMES = ("a", ".env", "with space", "line\nfeed", "-rf", "ü", "\udcff\udcfe", "long/" * 60 + "x", "...")


def test_what_is_packed_comes_out() -> None:
    """Content, permissions, owner and time come out as they went in, and folders too."""
    folder = ProjectFolder(path="secrets", mode=0o700, uid=7, gid=8)
    project = ProjectFiles(files=(SECRET,), folders=(folder,))
    assert project == unpack(pack(project))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_be_anything(name: str) -> None:
    """A name of any bytes comes out as it went in."""
    assert (name,) == tuple(
        file.path for file in unpack(pack(ProjectFiles(files=(ProjectFile(path=name, content=b"a"),)))).files
    )


def test_no_permission_beyond_reading_and_writing_is_kept() -> None:
    """A file that would run as its owner comes out as a plain one."""
    [file] = unpack(pack(ProjectFiles(files=(ProjectFile(path="a", content=b"", mode=0o6755),)))).files
    assert 0o755 == file.mode


def archive(fill: Callable[[tarfile.TarFile], None]) -> bytes:
    """Return an archive that somebody else made."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as made:
        fill(made)
    return written.getvalue()


def entry(name: str, *, kind: bytes = tarfile.REGTYPE, target: str = "") -> Callable[[tarfile.TarFile], None]:
    """Return what adds one entry without content."""

    def fill(made: tarfile.TarFile) -> None:
        header = tarfile.TarInfo(name)
        header.type, header.linkname = kind, target
        made.addfile(header)

    return fill


def twice(made: tarfile.TarFile) -> None:
    """The archive has one name twice."""
    entry("a")(made)
    entry("a")(made)


@pytest.mark.parametrize(
    "fill",
    [
        entry("/etc/passwd"),
        entry("../a"),
        entry("a/../../b"),
        entry("./a"),
        entry("a//b"),
        entry("a", kind=tarfile.SYMTYPE, target="/etc/passwd"),
        entry("a", kind=tarfile.LNKTYPE, target="b"),
        entry("a", kind=tarfile.FIFOTYPE),
        entry("a", kind=tarfile.CHRTYPE),
        twice,
    ],
)
def test_what_leads_elsewhere_is_refused(fill: Callable[[tarfile.TarFile], None]) -> None:
    """An archive with a path, a link or a device that we never write is refused whole."""
    with pytest.raises(SnapshotDamaged):
        unpack(archive(fill))


@pytest.mark.parametrize("content", [b"no archive" * 100, pack(ProjectFiles(files=(SECRET,)))[:700]])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    """Other bytes, and an archive that was cut in a file, are refused."""
    with pytest.raises(SnapshotDamaged):
        unpack(content)


@pytest.mark.parametrize(
    ("path", "sound"), [("a/b", True), ("", False), ("a\0", False), ("/a", False), ("a/", False), ("..", False)]
)
def test_a_sound_path_stays_inside(path: str, *, sound: bool) -> None:
    """Only a path that leads down is sound."""
    assert sound is is_sound(path)
