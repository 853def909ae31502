"""By which way the blocks of a dump are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.archive.blocks import read_blocks
from amankan.adapters.engines.postgres.archive.events import Begin, End, Event, Part, Rows
from amankan.adapters.engines.postgres.archive.source import Source
from amankan.adapters.engines.postgres.archive.toc import LARGE_OBJECTS, TABLE_DATA, Entry, Toc, read_toc
from amankan.adapters.engines.postgres.direct import Extents, extents_of, open_socket, questions, readable, table_events, wires
from amankan.adapters.engines.postgres.pacing import Pressure
from amankan.adapters.engines.postgres.reach import database_word
from amankan.adapters.engines.postgres.rows import entry_label
from amankan.adapters.engines.postgres.session import Session, row
from amankan.adapters.engines.postgres.settings import client
from amankan.adapters.engines.postgres.survey import Survey
from amankan.errors import Damaged, EngineFailed
from amankan.model.sentence import say
from amankan.proc.stream import Stream

NAMED: Final[LiteralString] = """
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where convert_to(n.nspname::text, getdatabaseencoding()) = %s and convert_to(c.relname::text, getdatabaseencoding()) = %s
"""


@contextmanager
def block_events(
    address: Address, survey: Survey, *, pressure: Pressure, toc: Toc, source: Source
) -> Iterator[tuple[Iterator[Event], bool]]:
    """
    Lend the blocks as events, and whether they come from pg_dump itself and end with it.

    By rule the rows are read by sessions of our own at the same snapshot, which is faster and can be done by several at
    once; large objects by a pg_dump of their own. Where a connection is encrypted, or a table is of a kind that only
    pg_dump knows how to read, all comes from its one stream.
    """
    kinds = {entry.kind for entry in toc.entries if entry.has_data}
    extents = extents_of(survey.session)
    direct = open_socket(address, survey.session) and kinds <= {TABLE_DATA, LARGE_OBJECTS} and readable(toc, extents)
    if not direct:
        yield read_blocks(source, toc), True
        return
    tables = [entry for entry in toc.entries if entry.has_data and entry.kind == TABLE_DATA]
    divided = pressure.sessions > 1
    sized = ((entry, extents[entry.namespace, entry.tag]) for entry in tables)
    asked = [question for entry, extent in sized for question in questions(entry, extent, divided=divided)]
    with ExitStack() as stack:
        readers = stack.enter_context(wires(address, snapshot=survey.snapshot, name=survey.name, count=pressure.sessions))
        filled = _filled(table_events(asked, readers), survey, extents=extents)
        yield chain(filled, _large_objects(address, survey, toc=toc)), False


def _filled(events: Iterator[Event], survey: Survey, *, extents: Extents) -> Iterator[Event]:
    """Return the events; raises EngineFailed where a table that has rows at the snapshot came without any."""
    came = False
    for event in events:
        yield event
        match event:
            case Begin():
                came = False
            case End(entry=entry) if not came and extents[entry.namespace, entry.tag].pages > 0:
                _check_empty(survey.session, entry)
            case Rows() | Part():
                came = True


def _check_empty(session: Session, entry: Entry) -> None:
    """Raise EngineFailed where the table has a row. Cost: reads its pages up to the first one; all where each row is dead."""
    names = row(session, NAMED, entry.namespace, entry.tag)
    question = sql.SQL("select exists (select from only {})").format(sql.Identifier(*names))
    found = session.execute(question).fetchone()
    if found is None or found[0]:
        raise EngineFailed(say("cannot read {table}: no row of it came, and it has some", table=entry_label(entry)))


def _large_objects(address: Address, survey: Survey, *, toc: Toc) -> Iterator[Event]:
    """Return the blocks of large objects, read by a pg_dump that leaves all rows of tables out, under the numbers of `toc`."""
    entries = [entry for entry in toc.entries if entry.has_data and entry.kind == LARGE_OBJECTS]
    if not entries:
        return
    words = (
        "--format=custom",
        "--compress=0",
        "--no-password",
        "--large-objects" if survey.tools.major >= 16 else "--blobs",
        "--exclude-table-data=*.*",
        f"--encoding={survey.making.encoding}",
        f"--snapshot={survey.snapshot}",
        f"--dbname={database_word(address.database)} application_name='{survey.name}'",
    )
    with (
        client(survey.tools, address, "pg_dump", *words) as program,
        Stream(program.command, handles=program.handles) as stream,
    ):
        source = Source(stream.pieces())
        theirs = read_toc(source)
        yield from _renumbered(read_blocks(source, theirs), entries, theirs=theirs)
        stream.finish()


def _renumbered(events: Iterator[Event], entries: list[Entry], *, theirs: Toc) -> Iterator[Event]:
    """Return the events of one archive for the entries of another that were made from the same snapshot."""
    own = [entry for entry in theirs.entries if entry.has_data]
    if [entry.tag for entry in own] != [entry.tag for entry in entries]:
        raise Damaged(say("cannot read the large objects: two dumps of one snapshot differ"))
    renamed = {theirs.number: ours for theirs, ours in zip(own, entries, strict=True)}
    for event in events:
        match event:
            case Begin(entry=entry):
                yield Begin(entry=renamed[entry.number])
            case End(entry=entry):
                yield End(entry=renamed[entry.number])
            case _:
                yield event
