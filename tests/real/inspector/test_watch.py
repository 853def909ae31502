"""Whatever reaches the server while it is watched is noted, and nothing of our own."""

from __future__ import annotations

import threading
import time

import pytest
from psycopg import ClientCursor, errors, sql
from tests.real.inspector.place import Bench

from amankan.adapters.engines.postgres.session import connected
from amankan.errors import EngineFailed

pytestmark = pytest.mark.real


def test_statements(bench: Bench) -> None:
    """Statements are told one by one, in order, once: several in one text, prepared ones, those that fail."""
    database = bench.database("create table t (id int primary key, v text)")
    text = "insert into t values (1, 'a;b'); -- a remark; more\nupdate t set v = $x$;$x$;\n\ndelete from t where id = 1;"
    with bench.inspector.watch(database) as watch, bench.session(database) as session:
        session.execute(text.encode())
        session.execute("insert into t values (%s, %s)", (2, "personal"))
        session.execute("insert into t values (3, 'multi\nline \"quoted\", and a comma')")
        with ClientCursor(session) as cursor:
            cursor.execute("prepare q as delete from t")
        for broken in ("not sql at all", "select * from nothing", "select 1 / (%s - 1)"):
            with pytest.raises(errors.Error):
                session.execute(broken.encode(), (1,) if "%" in broken else None)
        with connected(bench.address.at(database)) as own:
            own.execute("select 'of our own'")
    assert [
        ("insert into t values (1, 'a;b')", ""),
        ("update t set v = $x$;$x$", "changes every row: it has no condition"),
        ("delete from t where id = 1", ""),
        ("insert into t values ($1, $2)", ""),
        ("insert into t values (3, 'multi\nline \"quoted\", and a comma')", ""),
        ("prepare q as delete from t", "deletes rows without a condition"),
        ("not sql at all", ""),
        ("select * from nothing", ""),
        ("select 1 / ($1 - 1)", ""),
    ] == [(seen.sql, seen.danger) for seen in watch.statements]


def test_secrets(bench: Bench) -> None:
    """Passwords are masked, and a long statement is cut."""
    database = bench.database("create table t (v text)")
    with bench.inspector.watch(database) as watch, bench.session(database) as session:
        session.execute("create role r login password 'hunter2'")
        session.execute("alter role r encrypted password E'hunter2\\'s' valid until 'infinity'")
        session.execute("select 'postgres://app:hunter2@host/db'")
        session.execute(f"insert into t values ('{'x' * 3_000_000}')".encode())
        session.execute("drop role r")
    shown = [seen.sql for seen in watch.statements]
    assert 5 == len(shown)
    assert "hunter2" not in "".join(shown)
    assert "create role r login password '•••'" == shown[0]
    assert 2001 == len(shown[3])


def test_silenced(bench: Bench) -> None:
    """A role or a database that was told to note nothing is noted all the same."""
    database = bench.database()
    name = sql.Identifier(database)
    with bench.session("postgres") as session:
        session.execute(sql.SQL("alter database {} set log_statement = 'none'").format(name))
        session.execute(sql.SQL("alter role boss in database {} set log_min_messages = 'panic'").format(name))
        session.execute("alter role boss set log_statement = 'ddl'")
    with bench.inspector.watch(database) as watch, bench.session(database) as session:
        session.execute("select 'heard'")
    assert ["select 'heard'"] == [seen.sql for seen in watch.statements]


def test_only_while_watched(bench: Bench) -> None:
    """What came before or after is not told, and a second watch begins anew."""
    database = bench.database()
    with bench.session(database) as session:
        session.execute("select 'before'")
        with bench.inspector.watch(database) as first:
            session.execute("select 'first'")
        session.execute("select 'between'")
        with bench.inspector.watch(database) as second:
            session.execute("select 'second'")
        session.execute("select 'after'")
    assert [["select 'first'"], ["select 'second'"]] == [[seen.sql for seen in each.statements] for each in (first, second)]


def test_locks(bench: Bench) -> None:
    """The strongest lock on each table is told with its time, of sessions that hold it at the same time too."""
    database = bench.database("create table a (id int); create table b (id int); create table c (id int)")
    begun = time.monotonic()
    with (
        bench.inspector.watch(database) as watch,
        bench.session(database) as session,
        bench.session(database) as other,
        session.transaction(),
    ):
        other.execute("begin; select * from b; lock table c in share mode; lock table c in exclusive mode")
        session.execute("select * from a")
        time.sleep(0.2)
        session.execute("alter table a add column v int")
        time.sleep(0.4)
        other.execute("commit")
    found = {lock.table: lock for lock in watch.locks}
    assert {"public.a": "ACCESS EXCLUSIVE", "public.b": "ACCESS SHARE", "public.c": "EXCLUSIVE"} == {
        name: lock.mode for name, lock in found.items()
    }
    # The strong lock of one session is not as long as its weaker one; never is a time told that is too short.
    assert 0.4 <= found["public.a"].seconds < found["public.b"].seconds
    assert 0.6 <= found["public.b"].seconds <= time.monotonic() - begun


def test_waiting_is_no_lock(bench: Bench) -> None:
    """Who waits for a lock does not hold it."""
    database = bench.database("create table a (id int)")
    with bench.session(database) as holder, bench.session(database) as waiter:
        holder.execute("begin")
        holder.execute("lock table a in access share mode")
        with bench.inspector.watch(database) as watch:
            waiting = threading.Thread(target=waiter.execute, args=("lock table a in access exclusive mode",))
            begun = threading.Thread(target=waiter.execute, args=("begin",))
            begun.start()
            begun.join()
            waiting.start()
            time.sleep(0.3)
        holder.execute("commit")
        waiting.join()
    assert ["ACCESS SHARE"] == [lock.mode for lock in watch.locks]


def test_cost(bench: Bench) -> None:
    """What was written anew, written ahead and taken from the disk is told."""
    database = bench.database(
        "create table t (id int primary key, v text);"
        "insert into t select n, repeat('x', 100) from generate_series(1, 50000) n;"
        "create table u (id int); create table w (id int)"
    )
    with bench.inspector.watch(database) as watch, bench.session(database) as session:
        session.execute("alter table t alter column id type bigint")
        session.execute("alter table t rename to t2")
        session.execute("alter table u add column v int default 7")
        session.execute("truncate w")
        session.execute("insert into u select generate_series(1, 300000)")
    assert ("public.t", "public.w") == watch.rewritten
    assert 5_000_000 < watch.disk_bytes < 40_000_000
    assert 50_000 < watch.wal_bytes < 100_000_000


def test_failed_migration(bench: Bench) -> None:
    """What was seen until a failure is there, the failure goes on, and the server is watched no more."""
    database = bench.database()
    with pytest.raises(ValueError, match="on purpose"), bench.inspector.watch(database) as watch:
        bench.run(database, "select 42")
        raise ValueError("on purpose")
    assert ["select 42"] == [seen.sql for seen in watch.statements]
    assert 0 == bench.run(database, "select count(*) from pg_settings where name = 'log_statement' and setting <> 'none'")


def test_dropped(bench: Bench) -> None:
    """A migration that removes the database itself is a failure with its statement seen."""
    database = bench.database()
    with pytest.raises(EngineFailed), bench.inspector.watch(database) as watch:
        bench.run("postgres", f"drop database {database} with (force)")
    assert () == watch.locks


def test_commands_of_a_run(bench: Bench) -> None:
    """What a command does that we run for the app is seen, although its sessions carry the run's name."""
    database = bench.database("create table t (v int)")
    with (
        bench.inspector.watch(database) as watch,
        bench.session(database, name="amankan/20260105T020000Z-shop-0badcafe/0") as session,
    ):
        session.execute("begin; lock table t; select pg_sleep(0.2); commit")
    assert "lock table t" in [seen.sql for seen in watch.statements]
    assert ["ACCESS EXCLUSIVE"] == [lock.mode for lock in watch.locks]


def test_emptied(bench: Bench) -> None:
    """What a client left at work is ended, so that one can look; the inspector's own sessions stay."""
    database = bench.database("create table t (v int)")
    with bench.inspector.watch(database), bench.session(database) as session:
        session.execute("begin; lock table t")
        bench.inspector.empty(database)
        assert [] != list(bench.inspector.schema(database))
        with pytest.raises(errors.Error):
            session.execute("select 1")
