"""A tree of partitions comes back whole, however the jobs of a restore meet."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.kit.postgres.server import Server
from tests.real.postgres.place import dump_to, prove, tools_of

from amankan.adapters.engines.postgres.archive.source import Source
from amankan.adapters.engines.postgres.archive.toc import read_toc
from amankan.adapters.engines.postgres.session import connected, rows
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers

pytestmark = pytest.mark.real

TREE = """
create table whole (id int, day int, primary key (id, day)) partition by range (day);
create table middle partition of whole for values from (0) to (10) partition by hash (id);
create table leaf_0 partition of middle for values with (modulus 2, remainder 0);
create table leaf_1 partition of middle for values with (modulus 2, remainder 1);
create table other partition of whole default;
create table refers (id int, day int, foreign key (id, day) references whole);
comment on constraint refers_id_day_fkey on refers is 'waits for it';
create index plain on refers (day);
insert into whole select n, n from generate_series(1, 20) n;
insert into refers select * from whole
"""

SHIM = """#!{python}
import json, os, sys
lists = [word.partition("=")[2] for word in sys.argv if word.startswith("--use-list=")]
jobs = [word for word in sys.argv if word.startswith("--jobs=")]
if jobs:
    with open({calls!r}, "a") as file:
        file.write(json.dumps([jobs[0], open(lists[0]).read()]) + "\\n")
os.execv({real!r}, [{real!r}, *sys.argv[1:]])
"""


def test_joined_one_at_a_time(any_postgres: Server, servers: ThrowawayServers, tmp_path: Path) -> None:
    """
    Indexes of partitions are joined by one session alone, after they were built and before anything that needs the whole.

    Two that join levels of one tree at the same time leave the topmost index invalid, rarely, on every server up to 18.
    """
    tools, calls = tools_of(any_postgres), tmp_path / "calls"
    with any_postgres.database() as database:
        database.execute(TREE)
        dumped = dump_to(tmp_path / "a", database)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("pg_dump", "psql"):
        (programs / name).symlink_to(f"{tools.folder}/{name}")
    shim = programs / "pg_restore"
    shim.write_text(SHIM.format(python=sys.executable, calls=str(calls), real=f"{tools.folder}/pg_restore"))
    shim.chmod(0o755)
    prove(servers, "tree", archive=tmp_path / "a", dumped=dumped, tools=replace(tools, folder=str(programs)))
    with connected(servers.address("tree").at(database.name)) as session:
        assert [] == rows(session, "select indexrelid::regclass::text from pg_index where not indisvalid")
        assert [(4,)] == rows(
            session, "select count(*) from pg_inherits i join pg_class c on c.oid = inhrelid and relkind in ('i', 'I')"
        )
    servers.remove("tree")
    kinds = {entry.number: entry.kind for entry in read_toc(Source([(tmp_path / "a").read_bytes()])).entries}
    done = [
        (jobs, {kinds[int(line[:-1])] for line in lines.split()})
        for jobs, lines in map(json.loads, calls.read_text().splitlines())
    ]
    assert ["--jobs=2", "--jobs=1", "--jobs=2"] == [jobs for jobs, _ in done]
    assert {"INDEX", "CONSTRAINT"} <= done[0][1]
    assert {"INDEX ATTACH"} == done[1][1]
    assert {"FK CONSTRAINT", "COMMENT"} == done[2][1]
