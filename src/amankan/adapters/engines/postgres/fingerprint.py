"""What a database holds, read from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.archive.events import Begin, Content, End, Event, LargeObject, Rows
from amankan.adapters.engines.postgres.archive.toc import LARGE_OBJECTS, TABLE_DATA, Entry, Toc
from amankan.adapters.engines.postgres.checks import count_rows
from amankan.adapters.engines.postgres.direct import (
    Extent,
    chosen_extents,
    extents_of,
    open_socket,
    questions,
    read_at,
    table_events,
    wires,
)
from amankan.adapters.engines.postgres.expected import TABLES
from amankan.adapters.engines.postgres.rows import Tally
from amankan.adapters.engines.postgres.schema import definitions, schema_digest, stored_values
from amankan.adapters.engines.postgres.session import Session, connected, row, rows
from amankan.adapters.engines.postgres.slow import SlowWire
from amankan.adapters.engines.postgres.statement import Name, copy_statement
from amankan.adapters.engines.postgres.trees import in_order_of_root, roots_of
from amankan.model.fingerprint import Fingerprint, TablePrint
from amankan.ports.progress import Progress

CONTENT_BYTES: Final = 1 << 20

_COLUMNS: Final[LiteralString] = """
    select convert_to(string_agg(quote_ident(a.attname), ', ' order by a.attnum), getdatabaseencoding())
    from pg_attribute a where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
"""


def read_back(address: Address, toc: Toc, *, sessions: int, progress: Progress) -> Fingerprint:
    """
    Return what a database holds that was loaded from an archive, each table's columns in the archive's order.

    Cost: reads every row once, in as many sessions at once.
    """
    entries = [entry for entry in toc.entries if entry.has_data and entry.kind == TABLE_DATA]
    return _fingerprint(address, entries, sessions=sessions, progress=progress)


def fingerprint_of(address: Address, *, sessions: int, progress: Progress) -> Fingerprint:
    """Return what a database holds at one moment; its sequences are those of the moment after."""
    with connected(address) as session:
        roots = roots_of(session)
        entries = [
            _entry(session, number, names=names, roots=roots) for number, names in enumerate(rows(session, TABLES), start=1)
        ]
    return _fingerprint(address, entries, sessions=sessions, progress=progress)


def _fingerprint(address: Address, entries: list[Entry], *, sessions: int, progress: Progress) -> Fingerprint:
    tally = Tally()
    with ExitStack() as stack:
        session = stack.enter_context(connected(address))
        session.execute("begin transaction isolation level repeatable read, read only")
        snapshot = str(row(session, "select pg_export_snapshot()")[0])
        entries = in_order_of_root(session, entries)
        extents = extents_of(session) | chosen_extents(session)
        # What cannot be read by ranges is read in one.
        whole = Extent(pages=0, size_bytes=0)
        sizes = [extents.get((entry.namespace, entry.tag), whole) for entry in entries]
        progress.begin("fingerprint", total_bytes=sum(extent.size_bytes for extent in sizes))
        asked = [
            each
            for entry, extent in zip(entries, sizes, strict=True)
            for each in questions(entry, extent, divided=sessions > 1)
        ]
        if open_socket(address, session):
            readers = stack.enter_context(wires(address, snapshot=snapshot, name="amankan", count=sessions))
            events = table_events(asked, readers)
        else:
            apart = stack.enter_context(connected(address))
            read_at(apart, snapshot)
            events = table_events(asked, [SlowWire(apart)])
        for event in events:
            tally.count(event)
            if isinstance(event, Rows):
                progress.advance(done_bytes=len(event.text), done_rows=event.count)
        for event in large_object_events(session):
            tally.count(event)
        found = definitions(session)
        schema, shape = schema_digest(found, stored_values(session)), schema_digest(found, ())
    progress.end()
    return Fingerprint(tables=tally.prints(), schema=schema, shape=shape)


def census_of(address: Address) -> Fingerprint:
    """
    Return the rows of every table and the schema, without digests of rows: what users can wait for.

    Cost: reads every table, or an index of it, once, and computes nothing of its rows.
    """
    prints = tuple(TablePrint(table=table, rows=count, digest="") for table, count in sorted(count_rows(address).items()))
    with connected(address) as session:
        found = definitions(session)
        schema = schema_digest(found, stored_values(session))
    return Fingerprint(tables=prints, schema=schema, shape=schema_digest(found, ()))


def large_object_events(session: Session) -> Iterator[Event]:
    """Return all large objects of a database; nothing where there are none."""
    entry = Entry(number=0, kind=LARGE_OBJECTS, namespace=b"", tag=b"", definition=b"", copy=b"", has_data=True)
    oids = [oid for (oid,) in rows(session, "select oid from pg_largeobject_metadata order by oid")]
    if not oids:
        return
    yield Begin(entry=entry)
    for oid in oids:
        yield LargeObject(oid=oid)
        at = 0
        while content := row(session, "select lo_get(%s::oid, %s, %s)", oid, at, CONTENT_BYTES)[0]:
            yield Content(content=content)
            at += len(content)
    yield End(entry=entry)


def _entry(session: Session, number: int, *, names: tuple[str, str, bytes, bytes], roots: dict[Name, Name]) -> Entry:
    """Return an entry for a table as an archive would have it."""
    schema, table, *raw = names
    columns = row(session, _COLUMNS, sql.Identifier(schema, table).as_string(session))[0]
    own = (raw[0], raw[1])
    return Entry(
        number=number,
        kind=TABLE_DATA,
        namespace=raw[0],
        tag=raw[1],
        definition=b"",
        copy=copy_statement(roots.get(own, own), b"" if columns is None else b"(" + columns + b")"),
        has_data=True,
    )
