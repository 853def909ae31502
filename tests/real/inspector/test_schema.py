"""Every object of a schema is told with a definition that people can read, and changes are told as such."""

from __future__ import annotations

import pytest
from tests.real.inspector.place import Bench

from amankan.errors import EngineFailed
from amankan.model.impact import Change
from amankan.operations.impact import schema_changes

pytestmark = pytest.mark.real

BEFORE = """
create type mood as enum ('good', 'bad');
create table t (id int primary key, a text, b text not null default 'x', c numeric(10, 2));
create index t_a on t (a);
create view v as select id, a from t;
create function f() returns int language sql as 'select 1';
"""

MIGRATIONS: dict[str, list[tuple[str, str, Change, str | None]]] = {
    "alter table t add column d text not null default ''": [
        ("column", "public.t.d", Change.ADDED, "text not null default ''::text"),
    ],
    "alter table t drop column c": [("column", "public.t.c", Change.REMOVED, "numeric(10,2)")],
    "alter table t alter column b drop not null": [("column", "public.t.b", Change.CHANGED, "text default 'x'::text")],
    "alter table t alter column c type numeric(12, 3)": [("column", "public.t.c", Change.CHANGED, "numeric(12,3)")],
    "drop index t_a": [("index", "public.t_a", Change.REMOVED, "CREATE INDEX t_a ON public.t USING btree (a)")],
    "alter type mood add value 'fine'": [
        ("enum", "public.mood", Change.CHANGED, None),
    ],
    "create table u (id bigint generated always as identity, t int references t)": [
        ("column", "public.u.id", Change.ADDED, "bigint not null identity always"),
        ("column", "public.u.t", Change.ADDED, "integer"),
        ("constraint", "u_t_fkey on public.u", Change.ADDED, "FOREIGN KEY (t) REFERENCES public.t(id)"),
        ("sequence", "public.u_id_seq", Change.ADDED, None),
        ("table", "public.u", Change.ADDED, None),
    ],
    "create or replace view v as select id, a, b from t": [("view", "public.v", Change.CHANGED, None)],
    "alter table t add check (id > 0) not valid": [
        ("constraint", "t_id_check on public.t", Change.ADDED, "CHECK ((id > 0)) NOT VALID"),
    ],
    "alter table t enable row level security": [("table", "public.t", Change.CHANGED, None)],
    "create or replace function f() returns int language sql as 'select 2'": [("function", "public.f()", Change.CHANGED, None)],
    "insert into t values (1)": [],
}


def test_changes(bench: Bench) -> None:
    """Each migration of the list is told as exactly the objects that it changes."""
    for migration, expected in MIGRATIONS.items():
        database = bench.database(BEFORE)
        before = bench.inspector.schema(database)
        bench.run(database, migration)
        found = [
            (each.kind, each.name, each.change, each.detail)
            for each in schema_changes(before, bench.inspector.schema(database))
        ]
        told = [(*each[:3], None if wanted[3] is None else each[3]) for each, wanted in zip(found, expected, strict=False)]
        assert (expected, len(expected)) == (told, len(found)), (migration, found)


def test_somebody_is_there(bench: Bench) -> None:
    """A database in which somebody is cannot be kept, and that is said."""
    database = bench.database(BEFORE)
    with bench.session(database), pytest.raises(EngineFailed):
        bench.inspector.keep(database)
    assert "amankan_kept_" in bench.inspector.keep(database)
