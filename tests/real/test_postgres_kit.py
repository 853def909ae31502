"""The kit that gives tests real PostgreSQL servers keeps its own promises."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from tests.kit.postgres.build import VERSIONS, find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.place import KitError
from tests.kit.postgres.server import Server

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]

ORPHAN = """
import sys, time
from tests.kit.postgres.build import find_build
from tests.kit.postgres.server import Server
server = Server(find_build(17))
print(server.data_dir, server._postmaster._process.pid, flush=True)
time.sleep(60)
"""


def test_versions(postgres: Server) -> None:
    """Each server says the version it was asked for, and runs as nobody's root."""
    with postgres.connect() as connection:
        assert postgres.version == connection.info.server_version // 10000
    assert 0 != postgres.data_dir.stat().st_uid


def test_refuses_without_password(postgres: Server) -> None:
    """Neither the port nor the socket lets anybody in without the password."""
    for host in ("127.0.0.1", str(postgres.socket_dir)):
        with pytest.raises(psycopg.OperationalError, match="password"):
            postgres.connect(host=host, password="wrong")
        with postgres.connect(host=host) as connection:
            assert not connection.closed


def test_url(database: Database) -> None:
    """The address, whose password needs escaping, reaches exactly that database."""
    with psycopg.connect(database.url) as connection:
        assert database.name == connection.info.dbname
    for mark in "@:/%'\\":
        assert mark in database.server.admin.password


def test_role(database: Database) -> None:
    """A new role reaches the database with its own address."""
    role = database.server.role()
    with psycopg.connect(database.url_for(role)) as connection:
        assert role.name == connection.info.user
    with database.server.connect() as connection:
        connection.execute(f"drop role {role.name}".encode())


def test_client_programs(database: Database) -> None:
    """psql and pg_dump of the build run as plain programs; where there are none, the next version's do."""
    said = database.run("psql", "-Atc", "show server_version_num").stdout
    assert database.server.version == int(said) // 10000
    expected = 15 if database.server.version == 14 else database.server.version
    assert f" {expected}." in database.run("pg_dump", "--version").stdout
    assert "PostgreSQL database dump complete" in database.run("pg_dump").stdout


def test_database_from_template(database: Database) -> None:
    """A database made from a template holds its rows."""
    database.execute("create table t as select generate_series(1, 1000) n")
    with database.server.database(template=database.name) as copy:
        assert 1000 == copy.value("select count(*) from t")


def test_kill9_keeps_what_was_committed(postgres: Server) -> None:
    """After every process was killed the server comes back on its port with all committed rows and no others."""
    with postgres.database() as database:
        database.execute("create table t (n int)")
        port = postgres.port
        committed, open_still = database.connect(), database.connect(autocommit=False)
        committed.execute("insert into t select generate_series(1, 500)")
        open_still.execute("insert into t select generate_series(1, 7)")
        postgres.kill9()
        assert not postgres.running
        committed.close()
        open_still.close()
        postgres.start()
        assert port == postgres.port
        assert 500 == database.value("select count(*) from t")


def test_restart(postgres: Server) -> None:
    """A restart keeps the port and the password, and settings that wait for one become true."""
    with postgres.connect() as connection:
        connection.execute("alter system set max_connections = 42")
    postgres.restart()
    with postgres.connect() as connection:
        assert ("42",) == connection.execute("show max_connections").fetchone()
        connection.execute("alter system reset max_connections")
    postgres.restart("immediate")


def test_starts_within_two_seconds() -> None:
    """A server from a template that is there answers within two seconds, on each version, where nothing holds it up."""
    for version in VERSIONS:
        took_seconds = []
        for _ in range(4):
            began = time.monotonic()
            with Server(find_build(version)) as server:
                assert server.running
                took_seconds.append(time.monotonic() - began)
            if took_seconds[-1] < 2 and len(took_seconds) > 1:
                break
        assert min(took_seconds[1:]) < 2


def test_nothing_stays() -> None:
    """A closed server leaves neither a process nor a folder."""
    with Server(find_build(16)) as server:
        home, pid = server.socket_dir, int((server.data_dir / "postmaster.pid").read_text().splitlines()[0])
    assert not home.exists()
    assert not Path(f"/proc/{pid}").exists()


def test_dies_with_its_test_run() -> None:
    """When the test run is killed its server ends, and the next run removes the folder."""
    child = subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    words = child.stdout.readline().split()
    home, pid = Path(words[0]).parent, int(words[1])
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    limit = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()
    os.utime(home, (0, 0))
    with Server(find_build(17)):
        assert not home.exists()


def test_settings_and_access() -> None:
    """A server takes settings and access rules of the test's choice."""
    settings = {"max_connections": "17"}
    with (
        Server(find_build(15), settings=settings, access="local all all trust") as server,
        server.connect(host=str(server.socket_dir), password=None) as connection,
    ):
        assert ("17",) == connection.execute("show max_connections").fetchone()


def test_missing_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A version that is not there is an error that says what to run, never a skip."""
    monkeypatch.setenv("AMANKAN_POSTGRES_17_BIN", str(tmp_path))
    with pytest.raises(KitError, match="40-postgres"):
        find_build(17)
