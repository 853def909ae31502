"""An archive put into an empty database by pg_restore, several at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.archive.blocks import read_blocks
from amankan.adapters.engines.postgres.archive.events import Begin, Content, End, Event, Part, Rows
from amankan.adapters.engines.postgres.archive.source import Source
from amankan.adapters.engines.postgres.archive.toc import EVENT_TRIGGER, INDEX_ATTACH, Toc, read_toc
from amankan.adapters.engines.postgres.conninfo import quote_value
from amankan.adapters.engines.postgres.dealing import dealt
from amankan.adapters.engines.postgres.feeder import Feeder
from amankan.adapters.engines.postgres.fingerprint import read_back
from amankan.adapters.engines.postgres.reach import database_word
from amankan.adapters.engines.postgres.settings import client, tool_options
from amankan.adapters.engines.postgres.tools import Tools
from amankan.adapters.engines.postgres.unlogged import unlogged
from amankan.errors import CommandFailed, EngineFailed
from amankan.model.fingerprint import Fingerprint
from amankan.model.sentence import say
from amankan.ports.progress import Progress
from amankan.proc.run import run
from amankan.proc.stream import Stream

PROGRAM: Final = "pg_restore"

# Tablespaces belong to the machine that the archive comes from; everything is put where the database is.
WORDS: Final = ("--exit-on-error", "--no-password", "--no-tablespaces")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """
    Where an archive is put, with what, by how many sessions at once, who is told, and its size where it is known.

    `careless` tells that the whole server is thrown away, so that rows need not outlive a crash.
    """

    address: Address
    tools: Tools
    sessions: int
    progress: Progress
    total_bytes: int = 0
    careless: bool = False


def load_archive(pieces: Iterable[bytes], loading: Loading) -> Fingerprint:
    """
    The empty database holds the archive; returns what it holds, read back row by row.

    Definitions come first, then rows by several pg_restore at once, each of which reads an archive of its own with the same
    contents and a part of the rows, then indexes, constraints and triggers by as many jobs. Only the contents lie in memory.

    Raises:
        EngineFailed: pg_restore stopped at its first error; the database may hold a part.
        Damaged: the archive is not whole; the database may hold a part.
    """
    address, tools, sessions, progress = loading.address, loading.tools, loading.sessions, loading.progress
    source = Source(pieces)
    toc = read_toc(source)
    progress.begin("restore", total_bytes=loading.total_bytes)
    try:
        with contents_file(toc.raw) as contents:
            tools.lend(contents)
            restore(address, tools, "--section=pre-data", contents=contents)
            with unlogged(address) if loading.careless else nullcontext():
                _fill(address, tools, sessions=sessions, toc=toc, events=_told(read_blocks(source, toc), progress))
            _finish(loading, toc, contents=contents)
        return read_back(address, toc, sessions=sessions, progress=progress)
    except CommandFailed as fault:
        raise EngineFailed(say("cannot load {name}: {reason}", name=address.database, reason=str(fault))) from fault
    finally:
        progress.end()


@contextmanager
def contents_file(content: bytes) -> Iterator[int]:
    """Lend the number of a file in memory with this content, as programs open it by name."""
    handle = os.memfd_create("contents", os.MFD_CLOEXEC)
    try:
        os.fchmod(handle, 0o600)
        with os.fdopen(os.dup(handle), "wb") as written:
            written.write(content)
        yield handle
    finally:
        os.close(handle)


def builders(jobs: int, *, processors: int | None = None) -> str:
    """
    Return the setting by which each of so many jobs builds an index with the help of the processors that they leave.

    Where they leave none, helpers cost a fifth of the work and save no time.
    """
    known = processors if processors is not None else os.cpu_count() or 1
    return f"-c max_parallel_maintenance_workers={max(known - jobs, 0)}"


def restore(address: Address, tools: Tools, *words: str, contents: int, chosen: int | None = None, options: str = "") -> None:
    """The part of an archive's contents that `words` choose is in the database; `options` are added to those of sessions."""
    to = f"--dbname={database_word(address.database)}"
    if options:
        to += f" options={quote_value(f'{tool_options(address, PROGRAM)} {options}')}"
    with client(tools, address, PROGRAM, *WORDS, *words, to, f"/proc/self/fd/{contents}") as program:
        lists = () if chosen is None else (chosen,)
        run(program.command, handles=(*program.handles, contents, *lists))


def _fill(address: Address, tools: Tools, *, sessions: int, toc: Toc, events: Iterator[Event]) -> None:
    """
    All rows are in the database: rows of tables dealt out to all sessions, the rest to the first alone.

    The rest comes in the archive's order, as a plain restore puts it in: large objects, and tables of extensions, which
    may have keys already. Where a condition may look at other rows, that holds for everything.
    """
    numbers = dealt(toc)
    with ExitStack() as stack:
        chosen = stack.enter_context(_chosen(toc, numbers))
        tools.lend(chosen)
        feeders = [
            stack.enter_context(_feeder(address, tools, chosen=chosen if number > 0 else None))
            for number in range(sessions if numbers else 1)
        ]
        for feeder in feeders:
            feeder.give_bytes(toc.raw)
        _deal(events, feeders, dealt=numbers)
        for feeder in feeders:
            feeder.finish()


def _finish(loading: Loading, toc: Toc, *, contents: int) -> None:
    """
    Indexes, constraints and triggers are in the database, and after all else event triggers, which would see it all.

    Indexes of partitions are joined one at a time, before what refers to the whole: where a level is joined while the level
    below it is, PostgreSQL may leave the index above both invalid for ever (seen on 16.14), or end one with a deadlock.
    """
    several = f"--jobs={loading.sessions}"
    options = builders(loading.sessions) if loading.careless else ""
    joined, noticing = toc.of(INDEX_ATTACH), toc.of(EVENT_TRIGGER)
    if not joined | noticing:
        restore(loading.address, loading.tools, "--section=post-data", several, contents=contents, options=options)
        return
    noticing |= toc.after(noticing)
    last = toc.after(joined) - joined - noticing
    first = frozenset(entry.number for entry in toc.entries) - joined - last - noticing
    for numbers, jobs in ((first, several), (joined, "--jobs=1"), (last, several), (noticing, "--jobs=1")):
        if not numbers:
            continue
        with _chosen(toc, numbers) as chosen:
            loading.tools.lend(chosen)
            words = ("--section=post-data", jobs, f"--use-list=/proc/self/fd/{chosen}")
            restore(loading.address, loading.tools, *words, contents=contents, chosen=chosen, options=options)


@contextmanager
def _chosen(toc: Toc, numbers: frozenset[int]) -> Iterator[int]:
    """Lend a list that chooses these entries of an archive, in the order of its contents."""
    lines = "".join(f"{entry.number};\n" for entry in toc.entries if entry.number in numbers)
    with contents_file(lines.encode()) as handle:
        yield handle


def _deal(events: Iterator[Event], feeders: list[Feeder], *, dealt: frozenset[int]) -> None:
    long_row: Feeder | None = None
    chosen = feeders
    for event in events:
        match event:
            case Begin(entry=entry):
                chosen = feeders if entry.number in dealt else feeders[:1]
                _give_all(event, chosen)
            case End():
                _give_all(event, chosen)
            case Rows():
                min(chosen, key=Feeder.waiting).give(event)
            case Part(last=last):
                long_row = long_row or min(chosen, key=Feeder.waiting)
                long_row.give(event)
                long_row = None if last else long_row
            case _:
                feeders[0].give(event)


def _give_all(event: Event, feeders: list[Feeder]) -> None:
    for feeder in feeders:
        feeder.give(event)


@contextmanager
def _feeder(address: Address, tools: Tools, *, chosen: int | None) -> Iterator[Feeder]:
    words = ["--section=data", f"--dbname={database_word(address.database)}"]
    if chosen is not None:
        words.append(f"--use-list=/proc/self/fd/{chosen}")
    with client(tools, address, PROGRAM, *WORDS, *words) as program:
        handles = program.handles if chosen is None else (*program.handles, chosen)
        with Stream(program.command, feeds=True, handles=handles) as stream:
            feeder = Feeder(stream)
            try:
                yield feeder
            finally:
                # In this order: nothing is closed while the thread still writes to it.
                stream.stop()
                feeder.close()


def _told(events: Iterator[Event], progress: Progress) -> Iterator[Event]:
    for event in events:
        if isinstance(event, Rows):
            # To count the rows costs more than all else that is done with them here; reading back tells them.
            progress.advance(done_bytes=len(event.text))
        elif isinstance(event, Part | Content):
            progress.advance(done_bytes=len(event.content))
        yield event
