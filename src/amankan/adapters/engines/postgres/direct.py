"""The rows of tables read by sessions of our own at the snapshot of a dump, several at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, LiteralString, Protocol

from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.archive.events import Begin, End, Event, Part, Rows
from amankan.adapters.engines.postgres.archive.toc import TABLE_DATA, Entry, Toc
from amankan.adapters.engines.postgres.session import Session, begin_snapshot, connected, row, rows
from amankan.adapters.engines.postgres.statement import columns_of, quoted_name, understood
from amankan.adapters.engines.postgres.wire import Wire

# What one question reads of a table: small enough that what is read ahead is bounded, large enough that asking is cheap.
RANGE_BYTES: Final = 8 << 20

# How large a table is: rows on pages, and what lies outside of them. Only the heap can be read by ranges of pages; rows of
# an extension's tables are chosen by a condition of the extension. Names are bytes in the encoding of the database, as they
# stand in an archive.
SIZES: Final[LiteralString] = """
    select convert_to(n.nspname::text, getdatabaseencoding()), convert_to(c.relname::text, getdatabaseencoding()),
        pg_relation_size(c.oid) / current_setting('block_size')::int8, pg_table_size(c.oid)
    from pg_class c join pg_am a on a.oid = c.relam join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and a.amname = 'heap' and c.relpersistence <> 't'
    and not exists (select from pg_extension where c.oid = any(extconfig)) and n.nspname !~ '^pg_'
"""

CONDITIONS: Final[LiteralString] = """
    select convert_to(n.nspname::text, getdatabaseencoding()), convert_to(c.relname::text, getdatabaseencoding()),
        convert_to(u.condition, getdatabaseencoding())
    from pg_extension e cross join unnest(e.extconfig, e.extcondition) u (table_oid, condition)
    join pg_class c on c.oid = u.table_oid join pg_namespace n on n.oid = c.relnamespace where u.condition <> ''
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The size of a table: its pages, and all of its bytes; `condition` chooses the rows of an extension's table."""

    pages: int
    size_bytes: int
    condition: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One range of one table; `last` tells that the table ends with it."""

    entry: Entry
    statement: bytes
    first: bool
    last: bool


class Answerer(Protocol):
    """What answers questions in the order in which they were asked."""

    def ask(self, statement: bytes) -> None:
        """The statement will be answered in its turn."""
        ...

    def answer(self) -> Iterator[Rows | Part]:
        """Return the rows of the next statement that was asked."""
        ...


def questions(entry: Entry, extent: Extent, *, divided: bool) -> list[Question]:
    """
    Return the questions whose answers, one after the other, are all rows of the table.

    The rows are always those of the entry itself, also where a load puts them into the tree of partitions above it. What is
    not `divided` into ranges of pages costs the server a tenth less, and one session reads all of it.
    """
    columns, own = columns_of(entry), quoted_name((entry.namespace, entry.tag))
    starts = _starts(extent) if divided else [0]
    if extent.condition:
        # As pg_dump itself asks.
        chosen = b"copy (select " + columns[1:-1] + b" from " + own + b" " + extent.condition + b") to stdout"
        return [Question(entry=entry, statement=chosen, first=True, last=True)]
    if len(starts) == 1 and columns:
        whole = b"copy " + own + b" " + columns + b" to stdout"
        return [Question(entry=entry, statement=whole, first=True, last=True)]
    selected = b"select " + columns[1:-1] + b" from only " + own
    asked = []
    for at, start in enumerate(starts):
        last = at + 1 == len(starts)
        limit = b"" if last else b" and ctid < '(%d,0)'::tid" % starts[at + 1]
        where = b" where ctid >= '(%d,0)'::tid" % start + limit if len(starts) > 1 else b""
        statement = b"copy (" + selected + where + b") to stdout"
        asked.append(Question(entry=entry, statement=statement, first=at == 0, last=last))
    return asked


Extents = dict[tuple[bytes, bytes], Extent]


def readable(toc: Toc, extents: Extents) -> bool:
    """Tell whether every table of the archive can be read by ranges."""
    tables = [entry for entry in toc.entries if entry.kind == TABLE_DATA and entry.has_data]
    return all((entry.namespace, entry.tag) in extents and understood(entry) for entry in tables)


def extents_of(session: Session) -> Extents:
    """Return the sizes of the tables that can be read by ranges, by schema and name; not of those that are gone meanwhile."""
    found = [each for each in rows(session, SIZES) if None not in each]
    return {(schema, name): Extent(pages=pages, size_bytes=size) for schema, name, pages, size in found}


def chosen_extents(session: Session) -> Extents:
    """Return the tables of extensions of which a dump has only the rows that a condition of the extension chooses."""
    found = rows(session, CONDITIONS)
    return {(schema, name): Extent(pages=0, size_bytes=0, condition=words) for schema, name, words in found}


def table_events(asked: Sequence[Question], wires: Sequence[Answerer]) -> Iterator[Event]:
    """
    Return the blocks of all tables in the order of the questions, which are dealt out to the wires in turn.

    Cost: each wire reads ahead by at most 8 MiB, so that its server process works while the rows of another are used.
    """
    for turn, wire in enumerate(wires):
        for question in asked[turn :: len(wires)][:2]:
            wire.ask(question.statement)
    for number, question in enumerate(asked):
        wire = wires[number % len(wires)]
        if question.first:
            yield Begin(entry=question.entry)
        yield from wire.answer()
        # Two questions are always under way on a wire, so that the server never waits for us to ask.
        following = number + 2 * len(wires)
        if following < len(asked):
            wire.ask(asked[following].statement)
        if question.last:
            yield End(entry=question.entry)


@contextmanager
def wires(address: Address, *, snapshot: str, name: str, count: int) -> Iterator[list[Wire]]:
    """Lend `count` wires whose sessions see the snapshot and speak the encoding of the database."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            session = stack.enter_context(connected(address, gssencmode="disable", application_name=name))
            read_at(session, snapshot)
            wire = Wire(session)
            stack.callback(wire.close)
            made.append(wire)
        yield made


def read_at(session: Session, snapshot: str) -> None:
    """The session is for rows alone from now on: it sees the snapshot and speaks the encoding of the database."""
    encoding = row(session, "select pg_encoding_to_char(encoding) from pg_database where datname = current_database()")
    begin_snapshot(session, snapshot)
    session.execute(
        "set local synchronize_seqscans = off; set local enable_seqscan = off; "
        "set local max_parallel_workers_per_gather = 0; set local jit = off"
    )
    session.execute(sql.SQL("set local client_encoding = {}").format(sql.Literal(encoding[0])))


def open_socket(address: Address, session: Session) -> bool:
    """Tell whether the socket of a session carries the protocol itself, so that wires can be used."""
    return not session.pgconn.ssl_in_use and dict(address.parameters).get("gssencmode") != "require"


def _starts(extent: Extent) -> list[int]:
    """Return the first page of each range."""
    if extent.pages == 0:
        return [0]
    page_bytes = max(extent.size_bytes // extent.pages, 1)
    step = max(RANGE_BYTES // page_bytes, 1)
    return list(range(0, extent.pages, step))
