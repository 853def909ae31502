"""A database that pg_dump brings back whole has the same fingerprint again, and what it does not bring back is seen."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server
from tests.real.postgres.place import address_of, dump_to, prove, tools_of

from amankan.adapters.engines.postgres import survey
from amankan.adapters.engines.postgres.fingerprint import census_of
from amankan.adapters.engines.postgres.schema import Definition, definitions
from amankan.adapters.engines.postgres.session import Session
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.model.fingerprint import compare

pytestmark = pytest.mark.real

# Every place where an expression can stand, with forms that a server writes in another way once it has read its own text.
EXPRESSIONS = """
create type mood as enum ('a', 'b');
create domain word as varchar(10) check (value in ('a', 'b'));
create table t (
    v varchar(10) default 'a' check (v in ('a', 'b''c', '])::text[]', E'\\\\')) check (v not in ('x', 'y')),
    w word check (w in ('a', 'b')),
    n numeric(5, 1) check (n > -1.5::numeric),
    i int default -(1)::int check (i > -2::int),
    f bool generated always as (v in ('a', 'b')) stored,
    c cidr check (c in ('10.0.0.0/8', '11.0.0.0/8')),
    m mood check (m::varchar in ('a', 'b')),
    x varchar(3)[] check ((array['a'::varchar, null, v]::varchar[])::varchar(3)[] <> x),
    y bigint[] check ((array[i, -1::int]::int[])::bigint[] <> y),
    z text[] check ((array[array['a'::varchar], array[v]]::varchar[])::text[] <> z),
    check (v in ('a' collate "C", 'b')),
    exclude (v with =) where (v in ('a', 'b'))
);
create index partial on t (i) where v in ('a', 'b');
create index computed on t ((v in ('a', 'b')));
create statistics looked on (v in ('a', 'b')), i from t;
create view seen as select v in ('a', 'b') as f, case when v in ('x', 'y') then -(1)::int end as x,
    '(ARRAY[''a''::varchar])::text[]' as y, 1 as "(- 1)" from t where v not in ('c', 'd');
create materialized view kept as select percentile_cont(array[0.5, 0.9]) within group (order by i) from t;
create policy own on t using (v in ('a', 'b')) with check (v not in ('a', 'b'));
create function touch() returns trigger language plpgsql as $$begin
    return (ARRAY['a'::varchar])::text[] is null; end$$;
create trigger touched before update on t for each row when (new.v in ('a', 'b')) execute function touch();
create rule ruled as on delete to t where old.v in ('a', 'b') do instead nothing;
create function told(a varchar, b text default case when current_user::varchar in ('a', 'b') then 'x' end) returns bool
    begin atomic select a in ('x', 'y'); end;
create table parts (v varchar(5)) partition by list ((v in ('a', 'b')));
insert into t (v, i) values ('a', 1)
"""

KEYS = """
create table p (a int primary key) partition by range (a);
create table p3 partition of p for values from (200) to (300);
create table r (a int references p);
create table p1 partition of p for values from (0) to (100);
create table self (a int primary key, b int references self) partition by range (a);
create table self2 partition of self for values from (100) to (200);
create table self1 partition of self for values from (0) to (100);
create table k (a int primary key);
create table whole (a int) partition by range (a);
create table part (a int);
alter table part add constraint part_own foreign key (a) references k;
alter table whole add constraint whole_fk foreign key (a) references k;
alter table whole attach partition part for values from (0) to (10);
create table late (a int);
alter table late add constraint late_fk foreign key (a) references p not valid;
alter table late validate constraint late_fk;
insert into p values (1), (201);
insert into r select a from p
"""


def shape_of(database: Database) -> str:
    """Return the digest of what a database consists of."""
    return census_of(address_of(database)).shape


def differences(database: Database, servers: ThrowawayServers, folder: Path) -> tuple[object, ...]:
    """Return what a throwaway server holds else once it was filled from a dump of a database."""
    dumped = dump_to(folder / "archive", database)
    try:
        found = prove(servers, "again", archive=folder / "archive", dumped=dumped, tools=tools_of(database.server))
    finally:
        servers.remove("again")
    return tuple(compare(dumped[1].fingerprint, found))


@pytest.mark.parametrize("script", [EXPRESSIONS, KEYS], ids=["expressions", "keys"])
def test_same_again(script: str, postgres: Server, servers: ThrowawayServers, tmp_path: Path) -> None:
    """Expressions that are written in another way after a restore, and keys that get other names, are still the same."""
    with postgres.database() as database:
        database.execute(script)
        assert () == differences(database, servers, tmp_path)


def test_unbuilt_index(postgres: Server, servers: ThrowawayServers, tmp_path: Path) -> None:
    """An index that could not be built to its end is not of the backup; one of a whole that waits for its parts is."""
    with postgres.database() as database:
        database.execute("create table t (a int); insert into t values (1), (1); create table p (a int) partition by range (a)")
        database.execute("create table p1 partition of p for values from (0) to (9)")
        before = shape_of(database)
        with pytest.raises(psycopg.errors.UniqueViolation), database.connect(autocommit=True) as session:
            session.execute("create unique index concurrently u on t (a)")
        assert [("u", False)] == database.rows(
            "select indexrelid::regclass::text, indisvalid from pg_index i "
            "join pg_class c on c.oid = indrelid where relname = 't'"
        )
        assert before == shape_of(database)
        database.execute("create index waits on only p (a)")
        waiting = shape_of(database)
        assert before != waiting
        assert () == differences(database, servers, tmp_path)
        database.execute("create index part on p1 (a); alter index waits attach partition part")
        joined = shape_of(database)
        database.execute("update pg_index set indisvalid = false where indexrelid = 'waits'::regclass")
        assert joined != shape_of(database)


@pytest.mark.parametrize(
    "change",
    [
        "alter table r drop constraint r_a_fkey",
        "alter table whole drop constraint whole_fk",
        "alter table part add constraint more foreign key (a) references k on delete cascade",
        "alter table self rename constraint self_b_fkey to other",
        "alter table p detach partition p3",
    ],
)
def test_lost_keys_are_seen(change: str, any_postgres: Server) -> None:
    """A foreign key that is gone, new or has another name makes another shape, with partitions too."""
    with any_postgres.database() as database:
        database.execute(KEYS)
        if "p3" in change:
            database.execute("delete from r")
        before = shape_of(database)
        database.execute(change)
        assert before != shape_of(database)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v in ('a', 'b')", "v in ('a', 'c')"),
        ("v in ('a', 'b')", "v in ('b', 'a')"),
        ("v in ('a', 'b')", "v not in ('a', 'b')"),
        ("v in ('a', 'b')", "v = any (array['a, b'])"),
        ("v = any (array['a', 'b']::varchar(1)[])", "v = any (array['a', 'b']::varchar(2)[])"),
        ("v in ('a', 'b')", "v in ('a', 'b'' ')"),
        ("-(1)::int < 2", "-(2)::int < 2"),
        ("-(1)::int < 2", "(1)::int < 2"),
    ],
)
def test_other_expressions_are_seen(old: str, new: str, any_postgres: Server) -> None:
    """Another list, order, limit or sign makes another shape."""
    found = []
    with any_postgres.database() as database:
        for text in (old, new):
            database.execute(f"drop table if exists t; create table t (v varchar(10), constraint c check ({text}))")
            found.append(shape_of(database))
    assert found[0] != found[1]


@pytest.mark.parametrize(
    "change",
    [
        "create or replace function f() returns int language sql as 'select 2'",
        "create or replace view v as select 2 as a",
        "drop view v",
        "drop function g()",
        "create temp table passing (a int)",
    ],
)
def test_changed_meanwhile(
    change: str, any_postgres: Server, servers: ThrowawayServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A definition that changes after the snapshot and before it was read makes no backup that cannot be proved."""
    looks: list[int] = []
    with any_postgres.database() as database, database.connect(autocommit=True) as other:
        database.execute(
            "create function f() returns int language sql as 'select 1'; create function g() returns int "
            "language sql as 'select 1'; create view v as select 1 as a"
        )
        other.execute("set lock_timeout = '5s'")

        def late(session: Session) -> tuple[Definition, ...]:
            looks.append(len(looks))
            if len(looks) == 1:
                other.execute(change.encode())
            return definitions(session)

        monkeypatch.setattr(survey, "definitions", late)
        assert () == differences(database, servers, tmp_path)
    assert ("temp" in change) == (len(looks) == 1)


def test_changed_all_the_time(any_postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where definitions change all the time the third look counts."""
    looks: list[int] = []
    with any_postgres.database() as database, database.connect(autocommit=True) as other:

        def late(session: Session) -> tuple[Definition, ...]:
            looks.append(len(looks))
            other.execute(f"create or replace function f() returns int language sql as 'select {len(looks)}'".encode())
            return definitions(session)

        monkeypatch.setattr(survey, "definitions", late)
        dump_to(tmp_path / "archive", database)
    assert [0, 1, 2] == looks
