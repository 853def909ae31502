"""Digests of rows that do not depend on their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import xxhash

from amankan.adapters.engines.postgres.archive.events import Begin, Content, End, Event, LargeObject, Part, Rows
from amankan.adapters.engines.postgres.archive.toc import LARGE_OBJECTS, Entry
from amankan.adapters.engines.postgres.names import LARGE_OBJECTS_LABEL, label_of
from amankan.adapters.engines.postgres.statement import target_of
from amankan.model.fingerprint import TablePrint

MODULUS: Final = 1 << 128

# The places of columns, in the order in which they are to be compared.
Order = tuple[int, ...]

# Zeros between hashes, so that many of them are added as one number: none of their sums flows over into the next.
ROOM: Final = bytes(4)
LANE_BITS: Final = 8 * (16 + len(ROOM))


def sum_of_hashes(rows: list[bytes]) -> int:
    """
    Return the sum of the rows' 128-bit hashes; there are fewer than 2^32.

    Cost: two thirds of adding them one by one, each of which would be a number of its own.
    """
    lanes, total = len(rows), int.from_bytes(ROOM.join(map(xxhash.xxh3_128_digest, rows)), "big")
    while lanes > 1:
        lanes = (lanes + 1) // 2
        upper = total >> lanes * LANE_BITS
        total = (total ^ upper << lanes * LANE_BITS) + upper
    return total


class RowSum:
    """
    Rows and the sum of their 128-bit hashes, so that the order of rows does not matter and equal rows count each.

    Source: Clarke and others, "Incremental multiset hash functions and their application to memory integrity checking".
    """

    __slots__ = ("_long", "rows", "total")

    def __init__(self) -> None:
        """No row was added."""
        self.rows = 0
        self.total = 0
        self._long: xxhash.xxh3_128 | None = None

    def add(self, rows: list[bytes]) -> None:
        """These rows count."""
        self.rows += len(rows)
        self.total += sum_of_hashes(rows)

    def add_part(self, content: bytes, *, last: bool) -> None:
        """A part of a row that is too long to be kept counts, as the whole row would."""
        if self._long is None:
            self._long = xxhash.xxh3_128()
        self._long.update(content)
        if last:
            self.rows += 1
            self.total += self._long.intdigest()
            self._long = None

    def table_print(self, table: str) -> TablePrint:
        """Return rows and digest, the latter bound to the table's name and to the number of rows."""
        bound = f"{table}\0{self.rows}\0{self.total % MODULUS:032x}".encode()
        return TablePrint(table=table, rows=self.rows, digest=xxhash.xxh3_128_hexdigest(bound))


class Tally:
    """
    The digests of all tables that go by as events, and of all large objects.

    Partitions that are loaded by the root of their tree count together under the root's name: a row may come to lie in
    another of them, and the sum over all of them stays. A partition may have its columns in another order than the root: such
    rows count as if they came in the root's. `begun` are the labels of the entries themselves.

    Cost: keeps a row whole where its columns are put in order.
    """

    def __init__(self, orders: Mapping[int, Order] | None = None) -> None:
        """Nothing went by; `orders` are those of entries whose columns are put in order, by number."""
        self._orders = orders or {}
        self._order: Order = ()
        self._long: list[bytes] = []
        self.begun: set[str] = set()
        self._sums: dict[str, RowSum] = {}
        self._now = RowSum()
        self._in_object = False

    def count(self, event: Event) -> None:
        """The event is counted."""
        match event:
            case Rows(rows=rows):
                self._now.add(_ordered(rows, self._order) if self._order else rows)
            case Part(content=content, last=last) if self._order:
                self._keep(content, last=last)
            case Part(content=content, last=last):
                self._now.add_part(content, last=last)
            case Content(content=content):
                self._now.add_part(content, last=False)
            case Begin(entry=entry):
                self.begun.add(entry_label(entry))
                self._order = self._orders.get(entry.number, ())
                self._now = self._sums.setdefault(counted_label(entry), RowSum())
            case LargeObject(oid=oid):
                self._end_object()
                self._in_object = True
                self._now.add_part(oid.to_bytes(8, "big"), last=False)
            case End():
                self._end_object()

    @property
    def rows(self) -> int:
        """The rows counted so far."""
        return sum(found.rows for found in self._sums.values())

    def prints(self) -> tuple[TablePrint, ...]:
        """Return one print for each table, sorted by name."""
        return tuple(self._sums[table].table_print(table) for table in sorted(self._sums))

    def _keep(self, content: bytes, *, last: bool) -> None:
        self._long.append(content)
        if last:
            self._now.add(_ordered([b"".join(self._long)], self._order))
            self._long = []

    def _end_object(self) -> None:
        if self._in_object:
            self._now.add_part(b"", last=True)
        self._in_object = False


def _ordered(rows: list[bytes], order: Order) -> list[bytes]:
    # Within a value a tab is written otherwise.
    cut = (row.split(b"\t") for row in rows)
    return [b"\t".join([values[place] for place in order]) for values in cut]


def entry_label(entry: Entry) -> str:
    """Return the name of what an entry's rows are read from."""
    if entry.kind == LARGE_OBJECTS:
        return LARGE_OBJECTS_LABEL
    return label_of(entry.namespace, entry.tag)


def counted_label(entry: Entry) -> str:
    """Return the name under which an entry's rows are compared: of the table that a load puts them into."""
    return entry_label(entry) if entry.kind == LARGE_OBJECTS else label_of(*target_of(entry))
