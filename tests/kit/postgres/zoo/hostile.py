"""Names that are allowed and that break whatever pastes them into something."""

from collections.abc import Iterator

from psycopg import sql

# All of them fit in 63 bytes, are unlike each other, and may name a table, a column, a schema, a role or a database.
HOSTILE_NAMES = (
    'a"b',
    "a'b",
    "a''b",
    "a;drop table t;--",
    "a\nb",
    "a\r\n\\!id",
    "a\n\\connect postgres",
    "a\tb",
    "ü" * 31,
    "Table",
    "table",
    "select",
    "user",
    "\u200b",
    " ",
    " leading and trailing ",
    "\u202egnp.exe",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${jndi:x}",
    "$(id)",
    "`id`",
    "%s %d {0}",
    "%",
    "=cmd()",
    "\x1b[2J",
    "../../x",
    "C:\\x",
    "*",
    "foo.*",
    "-t",
    "--schema=x",
    "x.pg_catalog",
    'public"; set role postgres; --',
    "\\.",
    "\\N",
    "$$",
    "$1",
    ":name",
    "a,b",
    "(a)",
    "a\\b",
    "é",
    "e\u0301",
    "😀",
    "1",
    "null",
    "ctid_",
    "/*",
    "*/",
    "--",
    "@",
    "a b?c=d&e#f",
)


def hostile_statements() -> Iterator[sql.Composed]:
    """Yield statements that give every kind of object each hostile name, a row in each table included."""
    home = sql.Identifier("zoo_hostile")
    yield sql.SQL("create schema {}").format(home)
    labels = sql.SQL(", ").join(map(sql.Literal, HOSTILE_NAMES))
    yield sql.SQL("create type {}.label as enum ({})").format(home, labels)
    columns = sql.SQL(", ").join(sql.SQL("{} text default {}").format(sql.Identifier(n), sql.Literal(n)) for n in HOSTILE_NAMES)
    yield sql.SQL("create table {}.columns ({})").format(home, columns)
    yield sql.SQL("insert into {}.columns default values").format(home)
    yield sql.SQL("create table {}.pg_catalog (pg_catalog int, oid_ oid)").format(home)
    for number, name in enumerate(HOSTILE_NAMES):
        yield from _statements_for(home, number, name)


def _statements_for(home: sql.Identifier, number: int, name: str) -> Iterator[sql.Composed]:
    parts = {
        "home": home,
        "name": sql.Identifier(name),
        "text": sql.Literal(name),
        "number": sql.Literal(number),
        "index": sql.Identifier(f"{name[:20]}_i"),
        "sequence": sql.Identifier(f"{name[:20]}_s"),
    }
    for template in (
        sql.SQL("create schema {name}"),
        sql.SQL("create table {name}.{name} ({name} {home}.label constraint {name} check ({name} is not null), n int)"),
        sql.SQL("insert into {name}.{name} values ({text}, {number})"),
        sql.SQL("create index {index} on {name}.{name} ({name})"),
        sql.SQL("create sequence {name}.{sequence}"),
        sql.SQL("create function {name}.{name}({name} text) returns text language sql as 'select $1'"),
        sql.SQL("create trigger {name} before truncate on {name}.{name} execute function zoo.seen_statement()"),
        sql.SQL("create policy {name} on {name}.{name} using ({name}::text = {text})"),
        sql.SQL("comment on table {name}.{name} is {text}"),
        sql.SQL("comment on column {name}.{name}.{name} is {text}"),
        sql.SQL("comment on schema {name} is {text}"),
    ):
        yield template.format(**parts)
