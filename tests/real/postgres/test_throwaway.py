"""Throwaway servers are made, found and removed by the name of their run, reach nothing and survive nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, LiteralString

import psycopg
import pytest
from tests.kit.postgres.server import Server
from tests.real.postgres.place import tools_of

from amankan.adapters.engines.postgres.session import connected, row, rows
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers, working_in
from amankan.adapters.engines.postgres.unlogged import unlogged
from amankan.errors import EngineFailed

pytestmark = pytest.mark.real

CHILD = """
import sys, time
from pathlib import Path
from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.adapters.engines.postgres.tools import ask
folder, programs = sys.argv[1:]
servers = ThrowawayServers(folder=Path(folder), clock=SystemClock())
print(servers.make("left", ask(programs), superuser="boss").host, flush=True)
time.sleep(600)
"""


def test_made_found_removed(postgres: Server, servers: ThrowawayServers) -> None:
    """A server of each version is there by its run's name alone, as asked, and then nothing of it is left."""
    assert not servers.exists("one")
    address = servers.make("one", tools_of(postgres), superuser="boss")
    with connected(address) as session:
        assert ("boss", True) == row(session, "select rolname, rolsuper from pg_roles where oid = 10")
        assert postgres.version == session.info.server_version // 10000
        assert ("", "off", "minimal") == row(
            session,
            "select current_setting(x), current_setting(y), current_setting(z) from "
            "(values ('listen_addresses', 'fsync', 'wal_level')) v(x, y, z)",
        )
    assert ("one",) == servers.runs()
    servers.remove("one")
    servers.remove("one")
    assert () == servers.runs()
    assert not Path(address.host).exists()


def test_made_anew(any_postgres: Server, servers: ThrowawayServers) -> None:
    """What an earlier try of the same run left is gone when it is made again."""
    tools = tools_of(any_postgres)
    with connected(servers.make("again", tools, superuser="boss")) as session:
        session.execute("create table public.left_over (a int)")
    with connected(servers.make("again", tools, superuser="boss")) as session:
        assert (None,) == row(session, "select to_regclass('public.left_over')")
    servers.remove("again")


def test_no_network(any_postgres: Server, servers: ThrowawayServers) -> None:
    """From inside of a throwaway server production cannot be reached, by its own address and password."""
    assert servers.isolated
    address = servers.make("closed", tools_of(any_postgres), superuser="boss")
    with connected(address) as session:
        reach = f"timeout 5 bash -c 'echo > /dev/tcp/127.0.0.1/{any_postgres.port}'"
        with pytest.raises(psycopg.errors.ExternalRoutineException):
            session.execute(f"copy (select 1) to program $program${reach}$program$".encode())
    servers.remove("closed")


def test_ends_with_its_maker(any_postgres: Server, servers: ThrowawayServers) -> None:
    """A server whose maker was killed ends by itself, and what it left is found by the run's name and removed."""
    words = [sys.executable, "-c", CHILD, str(servers.folder), tools_of(any_postgres).folder]
    maker = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert maker.stdout is not None
    home = Path(maker.stdout.readline().decode().strip())
    maker.kill()
    maker.wait()
    maker.stdout.close()
    limit = time.monotonic() + 10
    while working_in(home / "data") and time.monotonic() < limit:
        time.sleep(0.05)
    assert not working_in(home / "data")
    assert "left" in servers.runs()
    servers.remove("left")
    assert not servers.exists("left")


PERSISTENCE: Final[LiteralString] = """
    select c.relname, c.relpersistence, t.relpersistence, i.relpersistence from pg_class c
    left join pg_class t on t.oid = c.reltoastrelid left join pg_index x on x.indrelid = c.oid
    left join pg_class i on i.oid = x.indexrelid where c.relname in ('kept', 'fleeting') order by 1
"""


def test_nothing_logged(postgres: Server, servers: ThrowawayServers) -> None:
    """Rows that are put into a throwaway database are not logged, and its tables are afterwards what they were before."""
    address = servers.make("log", tools_of(postgres), superuser="boss")
    before = [("fleeting", "u", "u", None), ("kept", "p", "p", "p")]
    with connected(address) as session:
        session.execute("create table public.kept (a int primary key, b text)")
        session.execute("create unlogged table public.fleeting (a text)")
        assert before == rows(session, PERSISTENCE)
        with unlogged(address):
            start = row(session, "select pg_current_wal_insert_lsn()")[0]
            session.execute("insert into public.kept select n, repeat(md5(n::text), 99) from generate_series(1, 2000) n")
            (logged,) = row(session, "select pg_current_wal_insert_lsn() - %s::pg_lsn", start)
            assert logged < 100_000
        assert before == rows(session, PERSISTENCE)
        assert (2000,) == row(session, "select count(*) from public.kept")
    servers.remove("log")


def test_ends_with_a_crash(any_postgres: Server, servers: ThrowawayServers) -> None:
    """A server of which one process was killed ends and is not started again without the rows that it did not log."""
    address = servers.make("crashed", tools_of(any_postgres), superuser="boss")
    with connected(address) as session, connected(address) as other:
        os.kill(row(other, "select pg_backend_pid()")[0], signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            while True:
                session.execute("select pg_sleep(0.1)")
    limit = time.monotonic() + 10
    while working_in(Path(address.host) / "data") and time.monotonic() < limit:
        time.sleep(0.05)
    assert not working_in(Path(address.host) / "data")
    servers.remove("crashed")
    assert not servers.exists("crashed")


@pytest.mark.parametrize("run", ["", "..", "a/b", "a b", "x" * 200])
def test_names(any_postgres: Server, servers: ThrowawayServers, run: str) -> None:
    """A name that is none, or too long for a socket, is refused before anything is made."""
    with pytest.raises(EngineFailed):
        servers.make(run, tools_of(any_postgres), superuser="boss")
