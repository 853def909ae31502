"""Programs and locales out of an image: what is foreign or damaged in it does no harm."""

from __future__ import annotations

import io
import struct
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from amankan.adapters.engines.postgres.extensions import lacking_extensions
from amankan.adapters.engines.postgres.programs.carried import carried
from amankan.adapters.engines.postgres.programs.layout import DEBIAN
from amankan.adapters.engines.postgres.programs.locales import LocaleFile, locale_files
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import AmankanError, CommandFailed, Damaged, EngineFailed

SHARE = "usr/share/postgresql/17"
HOME = "usr/lib/postgresql/17"
(LIBRARIES,) = DEBIAN.libraries
LOADER = """#!/bin/sh
echo "pg_dump (PostgreSQL) 17.4"
echo "$@" >&2
"""


def archive(*names: str) -> bytes:
    """Return an archive of locales, each with an order of its own name and messages."""
    head, records = 14 * 4, b""
    texts = b"".join(name.encode() + b"\0" for name in names)
    text_at = head + 12 * (len(names) + 1)
    record_at = text_at + len(texts)
    content_at = record_at + 27 * 4 * len(names)
    entries, contents, at = struct.pack("=3I", 0, 0, 0), b"", text_at
    for number, name in enumerate(names):
        entries += struct.pack("=3I", 1, at, record_at + number * 27 * 4)
        at += len(name.encode()) + 1
        places = [0, 0] * 13
        for category, content in ((3, name.encode()), (5, b"messages")):
            places[2 * category : 2 * category + 2] = [content_at + len(contents), len(content)]
            contents += content
        records += struct.pack("=27I", 1, *places)
    numbers = [0xDE020109, 0, head, len(names), len(names) + 1, *[0] * 9]
    return struct.pack("=14I", *numbers) + entries + texts + records + contents


def test_locales() -> None:
    """Every locale comes with each of its files; names that lead elsewhere are left out."""
    found = list(locale_files(archive("en_US.utf8", "../etc", "/x", "de_DE@euro", "a\nb")))
    assert [
        LocaleFile(path="en_US.utf8/LC_COLLATE", content=b"en_US.utf8"),
        LocaleFile(path="en_US.utf8/LC_MESSAGES/SYS_LC_MESSAGES", content=b"messages"),
        LocaleFile(path="de_DE@euro/LC_COLLATE", content=b"de_DE@euro"),
        LocaleFile(path="de_DE@euro/LC_MESSAGES/SYS_LC_MESSAGES", content=b"messages"),
    ] == found


def test_locales_cut_anywhere() -> None:
    """An archive that was cut, wherever, is refused."""
    whole = archive("en_US.utf8", "de_DE.utf8")
    for size in range(len(whole)):
        with pytest.raises(Damaged):
            list(locale_files(whole[:size]))


def test_no_locales() -> None:
    """Another file, and one that claims a million locales, are refused."""
    whole = archive("en_US.utf8")
    for foreign in (b"x" * 1000, whole[:16] + struct.pack("=I", 1_000_000) + whole[20:]):
        with pytest.raises(Damaged):
            list(locale_files(foreign))


def tar(*members: tuple[str, bytes | str]) -> bytes:
    """Return a tar; a text as content is where a link leads."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.mode = 0o6777
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                file.addfile(member)
            else:
                member.size = len(content)
                file.addfile(member, io.BytesIO(content))
    return made.getvalue()


class Image:
    """An image in memory; a path that it does not have is refused as the engine does."""

    def __init__(self, *, programs: bytes | None = None, loader: str = LOADER) -> None:
        """Hold the programs of version 17, and some things that nobody wants."""
        elf = b"\x7fELF..."
        usual = tar(*((f"17/bin/{name}", elf) for name in ("pg_dump", "pg_restore", "psql")), ("17/lib/bitcode/a.bc", b"bc"))
        hostile = tar(
            ("17/ok.control", b"ok"),
            ("../out", b"out"),
            ("/out", b"out"),
            ("17/up", ".."),
            ("17/away", "/etc/passwd"),
            ("17/here", "ok.control"),
        )
        libraries = Path(LIBRARIES).name
        self.held = {
            f"/{HOME}": programs if programs is not None else usual,
            f"/{SHARE}": hostile,
            f"/{LIBRARIES}": tar(
                (f"{libraries}/ld-linux-x.so.2", loader.encode()),
                (f"{libraries}/libLLVM.so", b"large"),
                (f"{libraries}/perl/x.so", b"x"),
            ),
        }
        self.asked: list[str] = []

    def take(self, path: str) -> Iterator[bytes]:
        """Yield a path in small pieces."""
        self.asked.append(path)
        if path not in self.held:
            raise CommandFailed("no such path")  # type: ignore[arg-type]
        whole = self.held[path]
        for at in range(0, len(whole), 1000):
            yield whole[at : at + 1000]


def test_carried(tmp_path: Path) -> None:
    """They run beside their own C library under the name by which they are called, and are carried only once."""
    image, into = Image(), tmp_path / "17-abc"
    tools = carried(image.take, major=17, into=into, owner=None)
    assert (17, 4, str(into / HOME / "bin")) == (tools.major, tools.minor, tools.folder)
    kept = {str(path.relative_to(into)) for path in into.rglob("*") if not path.is_dir()}
    programs = ("pg_dump", "pg_restore", "psql")
    assert {
        *(f"{HOME}/{folder}/{name}" for folder in ("bin", "elf") for name in programs),
        f"{LIBRARIES}/ld-linux-x.so.2",
        f"{SHARE}/ok.control",
        f"{SHARE}/here",
    } == kept
    assert [] == [path for path in into.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o6022]
    assert ["17-abc"] == [path.name for path in tmp_path.iterdir()]
    asked = len(image.asked)
    carried(image.take, major=17, into=into, owner=None)
    assert asked == len(image.asked)


def test_carried_out_of_alpine(tmp_path: Path) -> None:
    """There the programs lie elsewhere, the C library is another, and the data of ICU is a file that is told of."""
    image, elf = Image(), b"\x7fELF..."
    loader = b"#!/bin/sh\necho 'pg_dump (PostgreSQL) 17.5'\nenv\necho $@\n"
    image.held = {
        "/usr/local/bin": tar(
            *((f"bin/{name}", elf) for name in ("pg_dump", "pg_restore", "psql")), ("bin/start.sh", b"#!/bin/sh")
        ),
        "/usr/local/lib/postgresql": tar(("postgresql/plpgsql.so", b"so")),
        "/usr/local/share/postgresql": tar(("postgresql/extension/plpgsql.control", b"control")),
        "/lib": tar(("lib/ld-musl-x.so.1", loader)),
        "/usr/lib": tar(("lib/libz.so.1", b"z"), ("lib/engines/a.so", b"a")),
        "/usr/local/lib": tar(("lib/libpq.so.5", b"pq"), ("lib/postgresql/plpgsql.so", b"so")),
        "/usr/share/icu": tar(("icu/76.1/icudt76l.dat", b"data")),
    }
    into = tmp_path / "17-abc"
    tools = carried(image.take, major=17, into=into, owner=None)
    assert (17, 5, str(into / "usr/local/bin")) == (tools.major, tools.minor, tools.folder)
    said = subprocess.run([f"{tools.folder}/psql", "a b"], check=True, capture_output=True, text=True).stdout
    root = f"{tools.folder}/../../.."
    assert f"ICU_DATA={root}/usr/share/icu/76.1" in said
    places = f"{root}/lib:{root}/usr/lib:{root}/usr/local/lib"
    assert f"--argv0 {tools.folder}/psql --library-path {places} {root}/usr/local/elf/psql a b" in said
    assert not (into / "usr/lib/engines").exists()


def test_never_taken_away(tmp_path: Path) -> None:
    """Programs that do not answer this once stay: others may make use of them."""
    image, into = Image(), tmp_path / "17-abc"
    carried(image.take, major=17, into=into, owner=None)
    loader = into / LIBRARIES / "ld-linux-x.so.2"
    loader.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(EngineFailed):
        carried(image.take, major=17, into=into, owner=None)
    loader.write_text(LOADER)
    asked = len(image.asked)
    assert 4 == carried(image.take, major=17, into=into, owner=None).minor
    assert asked == len(image.asked)


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (Image(programs=b"no tar at all" * 100), EngineFailed),
        (Image(programs=tar(("17/bin/pg_dump", b"\x7fELF"))), EngineFailed),
        (Image(loader="#!/bin/sh\nexit 1\n"), EngineFailed),
        (Image(loader="#!/bin/sh\necho 'pg_dump (PostgreSQL) 16.1'\n"), EngineFailed),
        (Image(programs=b""), EngineFailed),
    ],
)
def test_not_to_be_used(image: Image, kind: type[AmankanError], *, tmp_path: Path) -> None:
    """What is no set of programs of this version, or does not run here, is refused."""
    with pytest.raises(kind):
        carried(image.take, major=17, into=tmp_path / "x", owner=None)
    assert {"x"} >= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("known", ["pg_config", "place"])
def test_extensions_are_not_looked_for_as_root(known: str) -> None:
    """The server's programs, which may come out of an image, tell where extensions are, and do so as the server's account."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        programs, share = root / "bin", root / "share" / "extension"
        programs.mkdir()
        share.mkdir(parents=True)
        for extension in ("plpgsql", "pg_trgm"):
            (share / f"{extension}.control").touch()
        if known == "pg_config":
            (programs / known).write_text(f'#!/bin/sh\n[ "$(id -u)" = 0 ] && touch {root}/as-root\necho {root}/share\n')
            (programs / known).chmod(0o755)
        found = lacking_extensions(Tools(folder=str(programs), major=17, minor=1), ("postgis", "pg_trgm"))
        assert ("postgis",) == found
        assert not (root / "as-root").exists()


def test_what_does_not_run_is_not_carried_again(tmp_path: Path) -> None:
    """It is remembered, so that not every command copies a hundred megabytes in vain."""
    image = Image(loader="#!/bin/sh\nexit 1\n")
    for _ in range(2):
        with pytest.raises(EngineFailed):
            carried(image.take, major=17, into=tmp_path / "x", owner=None)
    assert 1 == image.asked.count(f"/{HOME}")


def test_another_system(tmp_path: Path) -> None:
    """An image that has them elsewhere is refused, and nothing is left."""
    image = Image()
    del image.held[f"/{HOME}"]
    with pytest.raises(CommandFailed):
        carried(image.take, major=17, into=tmp_path / "x", owner=None)
    assert [] == list(tmp_path.iterdir())
