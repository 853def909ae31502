"""Which version is safe to restore with, and how a pace becomes pressure."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.names import label, label_of
from amankan.adapters.engines.postgres.pacing import paced, pressure
from amankan.adapters.engines.postgres.shelf import Shelf, server_tools
from amankan.adapters.engines.postgres.throwaway.conf import configuration
from amankan.adapters.engines.postgres.tools import FLOORS, Tools, ask, find_tools, floor_finding
from amankan.errors import EngineFailed, Refused
from amankan.model.pace import Pace
from amankan.model.sentence import say
from amankan.model.verdict import Level


@pytest.mark.parametrize("major", FLOORS)
def test_floor(major: int) -> None:
    """The first safe version passes, the one before warns with its remedy."""
    assert Level.PASS is floor_finding(major, FLOORS[major], of="pg_restore").level
    below = floor_finding(major, FLOORS[major] - 1, of="pg_restore")
    assert Level.WARN is below.level
    assert f"{major}.{FLOORS[major]}" in str(below.remedy)


@pytest.mark.parametrize("major", [9, 13, 19])
def test_unknown_version(major: int) -> None:
    """A version that nobody has tried stops."""
    assert Level.STOP is floor_finding(major, 1, of="the server").level


def test_no_tools() -> None:
    """Where no programs of the server's version are, that is said with what to install."""
    with pytest.raises(Refused, match="PostgreSQL 99") as caught:
        find_tools(99)
    assert "postgresql-client-99" in str(caught.value.next)


def _programs(folder: Path, *names: str, version: str) -> str:
    """A folder has programs that name their version; returns its path."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_client_programs_alone_run_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who installed the client programs is told of the server's package; older ones elsewhere may run the server."""
    clients = ("pg_dump", "pg_restore", "psql")
    newer = _programs(tmp_path / "newer", *clients, version="17.12")
    monkeypatch.setattr("amankan.adapters.engines.postgres.tools.FOLDERS", ())
    monkeypatch.setattr("amankan.adapters.engines.postgres.tools.embedded", lambda major: [])
    monkeypatch.setenv("PATH", f"{newer}:/usr/bin:/bin")
    with pytest.raises(Refused, match="cannot find initdb and postgres of PostgreSQL 17") as caught:
        server_tools(17)
    assert "apt install postgresql-17" == str(caught.value.next)
    older = _programs(tmp_path / "older", *clients, "initdb", "postgres", version="17.9")
    monkeypatch.setenv("PATH", f"{newer}:{older}:/usr/bin:/bin")
    found = server_tools(17)
    assert (newer, f"{older}/initdb") == (found.folder, found.server("initdb"))


def test_the_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers are made of the image's programs, clients of the machine's; where neither has them, both are named."""
    clients = ("pg_dump", "pg_restore", "psql")
    here = _programs(tmp_path / "here", *clients, "initdb", "postgres", version="17.12")
    inside = Tools(folder="/image", major=17, minor=4)
    monkeypatch.setattr("amankan.adapters.engines.postgres.tools.FOLDERS", ())
    monkeypatch.setattr("amankan.adapters.engines.postgres.tools.embedded", lambda major: [])
    monkeypatch.setenv("PATH", f"{here}:/usr/bin:/bin")
    shelf = Shelf(image=lambda major: inside if major == 17 else None)
    assert here == shelf.client(17).folder
    assert (here, "/image/initdb") == (shelf.server(17).folder, shelf.server(17).server("initdb"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert (inside, inside) == (shelf.client(17), shelf.server(17))
    with pytest.raises(Refused, match=r"of PostgreSQL 16 on this machine$"):
        shelf.client(16)

    def broken(_: int) -> Tools | None:
        raise EngineFailed(say("the image is odd"))

    for wanted in (Shelf(image=broken).client, Shelf(image=broken).server):
        with pytest.raises(Refused, match=r"of PostgreSQL 17 on this machine; nor .*: the image is odd$") as caught:
            wanted(17)
        assert "apt install postgresql-client-17" == str(caught.value.next)
    monkeypatch.setenv("PATH", f"{here}:/usr/bin:/bin")
    assert here == Shelf(image=broken).server(17).folder


def test_words() -> None:
    """Programs are run from their folder, or behind the command that reaches them."""
    assert ("/x/psql", "-X") == Tools(folder="/x", major=17, minor=1).words("psql", "-X")
    inside = Tools(folder="", major=17, minor=1, prefix=("docker", "exec", "-i", "db"))
    assert ("docker", "exec", "-i", "db", "psql", "-X") == inside.words("psql", "-X")
    assert None is ask("/nonexistent")


def test_pressure() -> None:
    """Quiet reads slowly by one session, steady by one, fast by as many as there are processors, at least two, at most four."""
    assert pressure(Pace.QUIET).limit_bytes_per_second > 0
    assert (1, 1) == (pressure(Pace.QUIET).sessions, pressure(Pace.STEADY).sessions)
    assert [2, 2, 3, 4, 4] == [pressure(Pace.FAST, processors=count).sessions for count in (1, 2, 3, 4, 64)]


def test_paced() -> None:
    """Pieces pass no faster than the limit, all of them, in order."""
    pieces = [bytes([number]) * 10_000 for number in range(20)]
    began = time.monotonic()
    assert pieces == list(paced(pieces, limit_bytes_per_second=1_000_000, clock=SystemClock()))
    assert 0.19 <= time.monotonic() - began < 0.5
    assert pieces == list(paced(pieces, limit_bytes_per_second=0, clock=SystemClock()))


@pytest.mark.parametrize(
    ("schema", "table", "expected"),
    [
        ("public", "t", "public.t"),
        ("public", "T", 'public."T"'),
        ('a"b', "c.d", '"a""b"."c.d"'),
        ("a.b", "c", '"a.b".c'),
        ("a", "b.c", 'a."b.c"'),
    ],
)
def test_labels(schema: str, table: str, expected: str) -> None:
    """Two tables never have the same label."""
    assert expected == label(schema, table) == label_of(schema.encode(), table.encode())


def test_labels_of_bytes() -> None:
    """A name that is not UTF-8 is told from one that has the very text by which such a name is shown."""
    names = (b"\xe9", b"\\xe9", b"\\\\xe9", b"\\\xe9", b"\\xe9\xe9", b"\xe9\xe9", b"a\\b")
    assert len(names) == len({label_of(b"s", name) for name in names})
    assert ['s."\\xe9"', 's."a\\b"'] == [label_of(b"s", name) for name in (b"\xe9", b"a\\b")]


def test_configuration() -> None:
    """A throwaway server listens to nobody and takes a share of the machine, never more."""
    small = configuration(Path("/x/it's"), memory_bytes=1 << 30, processors=1)
    assert "listen_addresses = ''\n" in small
    assert "unix_socket_directories = '/x/it''s'\n" in small
    assert "shared_buffers = 128MB\n" in small
    assert "shared_buffers = 512MB\n" in configuration(Path("/x"), memory_bytes=1 << 40, processors=64)
