"""What happened to the rows of one database on the way to another."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.inspector.digests import fingerprints, shown_rows, summary
from amankan.adapters.engines.postgres.inspector.merging import Compared
from amankan.adapters.engines.postgres.inspector.tables import ColumnPair, Pair, pairs_of, tables_of
from amankan.adapters.engines.postgres.names import LARGE_OBJECTS_LABEL
from amankan.adapters.engines.postgres.session import Session, connected
from amankan.errors import EngineFailed
from amankan.model.impact import ColumnChange, TableChange
from amankan.model.sentence import say

# The copy has the machine for itself.
SETTINGS: Final = "set max_parallel_workers_per_gather = 4; set work_mem = '128MB'; set jit = off"

# Rows asked for at once: 20,000 digests are half a megabyte.
BATCH: Final = 20_000

Pieces = Generator[list[tuple[bytes]], None, None]

_LARGE: Final[LiteralString] = """
    select int8send(m.oid::int8) || int8send(0) || int8send(coalesce(
        (select sum(hashtextextended(encode(l.data, 'hex') collate "C", l.pageno)) from pg_largeobject l where l.loid = m.oid)
        % 9223372036854775783, 0)::int8)
    from pg_largeobject_metadata m order by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A session in the database as it was, one in the database as it is, and hands that let both work at once."""

    before: Session
    after: Session
    hands: ThreadPoolExecutor

    def all(self, before: sql.Composed, after: sql.Composed) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """Return all rows of an answer from each side."""
        asked = [
            self.hands.submit(_rows, session, question) for session, question in ((self.before, before), (self.after, after))
        ]
        left, right = (each.result() for each in asked)
        return left, right

    def ask(self, before: sql.Composed | None, after: sql.Composed | None) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return one row from each side; an empty one where nothing was asked."""
        asked = [
            None if question is None else self.hands.submit(_first, session, question)
            for session, question in ((self.before, before), (self.after, after))
        ]
        left, right = (() if each is None else each.result() for each in asked)
        return left, right


@contextmanager
def both_sides(before: Address, after: Address) -> Iterator[Sides]:
    """Lend sessions in two databases, each at one moment."""
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(connected(address, application_name="amankan inspector")) for address in (before, after)
        )
        for session in (first, second):
            session.execute(SETTINGS)
            session.execute("begin transaction isolation level repeatable read, read only")
        hands = stack.enter_context(ThreadPoolExecutor(2))
        yield Sides(before=first, after=second, hands=hands)


def differences(sides: Sides) -> tuple[TableChange, ...]:
    """Return, for every table, what happened to its rows, sorted by name; large objects are a table of their own."""
    pairs = pairs_of(tables_of(sides.before), tables_of(sides.after))
    found = [_of_pair(sides, pair) for pair in pairs]
    large = large_objects(sides)
    return tuple(sorted([*found, *large], key=lambda change: change.table))


def lost_rows(sides: Sides, table: str, *, limit: int) -> tuple[dict[str, str | None], ...]:
    """Return up to `limit` rows that the table had and has no more, each as text by column."""
    pairs = pairs_of(tables_of(sides.before), tables_of(sides.after))
    pair = next((each for each in pairs if each.before is not None and each.label == table), None)
    if pair is None or pair.before is None:
        raise EngineFailed(say("cannot show rows of {table}: there was no such table", table=table))
    columns = [each.before for each in pair.columns]
    if pair.after is None:
        names = sql.SQL(", ").join(sql.SQL("t.{}::text").format(sql.Identifier(each.name)) for each in pair.before.columns)
        question = sql.SQL("select {} from {} t limit {}").format(names, pair.before.source, limit)
        found = sides.before.execute(question).fetchall()
    else:
        known = _merged(sides, pair, compared=[], examples=limit).examples
        found = sides.before.execute(shown_rows(pair.before, pair, columns=columns, known=known)).fetchall()
    return tuple(dict(zip((each.name for each in pair.before.columns), values, strict=True)) for values in found)


def _of_pair(sides: Sides, pair: Pair) -> TableChange:
    mine, theirs = [each.before for each in pair.columns], [each.after for each in pair.columns]
    left, right = sides.ask(
        None if pair.before is None else summary(pair.before, pair, columns=mine, gone=pair.gone),
        None if pair.after is None else summary(pair.after, pair, columns=theirs),
    )
    if not left or not right:
        rows_before, rows_after = (side[0] if side else 0 for side in (left, right))
        return TableChange(table=pair.label, rows_before=rows_before, rows_after=rows_after, lost=rows_before, added=rows_after)
    values = left[len(right) :]
    emptied = [
        ColumnChange(column=column.name, changed_rows=count) for column, count in zip(pair.gone, values, strict=True) if count
    ]
    return _told(pair, sides, left=left[: len(right)], right=right, emptied=emptied)


def _told(
    pair: Pair, sides: Sides, *, left: tuple[Any, ...], right: tuple[Any, ...], emptied: list[ColumnChange]
) -> TableChange:
    compared = [number for number in range(len(pair.columns)) if pair.by_key and left[1 + number] != right[1 + number]]
    found = Compared(len(compared)) if left == right else _merged(sides, pair, compared=compared)
    changed = []
    for number, count, wiped in zip(compared, found.changed, found.wiped, strict=True):
        each = pair.columns[number]
        if each.renewed and wiped:
            emptied = [*emptied, ColumnChange(column=each.before.name, changed_rows=wiped)]
        elif count:
            changed.append(ColumnChange(column=each.before.name, changed_rows=count))
    for each in pair.apart:
        count = _alone(sides, pair, column=each)
        if count and each.renewed:
            emptied = [*emptied, ColumnChange(column=each.before.name, changed_rows=count)]
        elif count:
            changed.append(ColumnChange(column=each.before.name, changed_rows=count))
    return TableChange(
        table=pair.label,
        rows_before=left[0],
        rows_after=right[0],
        lost=found.lost,
        added=found.added,
        changed_columns=tuple(changed),
        emptied=tuple(emptied),
    )


def _alone(sides: Sides, pair: Pair, *, column: ColumnPair) -> int:
    """Return how many values of a column are found nowhere in it afterwards, where rows cannot be told by a key."""
    return _merged(sides, replace(pair, columns=(column,)), compared=[]).lost


def _merged(sides: Sides, pair: Pair, *, compared: list[int], examples: int = 0) -> Compared:
    assert pair.before is not None, "the caller looked"
    assert pair.after is not None, "the caller looked"
    mine, theirs = [each.before for each in pair.columns], [each.after for each in pair.columns]
    questions = (
        fingerprints(pair.before, pair, columns=mine, compared=[mine[number] for number in compared]),
        fingerprints(pair.after, pair, columns=theirs, compared=[theirs[number] for number in compared]),
    )
    return _compare(sides, questions, columns=len(compared), examples=examples)


def _compare(sides: Sides, questions: tuple[sql.Composable, sql.Composable], *, columns: int, examples: int = 0) -> Compared:
    found = Compared(columns)
    with (
        closing(stream(sides.before, questions[0], hands=sides.hands)) as before,
        closing(stream(sides.after, questions[1], hands=sides.hands)) as after,
    ):
        found.merge(before, after, examples=examples)
    return found


def stream(session: Session, question: sql.Composable, *, hands: ThreadPoolExecutor) -> Pieces:
    """Yield rows in pieces; the next piece is fetched while this one is looked at."""
    cursor = session.cursor("inspected", binary=True)
    asked = hands.submit(_open, cursor, question)

    def pieces() -> Pieces:
        try:
            piece = asked.result()
            while piece:
                following = hands.submit(cursor.fetchmany, BATCH)
                yield piece
                piece = following.result()
        finally:
            cursor.close()

    return pieces()


def _open(cursor: Any, question: sql.Composable) -> list[Any]:
    cursor.execute(question)
    found: list[Any] = cursor.fetchmany(BATCH)
    return found


def _first(session: Session, question: sql.Composed) -> tuple[Any, ...]:
    return session.execute(question).fetchone() or ()


def _rows(session: Session, question: sql.Composed) -> list[tuple[Any, ...]]:
    return session.execute(question).fetchall()


def large_objects(sides: Sides) -> list[TableChange]:
    """Return what happened to the large objects, as if they were a table; nothing where there are none."""
    counted = sql.SQL("select count(*) from pg_largeobject_metadata").format()
    (before,), (after,) = sides.ask(counted, counted)
    if not before and not after:
        return []
    found = _compare(sides, (sql.SQL(_LARGE), sql.SQL(_LARGE)), columns=1)
    changed = (ColumnChange(column="data", changed_rows=found.changed[0]),) if found.changed[0] else ()
    return [
        TableChange(
            table=LARGE_OBJECTS_LABEL,
            rows_before=before,
            rows_after=after,
            lost=found.lost,
            added=found.added,
            changed_columns=changed,
        )
    ]
