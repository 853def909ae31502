"""Two databases read at once, and told what goes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from amankan.adapters.engines.postgres.engine import PostgresEngine
from amankan.adapters.engines.postgres.inspector.difference import Sides, large_objects
from amankan.adapters.engines.postgres.inspector.tables import Pair, pairs_of, tables_of
from amankan.adapters.engines.postgres.maintenance import told
from amankan.adapters.engines.postgres.salvage.finding import MOST_ROWS, Found, find
from amankan.adapters.engines.postgres.salvage.script import in_order, part_of, text_of
from amankan.adapters.engines.postgres.session import Session
from amankan.adapters.engines.postgres.settings import PATIENCE, TEXTS
from amankan.model.claim import Claim
from amankan.model.gone import GoneTable, Unwritten
from amankan.model.guard import SCHEMA

# Users may wait while this is read.
SETTINGS: Final = (("max_parallel_workers_per_gather", "4"), ("work_mem", "128MB"), ("jit", "off"))

# Whoever waits longer is better served by the whole database, which is kept too.
LIMIT_SECONDS: Final = 3600

_ENCODING: Final[LiteralString] = """
    select set_config('client_encoding', case when getdatabaseencoding() = 'SQL_ASCII' then 'SQL_ASCII' else 'UTF8' end, true)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What goes, by table, and the file that brings it back, to be read once while the databases are lent."""

    tables: tuple[GoneTable, ...]
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    A database `kept` that takes the place of the one that is `live`.

    `ledgers` are names of tables in which migration tools write down what they did: their rows are counted only. Of `room`
    rows, of all tables together, the content is in the file.
    """

    live: str
    kept: str
    ledgers: frozenset[str] = frozenset()
    room: int = MOST_ROWS


@contextmanager
def reading(engine: PostgresEngine, exchange: Exchange, *, claim: Claim) -> Iterator[Reading]:
    """
    Lend what of the live database is not so in the kept one; both may be shut, and neither is changed.

    Args:
        engine: of the server that has both.
        exchange: which databases, and what of them is told only.
        claim: under which one comes into a shut database.
    Raises:
        EngineFailed: a database cannot be read.
    """
    live, kept, ledgers, room = exchange.live, exchange.kept, exchange.ledgers, exchange.room
    with told(f"compare {live} with {kept}"), _sides(engine, live=live, kept=kept, claim=claim) as sides:
        gone: list[GoneTable] = []
        found: list[Found] = []
        for pair in pairs_of(tables_of(sides.before), tables_of(sides.after)):
            table = pair.after or pair.before
            if table is None or table.schema == SCHEMA:
                continue
            one, differs = _one(sides, pair, ledgers=ledgers, room=room - sum(each.remembered for each in found))
            if one.rows or one.columns:
                gone.append(one)
            if differs is not None and one.written:
                found.append(differs)
        gone += _large(sides)
        parts = [part_of(sides.before, each, number=number) for number, each in enumerate(found, start=1)]
        yield Reading(tables=tuple(gone), pieces=text_of(sides, in_order(sides.before, parts)))


def _one(sides: Sides, pair: Pair, *, ledgers: frozenset[str], room: int) -> tuple[GoneTable, Found | None]:
    if pair.after is None:
        return GoneTable(table=pair.label), None
    if pair.before is None:
        counted = sql.SQL("select count(*) from {} t").format(pair.after.source)
        (rows,) = sides.after.execute(counted).fetchone() or (0,)
        return GoneTable(table=pair.label, inserted=rows, unwritten=Unwritten.NO_TABLE), None
    known = {each.after.number for each in pair.columns if not each.renewed}
    columns = tuple(each.name for each in pair.after.columns if each.number not in known and not each.made)
    told_of = GoneTable(table=pair.label, columns=columns)
    for session in (sides.before, sides.after):
        session.execute("savepoint amankan")
    try:
        found = find(sides, pair, room=max(room, 0))
    except psycopg.DatabaseError:
        for session in (sides.before, sides.after):
            session.execute("rollback to savepoint amankan")
        return replace(told_of, changed=1, unwritten=Unwritten.FAILED), None
    counts = replace(told_of, inserted=found.inserted_rows, changed=found.changed_rows, deleted=found.deleted_rows)
    if not found.rows:
        return counts, None
    if pair.before.name in ledgers:
        return replace(counts, unwritten=Unwritten.LEDGER), None
    return _written(counts, found), found


def _written(counts: GoneTable, found: Found) -> GoneTable:
    if found.remembered < found.rows:
        return replace(counts, written=found.remembered, unwritten=Unwritten.MANY)
    if found.deleted and not found.pair.by_key:
        return replace(counts, written=len(found.inserted), unwritten=Unwritten.NO_KEY)
    return replace(counts, written=found.rows)


def _large(sides: Sides) -> list[GoneTable]:
    return [
        GoneTable(
            table=change.table,
            inserted=change.added,
            changed=sum(column.changed_rows for column in change.changed_columns),
            deleted=change.lost,
            unwritten=Unwritten.LARGE_OBJECTS,
        )
        for change in large_objects(sides)
        if change.added or change.lost or change.changed_columns
    ]


@contextmanager
def _sides(engine: PostgresEngine, *, live: str, kept: str, claim: Claim) -> Iterator[Sides]:
    """Lend a session in each of them, both at one moment, for reading."""
    with ExitStack() as stack:
        before, after = (stack.enter_context(engine.inside(name, claim=claim)) for name in (kept, live))
        for session in (before, after):
            stack.callback(_leave, session)
            session.execute("begin transaction isolation level repeatable read, read only")
            session.execute(_ENCODING)
            for name, value in (*TEXTS, *PATIENCE, *SETTINGS, ("statement_timeout", f"{LIMIT_SECONDS}s")):
                session.execute("select pg_catalog.set_config(%s, %s, true)", [name, value])
        hands = stack.enter_context(ThreadPoolExecutor(2))
        yield Sides(before=before, after=after, hands=hands)


def _leave(session: Session) -> None:
    """The session is as it was; one that was lost is left alone."""
    with suppress(psycopg.Error):
        session.rollback()
