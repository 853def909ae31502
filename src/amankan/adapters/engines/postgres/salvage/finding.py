"""Which rows of a table differ between two databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from typing import Final

from psycopg import sql

from amankan.adapters.engines.postgres.inspector.difference import Sides, stream
from amankan.adapters.engines.postgres.inspector.digests import KEY_BYTES, key_text, row_digest
from amankan.adapters.engines.postgres.inspector.tables import Column, Pair, Table, reads_same

# Rows are told by their share of so many: where few differ, few shares are read row by row.
SHARES: Final = 65_536

# From so many shares on all rows are read at once.
MOST_SHARES: Final = SHARES // 2

# Of so many rows the 16 bytes are remembered, some 60 MB; all are counted.
MOST_ROWS: Final = 1_000_000

# Where a row stands and which transaction wrote it, in 8 bytes; no two rows of a table have both the same. A transaction's
# number is told by its distance from the first one, since nothing turns it into a number as quickly as its age.
PLACE: Final = sql.SQL("hashtidextended(t.ctid, (age(t.xmin)::int8 - (select age('3'::xid)::int8)) & 4294967295)")

_END: Final = b""


class Found:
    """What differs in one table: the 16 bytes of each row, as long as there is room, and how many there are in all."""

    __slots__ = (
        *("by_place", "changed", "changed_rows", "compared", "deleted", "deleted_rows", "inserted", "inserted_rows"),
        *("pair", "shares"),
    )

    def __init__(self, pair: Pair, compared: Pair) -> None:
        """Nothing differs yet."""
        self.pair, self.compared = pair, compared
        self.by_place = False
        self.shares: tuple[int, ...] = ()
        self.inserted: list[bytes] = []
        self.changed: list[bytes] = []
        self.deleted: list[bytes] = []
        self.inserted_rows = self.changed_rows = self.deleted_rows = 0

    def meet(self, before: bytes, after: bytes, *, room: int) -> None:
        """One more row differs; empty where a side has none of that key."""
        self.inserted_rows += not before
        self.deleted_rows += not after
        self.changed_rows += bool(before and after)
        if self.remembered < room:
            kind = self.inserted if not before else self.changed if after else self.deleted
            kind.append((after or before)[:KEY_BYTES])

    @property
    def remembered(self) -> int:
        """Of how many rows the 16 bytes are there."""
        return len(self.inserted) + len(self.changed) + len(self.deleted)

    @property
    def rows(self) -> int:
        """How many rows differ."""
        return self.inserted_rows + self.changed_rows + self.deleted_rows


def find(sides: Sides, pair: Pair, *, room: int = MOST_ROWS) -> Found:
    """
    Return the rows of a table that both sides have by which the side after differs from the side before.

    Values that read otherwise now, and those that the server computes, are not compared.

    Cost: reads both once, and a second time those shares of them in which something differs.
    """
    compared = replace(pair, columns=tuple(each for each in pair.columns if reads_same(each) and not each.before.made))
    found = Found(pair, compared)
    before, after = _tables(pair)
    found.by_place = _same_file(sides, before, after=after)
    if found.by_place and _untouched(sides, before, after=after):
        return found
    had, has = sides.all(_shares(before, found, of="before"), _shares(after, found, of="after"))
    mine, theirs = {share: rest for share, *rest in had}, {share: rest for share, *rest in has}
    differing = tuple(sorted(share for share in mine.keys() | theirs.keys() if mine.get(share) != theirs.get(share)))
    if not differing:
        return found
    found.shares = differing if len(differing) < MOST_SHARES else ()
    with (
        closing(stream(sides.before, _rows(before, found, of="before"), hands=sides.hands)) as lefts,
        closing(stream(sides.after, _rows(after, found, of="after"), hands=sides.hands)) as rights,
    ):
        for left, right in _merged(chain.from_iterable(lefts), chain.from_iterable(rights)):
            found.meet(left, right, room=room)
    return found


def wanted(found: Found, digests: list[bytes], *, of: str) -> sql.Composable:
    """Return the condition for the rows with these 16 bytes on one side."""
    return sql.SQL("{}{} = any({}::bytea[])").format(_in_shares(found, of=of), digest_of(found, of=of), sql.Literal(digests))


def digest_of(found: Found, *, of: str) -> sql.Composable:
    """Return the expression for the 16 bytes of a row on one side."""
    return row_digest(key_text(found.compared, _columns(found.compared, of)))


def _merged(lefts: Iterator[tuple[bytes]], rights: Iterator[tuple[bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield each row that differs as both sides have it, empty where one has none of that key."""
    left, right = next(lefts, (_END,))[0], next(rights, (_END,))[0]
    while left or right:
        mine, theirs = left[:KEY_BYTES], right[:KEY_BYTES]
        if mine == theirs:
            if left != right:
                yield left, right
            left, right = next(lefts, (_END,))[0], next(rights, (_END,))[0]
        elif left and (not right or mine < theirs):
            yield left, _END
            left = next(lefts, (_END,))[0]
        else:
            yield _END, right
            right = next(rights, (_END,))[0]


def _same_file(sides: Sides, before: Table, *, after: Table) -> bool:
    """
    Tell whether one is a copy of the other that was written on since.

    Then what stands in the same place and was written by the same transaction is the same row, and need not be read.
    """
    if before.oid != after.oid or before.partitioned or after.partitioned:
        return False
    asked = sql.SQL("select pg_relation_filenode({}::oid)").format(sql.Literal(before.oid))
    left, right = sides.ask(asked, asked)
    return left == right


def _untouched(sides: Sides, before: Table, *, after: Table) -> bool:
    """Tell whether every row of one stands in its place in the other: ten times as quick as to ask for shares."""
    words = sql.SQL("select count(*), bit_xor({}) from {} t")
    left, right = sides.ask(words.format(PLACE, before.source), words.format(PLACE, after.source))
    return left == right


def _shares(table: Table, found: Found, *, of: str) -> sql.Composed:
    if found.by_place:
        row: sql.Composable = sql.SQL("bit_xor({})").format(PLACE)
    else:
        text = key_text(replace(found.compared, by_key=False), _columns(found.compared, of))
        row = sql.SQL("sum(hashtextextended({}, 2))::text").format(text)
    return sql.SQL("select {}, count(*), {} from {} t group by 1").format(_share(found, of=of), row, table.source)


def _rows(table: Table, found: Found, *, of: str) -> sql.Composed:
    columns = _columns(found.compared, of)
    key, row = key_text(found.compared, columns), key_text(replace(found.compared, by_key=False), columns)
    return sql.SQL("select {} || {} from {} t where {}true order by 1").format(
        row_digest(key), row_digest(row), table.source, _in_shares(found, of=of)
    )


def _in_shares(found: Found, *, of: str) -> sql.Composable:
    if not found.shares:
        return sql.SQL("")
    return sql.SQL("{} = any({}::int8[]) and ").format(_share(found, of=of), sql.Literal(list(found.shares)))


def _share(found: Found, *, of: str) -> sql.Composable:
    if found.by_place:
        told: sql.Composable = sql.SQL("hashtidextended(t.ctid, 1)")
    else:
        told = sql.SQL("hashtextextended({}, 1)").format(key_text(found.compared, _columns(found.compared, of)))
    return sql.SQL("({} & {})").format(told, sql.Literal(SHARES - 1))


def _columns(pair: Pair, of: str) -> list[Column]:
    return [each.before if of == "before" else each.after for each in pair.columns]


def _tables(pair: Pair) -> tuple[Table, Table]:
    assert pair.before is not None, "the caller looked"
    assert pair.after is not None, "the caller looked"
    return pair.before, pair.after
