"""Digests of single columns, computed by the server on a copy that nobody else uses."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.names import label_of
from amankan.adapters.engines.postgres.session import Session, rows
from amankan.model.fingerprint import Fingerprint, TablePrint

# Server workers for one question: the copy has the machine for itself.
WORKERS: Final = 4

MODULUS: Final = 1 << 64

_TABLES: Final[LiteralString] = """
    select c.oid, n.nspname, c.relname, convert_to(n.nspname::text, getdatabaseencoding()),
        convert_to(c.relname::text, getdatabaseencoding())
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""

_COLUMNS: Final[LiteralString] = """
    select attname from pg_attribute where attrelid = %s and attnum > 0 and not attisdropped order by attnum
"""

# The primary key, else the first unique index over columns that cannot be null.
_KEY: Final[LiteralString] = """
    select array(select a.attname from unnest(i.indkey) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number order by k.place)
    from pg_index i where i.indrelid = %s and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
    and not exists (select from unnest(i.indkey) n join pg_attribute a on a.attrelid = i.indrelid and a.attnum = n
        where not a.attnotnull)
    order by i.indisprimary desc, i.indexrelid limit 1
"""


def with_columns(session: Session, fingerprint: Fingerprint, *, tables: frozenset[str]) -> Fingerprint:
    """
    Return the fingerprint with a digest for each column of the tables named by their labels.

    Args:
        session: on the database that the fingerprint was taken of, where nobody writes since.
        fingerprint: of the whole database.
        tables: labels of those for which it is wanted; others stay as they are.
    Cost: reads each of the tables once, in the server; nothing is sent but the digests.
    """
    known = {label_of(*raw): (oid, schema, name) for oid, schema, name, *raw in rows(session, _TABLES)}
    session.execute(sql.SQL("set max_parallel_workers_per_gather = {}").format(sql.Literal(WORKERS)))
    found = [
        _with_columns(session, table, place=known[table.table]) if table.table in tables & known.keys() else table
        for table in fingerprint.tables
    ]
    return replace(fingerprint, tables=tuple(found))


def _with_columns(session: Session, table: TablePrint, *, place: tuple[int, str, str]) -> TablePrint:
    oid, schema, name = place
    columns = [column for (column,) in rows(session, _COLUMNS, oid)]
    if not columns:
        return table
    key = rows(session, _KEY, oid)
    summed = sql.SQL(", ").join(_digest(column, key[0][0] if key else []) for column in columns)
    question = sql.SQL("select {} from only {} t").format(summed, sql.Identifier(schema, name))
    sums = session.execute(question).fetchone() or ()
    digests = tuple((column, f"{int(total) % MODULUS:016x}") for column, total in zip(columns, sums, strict=True))
    return replace(table, columns=digests)


def _digest(column: str, key: list[str]) -> sql.Composable:
    """
    Return the sum of a column's hashes, each bound to the key of its row, so that values that changed places are seen.

    A value is hashed as text, which every type has; where a table has no key only the values count, not their places.
    """
    bound: sql.Composable = sql.SQL("0::int8")
    for part in key:
        bound = sql.SQL('hashtextextended(t.{}::text collate "C", {})').format(sql.Identifier(part), bound)
    # A null is no text at all: it counts as what the empty text would be under another seed.
    words = "coalesce(hashtextextended(t.{}::text collate \"C\", {}), hashtextextended('null', {} # 1))"
    hashed = sql.SQL(words).format(sql.Identifier(column), bound, bound)
    return sql.SQL("coalesce(sum({}), 0)").format(hashed)
