"""What happened to rows is told exactly, table by table and column by column."""

from __future__ import annotations

import pytest
from psycopg import sql
from tests.kit.postgres.database import Database
from tests.kit.postgres.zoo import HOSTILE_NAMES, load_zoo
from tests.real.inspector.place import Bench
from tests.real.postgres.place import address_of

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.inspector.inspector import PostgresInspector
from amankan.errors import EngineFailed
from amankan.model.impact import ColumnChange, TableChange

pytestmark = pytest.mark.real

BEFORE = """
create type mood as enum ('good', 'bad');
create table t (id int primary key, a text, b text, c numeric(10, 2), m mood, d timestamp);
insert into t select n, 'a' || n, case when n % 4 <> 0 then 'b' || n end, n * 1.5, 'good', '2026-01-05'
    from generate_series(1, 100) n;
create table pair (x int, y text, z int, primary key (x, y));
insert into pair select n / 10, n::text, n from generate_series(1, 50) n;
create table keyless (a int, b text);
insert into keyless select n % 10, 'x' from generate_series(1, 40) n;
create table parted (id int, day date, v int, primary key (id, day)) partition by range (day);
create table parted_1 partition of parted for values from ('2026-01-01') to ('2026-02-01');
create table parted_2 partition of parted for values from ('2026-02-01') to ('2026-03-01');
insert into parted select n, '2026-01-01'::date + n, n from generate_series(0, 49) n;
create table empty (id int primary key);
create table bare ();
insert into bare default values; insert into bare default values;
create table parent (id int primary key, v int);
create table child (primary key (id)) inherits (parent);
insert into parent values (1, 1); insert into child values (1, 2), (2, 3);
create table computed (id int generated always as identity primary key, v int, w int generated always as (v * 2) stored);
insert into computed (v) select n from generate_series(1, 20) n;
"""

ROWS = {
    "t": 100,
    "pair": 50,
    "keyless": 40,
    "parted_1": 31,
    "parted_2": 19,
    "empty": 0,
    "bare": 2,
    "parent": 1,
    "child": 2,
    "computed": 20,
}


def change(
    table: str,
    after: int,
    *,
    gone: tuple[int, int] = (0, 0),
    changed: tuple[tuple[str, int], ...] = (),
    emptied: tuple[tuple[str, int], ...] = (),
) -> TableChange:
    """Return what is expected of a table: `gone` are rows lost and added."""
    return TableChange(
        table=f"public.{table}",
        rows_before=ROWS.get(table, 0),
        rows_after=after,
        lost=gone[0],
        added=gone[1],
        changed_columns=tuple(ColumnChange(column=column, changed_rows=rows) for column, rows in changed),
        emptied=tuple(ColumnChange(column=column, changed_rows=rows) for column, rows in emptied),
    )


MIGRATIONS: dict[str, tuple[TableChange, ...]] = {
    "select 1": (),
    "vacuum full t; reindex table t; analyze": (),
    "update t set a = a": (),
    "alter table t add column e text not null default 'x'": (),
    "alter table t drop column b": (change("t", 100, emptied=(("b", 75),)),),
    "alter table t rename column b to bb": (),
    "alter table t rename to u": (),
    "alter table t rename to u; alter table u rename column a to aa; update u set aa = 'z' where id = 1": (
        change("t", 100, changed=(("a", 1),)),
    ),
    "alter table t set schema public; create schema s; alter table t set schema s": (),
    "alter table t alter column c type int": (change("t", 100, changed=(("c", 100),)),),
    "alter table t alter column id type bigint": (),
    "alter table t alter column a type varchar(200)": (),
    "alter table t alter column d type timestamptz": (change("t", 100, changed=(("d", 100),)),),
    "delete from t where id <= 7": (change("t", 93, gone=(7, 0)),),
    "insert into t (id) select generate_series(101, 105)": (change("t", 105, gone=(0, 5)),),
    "delete from t where id = 1; insert into t (id) values (500)": (change("t", 100, gone=(1, 1)),),
    "update t set b = 'new' where id in (1, 2, 4)": (change("t", 100, changed=(("b", 3),)),),
    "update t set a = null where id = 9": (change("t", 100, changed=(("a", 1),)),),
    "update t set b = '' where id = 4": (change("t", 100, changed=(("b", 1),)),),
    "update t set a = b, b = a": (change("t", 100, changed=(("a", 100), ("b", 100))),),
    "update t set a = case id when 1 then 'a2' else 'a1' end where id in (1, 2)": (change("t", 100, changed=(("a", 2),)),),
    "update t set id = id + 1000 where id > 90": (change("t", 100, gone=(10, 10)),),
    "truncate t": (change("t", 0, gone=(100, 0)),),
    "drop table t": (change("t", 0, gone=(100, 0)),),
    "alter type mood add value 'fine'": (),
    "alter type mood rename value 'good' to 'great'": (change("t", 100, changed=(("m", 100),)),),
    "alter table t add column a2 text; update t set a2 = a; alter table t drop column a; alter table t rename a2 to a": (),
    "alter table t drop column a; alter table t add column a text": (change("t", 100, emptied=(("a", 100),)),),
    "alter table t drop column b; alter table t add column b text default 'q'": (change("t", 100, emptied=(("b", 75),)),),
    "create table n as select * from t where id > 3; drop table t; alter table n rename to t; create unique index on t (id)": (
        change("t", 97, gone=(3, 0)),
    ),
    "alter table t drop constraint t_pkey": (),
    "alter table t drop constraint t_pkey; insert into t select * from t where id <= 5": (change("t", 105, gone=(0, 5)),),
    "alter table t drop constraint t_pkey; alter table t add column k serial primary key": (),
    "alter table t alter column id type uuid using md5(id::text)::uuid": (change("t", 100, changed=(("id", 100),)),),
    "delete from pair where x = 3 and y <> '30'; update pair set z = 0 where x = 4": (
        change("pair", 41, gone=(9, 0), changed=(("z", 10),)),
    ),
    "alter table pair drop column z": (change("pair", 50, emptied=(("z", 50),)),),
    "delete from keyless where a = 3": (change("keyless", 36, gone=(4, 0)),),
    "delete from keyless where ctid = (select min(ctid) from keyless)": (change("keyless", 39, gone=(1, 0)),),
    "update keyless set b = 'y' where a = 1": (change("keyless", 40, gone=(4, 4)),),
    "alter table keyless drop column b": (change("keyless", 40, emptied=(("b", 40),)),),
    "alter table keyless alter column a type text using 'n' || a": (change("keyless", 40, changed=(("a", 40),)),),
    "insert into keyless values (1, 'x')": (change("keyless", 41, gone=(0, 1)),),
    "alter table parted detach partition parted_1": (),
    "drop table parted_1": (change("parted_1", 0, gone=(31, 0)),),
    "update parted set v = -1 where id = 40": (change("parted_2", 19, changed=(("v", 1),)),),
    "delete from bare where ctid = '(0,1)'": (change("bare", 1, gone=(1, 0)),),
    "update only parent set v = 9": (change("parent", 1, changed=(("v", 1),)),),
    "delete from child where id = 1": (change("child", 1, gone=(1, 0)),),
    "update computed set v = 0 where id = 3": (change("computed", 20, changed=(("v", 1), ("w", 1))),),
    "alter table computed drop column w": (),
    "insert into empty values (1), (2)": (change("empty", 2, gone=(0, 2)),),
    "create table fresh (id int); insert into fresh values (1)": (change("fresh", 1, gone=(0, 1)),),
    "alter table t rename to t_old; create table t (like t_old including all); insert into t select * from t_old": (
        change("t", 100, gone=(0, 100)),
    ),
}


def test_migrations(bench: Bench) -> None:
    """Each migration of the list is told as it is, all other tables as untouched."""
    untouched = {f"public.{table}": change(table, rows) for table, rows in ROWS.items()}
    source = bench.database(BEFORE)
    wrong = {}
    for migration, expected in MIGRATIONS.items():
        database = bench.inspector.keep(source)
        for statement in migration.split("; "):
            bench.run(database, statement)
        found = set(bench.inspector.difference(source, database))
        wanted = set((untouched | {each.table: each for each in expected}).values())
        if "t_old" in migration:  # the table that was renamed keeps its name, and the new one has it too
            wanted |= {untouched["public.t"]}
            wanted = {each if each.added != 100 else new_table(each) for each in wanted}
        if found != wanted:
            wrong[migration] = (found - wanted, wanted - found)
        bench.run("postgres", f"drop database {database}")
    assert {} == wrong


def new_table(each: TableChange) -> TableChange:
    """Return the change of a table that nobody had before."""
    return TableChange(table=each.table, rows_before=0, rows_after=each.rows_after, lost=0, added=each.added)


def test_large_objects(bench: Bench) -> None:
    """Large objects are told like the rows of a table."""
    made = "select lo_from_bytea(0, convert_to(repeat(n::text, 5000), 'UTF8')) from generate_series(1, 9) n"
    found = bench.difference(made, "select lo_unlink(max(oid)), lo_put(min(oid), 3, 'x') from pg_largeobject_metadata")
    expected = TableChange(
        table="pg_catalog.pg_largeobject",
        rows_before=9,
        rows_after=8,
        lost=1,
        added=0,
        changed_columns=(ColumnChange(column="data", changed_rows=1),),
    )
    assert {expected.table: expected} == found


def test_partitioned_later(bench: Bench) -> None:
    """A table that became the head of partitions with all its rows lost nothing."""
    found = bench.difference(
        "create table t (id int primary key, v int); insert into t select n, n from generate_series(1, 30) n",
        "alter table t rename to o; create table t (id int primary key, v int) partition by range (id);"
        " create table t_1 partition of t for values from (0) to (20); create table t_2 partition of t default;"
        " insert into t select * from o where id <> 7; drop table o",
    )
    assert (30, 29, 1) == (found["public.t"].rows_before, found["public.t"].rows_after, found["public.t"].lost)


def test_hostile_names(bench: Bench) -> None:
    """Whatever tables and columns are called, a lost row and a changed value are told."""
    database = bench.database()
    tables = {name: sql.Identifier(name, name) for name in HOSTILE_NAMES}
    with bench.session(database) as session:
        for name, table in tables.items():
            session.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
            session.execute(sql.SQL("create table {} ({} int primary key, v text)").format(table, sql.Identifier(name)))
            session.execute(sql.SQL("insert into {} values (1, 'a'), (2, 'b'), (3, 'c')").format(table))
    kept = bench.inspector.keep(database)
    with bench.session(database) as session:
        for table in tables.values():
            session.execute(sql.SQL("delete from {} where v = 'a'").format(table))
            session.execute(sql.SQL("update {} set v = 'z' where v = 'b'").format(table))
    found = bench.inspector.difference(kept, database)
    assert len(HOSTILE_NAMES) == len(found)
    expected = (3, 2, 1, 0, (ColumnChange(column="v", changed_rows=1),))
    for each in found:
        assert expected == (each.rows_before, each.rows_after, each.lost, each.added, each.changed_columns)
    for each in found[:5]:
        (row,) = bench.inspector.examples(kept, database, table=each.table, limit=5)
        assert ["1", "a"] == list(row.values())


def test_zoo(database: Database) -> None:
    """Of a database with every kind of object nothing is told that did not happen."""
    load_zoo(database)
    inspector = PostgresInspector(address=address_of(database), clock=SystemClock())
    kept = inspector.keep(database.name)
    try:
        found = inspector.difference(kept, database.name)
        assert () == tuple(each for each in found if each.lost or each.added or each.changed_columns or each.emptied)
        assert 30 < len(found)
        # Subscriptions belong to the database, not to its content.
        before, after = ([o for o in inspector.schema(name) if o.kind != "subscription"] for name in (kept, database.name))
        assert before == after
    finally:
        with database.server.connect("postgres") as session:
            session.execute(sql.SQL("drop database {}").format(sql.Identifier(kept)))


def test_examples(bench: Bench) -> None:
    """Lost rows can be shown, as many as asked for, of a table that is gone too."""
    database = bench.database(BEFORE)
    kept = bench.inspector.keep(database)
    bench.run(database, "delete from t where id in (3, 4); drop table pair; delete from keyless where a = 1")
    found = bench.inspector.examples(kept, database, table="public.t", limit=10)
    assert ["3", "4"] == sorted(str(row["id"]) for row in found)
    assert {"id", "a", "b", "c", "m", "d"} == found[0].keys()
    assert 2 == len(bench.inspector.examples(kept, database, table="public.pair", limit=2))
    assert {"1"} == {row["a"] for row in bench.inspector.examples(kept, database, table="public.keyless", limit=3)}
    assert () == bench.inspector.examples(kept, database, table="public.empty", limit=3)
    with pytest.raises(EngineFailed):
        bench.inspector.examples(kept, database, table="public.none", limit=3)
