"""Questions whose answers are digests of rows, computed by the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from amankan.adapters.engines.postgres.inspector.tables import Column, Pair, Table

# A row is known by 128 bits, a value by 64: of a billion rows no two are mistaken for each other.
KEY_BYTES: Final = 16
VALUE_BYTES: Final = 8

# What stands for a null: no text has it but for a chance of one in 2**64.
NULL: Final = bytes(VALUE_BYTES)


def key_text(pair: Pair, columns: Sequence[Column]) -> sql.Composable:
    """
    Return the expression for the text by which a row is known on one side: its key, or everything that both sides have.

    Args:
        pair: of tables.
        columns: those of this side, in the order of `pair.columns`.
    """
    if pair.by_key and pair.before is not None:
        places = {each.before.number: place for place, each in enumerate(pair.columns)}
        columns = [columns[places[number]] for number in pair.before.key]
        if len(columns) == 1:
            return sql.SQL('({}::text collate "C")').format(_value(columns[0]))
    if not columns:
        return sql.SQL("(''::text collate \"C\")")
    # In brackets of their own, since a row may not have more parts than a table has columns, and a cast may be needed each.
    listed = sql.SQL(", ").join(sql.SQL("{}::text").format(_value(column)) for column in columns)
    return sql.SQL('(row({})::text collate "C")').format(listed)


def row_digest(text: sql.Composable) -> sql.Composable:
    """Return the expression for the 16 bytes of a text."""
    return sql.SQL("(int8send(hashtextextended({t}, 1)) || int8send(hashtextextended({t}, 2)))").format(t=text)


def summary(table: Table, pair: Pair, *, columns: Sequence[Column], gone: Sequence[Column] = ()) -> sql.Composed:
    """
    Return the question for rows, a sum for each column (or one for whole rows), and how many values are in those gone.

    Equal sums on both sides mean equal values in the same rows, in whatever order the rows lie.
    """
    text = key_text(pair, columns)
    if pair.by_key:
        sums = [
            sql.SQL(
                "coalesce(sum(hashtextextended(coalesce({v}::text collate \"C\", 'null'), {k} # ({v} is null)::int)), 0)"
            ).format(v=_value(column), k=sql.SQL("hashtextextended({}, 1)").format(text))
            for column in columns
        ]
    else:
        sums = [sql.SQL("coalesce(sum(hashtextextended({}, {})), 0)").format(text, seed) for seed in (1, 2)]
    counts = [sql.SQL("count({})").format(_value(column)) for column in gone]
    asked = sql.SQL(", ").join([sql.SQL("count(*)"), *sums, *counts])
    return sql.SQL("select {} from {} t").format(asked, table.source)


def fingerprints(table: Table, pair: Pair, *, columns: Sequence[Column], compared: Sequence[Column]) -> sql.Composed:
    """Return the question for 16 bytes of each row and 8 of each compared value in one, sorted by them."""
    parts = [row_digest(key_text(pair, columns))]
    parts += [
        sql.SQL('int8send(coalesce(hashtextextended({}::text collate "C", 3), 0))').format(_value(column))
        for column in compared
    ]
    joined = sql.SQL(" || ").join(parts)
    return sql.SQL("select {} from {} t order by 1").format(joined, table.source)


def shown_rows(table: Table, pair: Pair, *, columns: Sequence[Column], known: Sequence[bytes]) -> sql.Composed:
    """Return the question for all values, as text, of the rows whose 16 bytes are among those given."""
    listed = sql.SQL(", ").join(sql.SQL("{}::text").format(_value(column)) for column in table.columns)
    wanted = sql.SQL("select {} from {} t where {} = any({}::bytea[]) limit {}")
    digest = row_digest(key_text(pair, columns))
    return wanted.format(listed, table.source, digest, sql.Literal(list(known)), sql.Literal(len(known)))


def _value(column: Column) -> sql.Composable:
    return sql.SQL("t.{}").format(sql.Identifier(column.name))
