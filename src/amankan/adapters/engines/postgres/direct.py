"""The rows of tables read by sessions of our own at the snapshot of a dump, several at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, LiteralString, Protocol

from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.archive.events import Begin, End, Event, Part, Rows
from amankan.adapters.engines.postgres.archive.toc import TABLE_DATA, Entry, Toc
from amankan.adapters.engines.postgres.session import Session, begin_snapshot, connected, row, rows
from amankan.adapters.engines.postgres.wire import Wire

# What one question reads of a table: small enough that what is read ahead is bounded, large enough that asking is cheap.
RANGE_BYTES: Final = 8 << 20

NAME: Final = rb'(?:"(?:[^"]|"")*"|[^".\s(]+)'
COPY: Final = re.compile(rb"COPY (" + NAME + rb"\." + NAME + rb") (?:(\(.*\)) )? ?FROM stdin;\s*", re.DOTALL)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The size of a table: its pages, and all of its bytes."""

    pages: int
    size_bytes: int


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

    What is not `divided` into ranges of pages costs the server a tenth less, and one session reads all of it.
    """
    found = COPY.fullmatch(entry.copy)
    assert found is not None, "readable() asked first"
    columns = (found[2] or b"()")[1:-1]
    starts = _starts(extent) if divided else [0]
    if len(starts) == 1 and found[2]:
        whole = b"copy " + found[1] + b" " + found[2] + b" to stdout"
        return [Question(entry=entry, statement=whole, first=True, last=True)]
    selected = b"select " + columns + b" from only " + found[1]
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
    return all((entry.namespace, entry.tag) in extents and COPY.fullmatch(entry.copy) for entry in tables)


def extents_of(session: Session) -> Extents:
    """Return the sizes of the tables that can be read by ranges, by schema and name."""
    found = rows(session, SIZES)
    return {(schema, name): Extent(pages=pages, size_bytes=size) for schema, name, pages, size in found}


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
            encoding = row(session, "select pg_encoding_to_char(encoding) from pg_database where datname = current_database()")
            begin_snapshot(session, snapshot)
            session.execute(
                "set local synchronize_seqscans = off; set local enable_seqscan = off; "
                "set local max_parallel_workers_per_gather = 0; set local jit = off"
            )
            session.execute(sql.SQL("set local client_encoding = {}").format(sql.Literal(encoding[0])))
            wire = Wire(session)
            stack.callback(wire.close)
            made.append(wire)
        yield made


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
