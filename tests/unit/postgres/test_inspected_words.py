"""Texts of SQL are taken apart as the server does, and what is dangerous in them is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from amankan.adapters.engines.postgres.inspector.danger import danger
from amankan.adapters.engines.postgres.inspector.merging import Compared
from amankan.adapters.engines.postgres.inspector.noted import lines_of
from amankan.adapters.engines.postgres.inspector.words import SHOWN_CHARACTERS, statements_of

SPLIT = {
    "": [],
    " ; ;; -- nothing": [],
    "select 1": ["select 1"],
    "select 1; select 2;": ["select 1", "select 2"],
    "select ';' ; select E'\\';' ; select \";\"": ["select ';'", "select E'\\';'", 'select ";"'],
    "select 'it''s;'": ["select 'it''s;'"],
    "/* a; /* b; */ c; */ select 1; -- d;\nselect 2": ["select 1", "select 2"],
    "do $$ begin; end $$; select $a$;$$;$a$": ["do $$ begin; end $$", "select $a$;$$;$a$"],
    "select a$b$; select 1": ["select a$b$", "select 1"],
    "create rule r as on insert to t do (select 1; select 2); select 3": [
        "create rule r as on insert to t do (select 1; select 2)",
        "select 3",
    ],
    "create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3": [
        "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
        "select 3",
    ],
    "begin; select 1; end": ["begin", "select 1", "end"],
    "select 'never ends; select 2": ["select 'never ends", "select 2"],
}

DANGERS = {
    "select 1": "",
    "insert into t select * from u": "",
    "update t set a = 1 where id = 2": "",
    "update t set a = (select b from u where u.id = 1)": "changes every row: it has no condition",
    "update t set a = 1 where true": "changes every row: it has no condition",
    "UPDATE t SET a = 'where'": "changes every row: it has no condition",
    'update t set "where" = 1': "changes every row: it has no condition",
    "select * from t for update": "",
    "insert into t values (1) on conflict (id) do update set a = 1": "",
    "delete from t": "deletes rows without a condition",
    "delete from t where 1=1": "deletes rows without a condition",
    "delete from t using u where u.id = t.id": "",
    "with gone as (delete from t returning *) select * from gone where id = 1": "deletes rows without a condition",
    "with gone as (delete from t where a = 1 returning *) select * from gone": "",
    "prepare p as delete from t": "deletes rows without a condition",
    "explain (analyze) delete from t": "deletes rows without a condition",
    "explain delete from t": "",
    "truncate table t, u": "empties a table",
    "drop table if exists t cascade": "removes a table with its rows",
    "drop database shop": "removes a whole database",
    "drop schema s cascade": "removes a schema",
    "drop view v cascade": "removes what other objects need",
    "drop index i": "",
    "drop type mood": "removes a type or an extension",
    "alter table t drop column c": "removes a column with its values",
    "alter table only s.t drop if exists c": "removes a column with its values",
    "alter table t add d int, drop c": "removes a column with its values",
    "alter table t drop constraint c": "",
    "alter table t alter column c drop default": "",
    "alter table t alter c drop not null": "",
    "alter table t alter column c type bigint": "may write the whole table anew while nobody can use it",
    "alter table t alter c set data type text using c::text": "may write the whole table anew while nobody can use it",
    "alter table t alter column c set not null": "reads the whole table while nobody can use it",
    "alter table t add constraint k check (a > 0)": "checks every row while nobody can write",
    "alter table t add constraint k check (a > 0) not valid": "",
    "alter table t add column a int": "",
    "alter table t rename column a to b": "gives a table or column another name, which the old release does not know",
    "alter table t detach partition p": "takes a partition away from its table",
    "alter table t disable trigger all": "switches triggers or row security off",
    "create unique index i on t (a)": "lets nobody write while it builds an index",
    "create index concurrently i on t (a)": "",
    "create table t (a int)": "",
    "lock table t": "locks a table by name",
    "vacuum full t": "writes the whole table anew while nobody can use it",
    "vacuum t": "",
    "copy t to program 'rm -rf /'": "runs a program on the server",
    "alter system set fsync = off": "changes the server, not only the database",
    "create role intruder login": "changes the server, not only the database",
    "drop user if exists somebody": "changes the server, not only the database",
    "create user mapping for somebody server far": "",
    "do $$ begin if true then delete from t; end if; end $$": "deletes rows without a condition",
    "do $$ begin execute 'dr' || 'op table t'; end $$": "runs statements that it makes up itself and that are not seen here",
    "do $$ begin perform 1; end $$": "",
    "comment on table t is 'drop table t'": "",
}


@pytest.mark.parametrize(("text", "expected"), SPLIT.items(), ids=range(len(SPLIT)))
def test_statements(text: str, expected: list[str]) -> None:
    """A semicolon ends a statement only where the server thinks so."""
    assert expected == [statement.sql for statement in statements_of(text)]


@pytest.mark.parametrize(("text", "expected"), DANGERS.items(), ids=range(len(DANGERS)))
def test_danger(text: str, expected: str) -> None:
    """The worst reason is named, and none where there is none."""
    (statement,) = statements_of(text)
    assert expected == danger(statement.tokens)


def test_secrets() -> None:
    """A password is masked wherever one may stand, even at the edge where a long statement is cut."""
    for text in ("alter user u password 'geheim'", "create user u password $$geheim$$", "select 'password=geheim host=x'"):
        assert "geheim" not in statements_of(text)[0].sql
    for length in range(SHOWN_CHARACTERS - 60, SHOWN_CHARACTERS + 10):
        (shown,) = statements_of(f"select '{'x' * length}', 'postgres://u:geheim@h/d'")
        assert "geh" not in shown.sql


def test_log(tmp_path: Path) -> None:
    """Lines are read whole, whatever stands in them and wherever the file ends, from a place on."""
    message = 'a "quoted"\nlong, ' + "x" * 3_000_000
    doubled = message.replace('"', '""')
    line = f'now,"u","d",7,"[local]",s.1,3,"SELECT",then,1/2,0,LOG,00000,"{doubled}",,,,,,"q",,,"app","client backend",,0\n'
    path = tmp_path / "server.csv"
    path.write_text(f"passed over\n{line}{line}{line[:50]}")
    found = list(lines_of(path, start_bytes=len("passed over\n")))
    assert [("s.1", "LOG", message, "q", "app")] * 2 == [tuple(each) for each in found]


def test_merge() -> None:
    """Rows are told apart by their first 16 bytes, values by 8 more each; of several equal rows each counts."""

    def row(key: int, *values: int) -> tuple[bytes]:
        return (key.to_bytes(16, "big") + b"".join(value.to_bytes(8, "big") for value in values),)

    found = Compared(2)
    before = [[row(1, 5, 5), row(2, 5, 0)], [row(3, 5, 5), row(3, 5, 5)]]
    after = [[row(2, 6, 7)], [row(3, 5, 5), row(4, 1, 1), row(5, 1, 1)]]
    found.merge(iter(before), iter(after), examples=1)
    assert (2, 2, [1, 1], [1, 0]) == (found.lost, found.added, found.changed, found.wiped)
    assert [(1).to_bytes(16, "big")] == found.examples
