"""A dump program that says that all went well, and it did not, is found out."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server
from tests.real.postgres.place import Silent, address_of, archiver_of, tools_of

from amankan.adapters.engines.postgres import route
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.archive.blocks import read_blocks
from amankan.adapters.engines.postgres.archive.source import Source
from amankan.adapters.engines.postgres.archive.toc import read_toc
from amankan.adapters.engines.postgres.reach import database_word
from amankan.adapters.engines.postgres.settings import client
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import AmankanError, Damaged, EngineFailed
from amankan.model.pace import Pace
from amankan.proc.run import run

pytestmark = pytest.mark.real

CUTS = 1000

SHIM = """#!{python}
import os, subprocess, sys
whole = subprocess.run([{real!r}, *sys.argv[1:]], stdout=subprocess.PIPE).stdout
if "--version" in sys.argv:
    sys.stdout.buffer.write(whole)
else:
    {change}
"""

# What a lying program does with the whole output; every one of them ends with status 0.
LIES = {
    "nothing": "pass",
    "header only": "sys.stdout.buffer.write(whole[:50])",
    "half": "sys.stdout.buffer.write(whole[:len(whole) // 2])",
    "all but one byte": "sys.stdout.buffer.write(whole[:-1])",
    "other line ends": "sys.stdout.buffer.write(whole.replace(b'\\n', b'\\r\\n'))",
    "schema only": "subprocess.run([{real!r}, *sys.argv[1:], '--schema-only'])",
    "one table less": "subprocess.run([{real!r}, *sys.argv[1:], '--exclude-table-data=public.two'])",
    "no large objects": "subprocess.run([{real!r}, *sys.argv[1:], '--no-blobs'])",
}


@pytest.fixture(scope="module")
def filled(any_postgres: Server) -> Iterator[Database]:
    """A database with some tables and large objects."""
    with any_postgres.database() as database:
        database.execute(
            "create table one as select n, md5(n::text) from generate_series(1, 3000) n; "
            "create table two as select n from generate_series(1, 1000) n; create table empty (a int); "
            "select lo_from_bytea(0, decode(repeat('00ff', 9000), 'hex')) from generate_series(1, 3)"
        )
        yield database


def lying(tools: Tools, folder: Path, change: str) -> Tools:
    """Return tools whose pg_dump lies."""
    for name in ("pg_restore", "psql"):
        (folder / name).symlink_to(f"{tools.folder}/{name}")
    real = f"{tools.folder}/pg_dump"
    shim = folder / "pg_dump"
    shim.write_text(SHIM.format(python=sys.executable, real=real, change=change.replace("{real!r}", repr(real))))
    shim.chmod(0o755)
    return replace(tools, folder=str(folder))


@pytest.mark.parametrize("whole_stream", [False, True], ids=["direct", "one stream"])
@pytest.mark.parametrize("lie", LIES)
def test_lies(filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str, whole_stream: bool) -> None:
    """Each lie is found out before anything can be taken for a backup, whichever way the rows are read."""
    if whole_stream:
        monkeypatch.setattr(route, "open_socket", lambda *_: False)
    archiver = replace(archiver_of(filled), tools=lying(tools_of(filled.server), tmp_path, LIES[lie]))
    with archiver.dump(filled.name, pace=Pace.FAST, progress=Silent()) as dump:
        with pytest.raises(EngineFailed):
            for _ in dump.pieces():
                pass
        with pytest.raises(EngineFailed):
            dump.finish()


def test_a_thousand_cuts(filled: Database) -> None:
    """Of 1,000 places in a real dump, boundaries of blocks among them, none is left where a cut goes unseen."""
    archive = real_dump(address_of(filled), tools_of(filled.server))
    source = Source(iter([archive]))
    toc = read_toc(source)
    ends = []
    for event in read_blocks(source, toc):
        if type(event).__name__ in {"Begin", "End"}:
            ends.append(source.position)
    assert len(archive) == ends.pop()
    chance = random.Random(39)
    cuts = {*ends, len(toc.raw), len(archive) - 1}
    while len(cuts) < CUTS:
        cuts.add(chance.randrange(len(archive)))
    found = 0
    for cut in sorted(cuts):
        with pytest.raises(Damaged):
            left = Source(iter([archive[:cut]]))
            for _ in read_blocks(left, read_toc(left)):
                pass
        found += 1
    assert CUTS == found


def test_cuts_refused_by_load(filled: Database, tmp_path: Path) -> None:
    """An archive that was cut is refused by a load as well, wherever the cut is."""
    archive = real_dump(address_of(filled), tools_of(filled.server))
    for percent in (0, 1, 20, 50, 80, 99):
        with filled.server.database() as target, pytest.raises(AmankanError):
            archiver_of(target).load(iter([archive[: len(archive) * percent // 100]]), into=target.name, progress=Silent())


def real_dump(address: Address, tools: Tools) -> bytes:
    """Return a dump as pg_dump itself writes it."""
    words = ("--format=custom", "--compress=0", f"--dbname={database_word(address.database)}")
    with client(tools, address, "pg_dump", *words) as program:
        return run(program.command, handles=program.handles).output
