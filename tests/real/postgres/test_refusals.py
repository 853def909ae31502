"""A backup is complete or refused, and every reason is named."""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.kit.postgres.database import Database, Role
from tests.real.postgres.place import Silent, archiver_of, dump_to

from amankan.errors import EngineFailed, Refused
from amankan.model.pace import Pace

pytestmark = pytest.mark.real

# Each makes one object that a reading role cannot read completely, and says how the object is named.
CLOSED = {
    "table public.secret": "create table secret (a int); revoke all on secret from pg_read_all_data",
    'table "odd ""schema"."odd table"': (
        'create schema "odd ""schema"; grant usage on schema "odd ""schema" to public; '
        'create table "odd ""schema"."odd table" (a int)'
    ),
    "sequence public.numbers": "create sequence numbers",
    'schema "closed one"': (
        'create schema "closed one"; create table "closed one".t (a int); grant select on "closed one".t to public'
    ),
    "rows hidden by a policy in public.rowed": (
        "create table rowed (a int); insert into rowed select generate_series(1, 100); grant select on rowed to public; "
        "alter table rowed enable row level security; create policy few on rowed using (a <= 10)"
    ),
    "large object 4242": "select lo_from_bytea(4242, 'x')",
    "user mapping of public on far": (
        "create foreign data wrapper w; create server far foreign data wrapper w; "
        "create user mapping for public server far options (password 'x')"
    ),
    "subscription sub": (
        "create subscription sub connection 'host=127.0.0.1 port=1' publication p with (connect = false, slot_name = none)"
    ),
}


def reader(database: Database) -> Role:
    """Return a role that may read the tables of the schema public that exist now, and nothing else."""
    role = database.server.role()
    words = sql.SQL("grant usage on schema public to {0}; grant select on all tables in schema public to {0}")
    with database.connect() as connection:
        connection.execute(words.format(sql.Identifier(role.name)))
    return role


def begin(database: Database, role: Role | None = None, *, lock_seconds: float = 5.0) -> None:
    """Dump a database to nowhere."""
    archiver = archiver_of(database, role, lock_seconds=lock_seconds)
    with archiver.dump(database.name, pace=Pace.FAST, progress=Silent()) as dump:
        for _ in dump.pieces():
            pass
        dump.finish()


@pytest.mark.parametrize("name", CLOSED)
def test_named_and_refused(database: Database, name: str) -> None:
    """One object that cannot be read completely refuses the whole backup by its name."""
    database.execute("create table readable (a int)")
    role = reader(database)
    database.execute(CLOSED[name])
    with pytest.raises(Refused) as caught:
        begin(database, role)
    assert 1 == dict(caught.value.cannot.facts)["count"]
    assert name == dict(caught.value.cannot.facts)["objects"]
    database.execute("drop subscription if exists sub")


def test_reader_of_everything(database: Database) -> None:
    """A role that is no superuser makes a complete backup where it may read everything."""
    database.execute("create table t (a int); insert into t select generate_series(1, 100); create sequence s")
    role = database.server.role(attributes="login bypassrls")
    database.execute(f'grant pg_read_all_data to "{role.name}"')
    begin(database, role)


def test_locked_table(any_database: Database) -> None:
    """A table that somebody holds locked ends the backup within its limit."""
    any_database.execute("create table t (a int)")
    with any_database.connect(autocommit=False) as holder:
        holder.execute("lock table t in access exclusive mode")
        began = time.monotonic()
        with pytest.raises(EngineFailed, match="locked for longer"):
            begin(any_database, lock_seconds=0.5)
        assert time.monotonic() - began < 30


def test_lets_go(any_database: Database) -> None:
    """Whoever waits to change a table is let through within two seconds, and the backup fails and says why."""
    any_database.execute("create table t as select n, repeat('x', 500) as filling from generate_series(1, 300000) n")
    waited = []

    def change() -> None:
        began = time.monotonic()
        any_database.execute("alter table t add column b int")
        waited.append(time.monotonic() - began)

    with archiver_of(any_database).dump(any_database.name, pace=Pace.QUIET, progress=Silent()) as dump:
        pieces = dump.pieces()
        next(pieces)
        changer = threading.Thread(target=change)
        changer.start()
        with pytest.raises(EngineFailed, match="was let through"):
            for _ in pieces:
                pass
        changer.join()
    assert waited[0] < 2.5


@pytest.mark.parametrize("pace", [Pace.QUIET, Pace.FAST])
def test_connection_lost(any_database: Database, pace: Pace) -> None:
    """A server that goes away in the middle leaves no backup that could be taken for one."""
    any_database.execute("create table t as select n, repeat('x', 500) as filling from generate_series(1, 200000) n")
    with archiver_of(any_database).dump(any_database.name, pace=pace, progress=Silent()) as dump:
        pieces = dump.pieces()
        next(pieces)
        any_database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name like 'amankan 0%' and query like 'copy%'"
        )
        with pytest.raises(EngineFailed):
            deque(pieces, maxlen=0)
        with pytest.raises(EngineFailed):
            dump.finish()


def test_truncated_meanwhile(any_database: Database) -> None:
    """Nobody can empty a table between the snapshot and the reading of its rows."""
    any_database.execute("create table t as select generate_series(1, 1000) as n")
    with archiver_of(any_database).dump(any_database.name, pace=Pace.FAST, progress=Silent()) as dump:
        with any_database.connect() as other, pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("set lock_timeout = '200ms'")
            other.execute("truncate t")
        for _ in dump.pieces():
            pass
        assert 1000 == dump.finish().fingerprint.rows


def test_read_to_its_end(any_database: Database, tmp_path: Path) -> None:
    """A dump that was not read to its end cannot be finished."""
    any_database.execute("create table t (a int)")
    archiver = archiver_of(any_database)
    with (
        archiver.dump(any_database.name, pace=Pace.FAST, progress=Silent()) as dump,
        pytest.raises(EngineFailed, match="not read to its end"),
    ):
        dump.finish()
    assert 0 == dump_to(tmp_path / "whole", any_database)[1].fingerprint.rows
