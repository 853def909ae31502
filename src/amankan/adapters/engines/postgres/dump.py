"""A dump under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.archive.blocks import PIECE_BYTES
from amankan.adapters.engines.postgres.archive.events import Event, Part, Rows
from amankan.adapters.engines.postgres.archive.source import Source
from amankan.adapters.engines.postgres.archive.toc import Toc, read_toc
from amankan.adapters.engines.postgres.archive.write import Writer, in_pieces
from amankan.adapters.engines.postgres.complete import check_contents, check_messages
from amankan.adapters.engines.postgres.pacing import Pressure, paced
from amankan.adapters.engines.postgres.reach import database_word
from amankan.adapters.engines.postgres.route import block_events
from amankan.adapters.engines.postgres.rows import Tally, entry_label
from amankan.adapters.engines.postgres.schema import Definition, dumped_values, schema_digest
from amankan.adapters.engines.postgres.session import row, translated
from amankan.adapters.engines.postgres.settings import client
from amankan.adapters.engines.postgres.survey import Survey
from amankan.adapters.engines.postgres.trees import moved_orders
from amankan.adapters.engines.postgres.watch import Watch
from amankan.errors import CommandFailed, Damaged, EngineFailed
from amankan.model.dumped import Dumped
from amankan.model.fingerprint import Fingerprint
from amankan.model.sentence import say
from amankan.ports.clock import Clock
from amankan.ports.progress import Progress
from amankan.proc.stream import Stream

NAME: Final = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a dump is made: its pressure, how long it waits for a lock, who is told how far it has come, by what clock."""

    pressure: Pressure
    lock_seconds: float
    progress: Progress
    clock: Clock


class RunningDump:
    """Keeps the promise of the port's Dump. The rows are hashed as they go by, so there is no second scan."""

    def __init__(self, address: Address, survey: Survey, *, manner: Manner) -> None:
        """Nothing is read yet but what the survey saw."""
        self._address = address
        self._survey = survey
        self._manner = manner
        self._tally = Tally()
        self._toc: Toc | None = None
        self._ended = False
        self._plain_bytes = 0

    @property
    def globals(self) -> bytes:
        """Roles, their settings and memberships as SQL."""
        return self._survey.globals

    @property
    def settings(self) -> bytes:
        """What is said of the database itself as SQL."""
        return self._survey.settings

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """Every object of the database at the snapshot, with the digest of its definition."""
        return self._survey.definitions

    def pieces(self) -> Iterator[bytes]:
        """
        Return the archive, in pieces of at most 1 MiB, once.

        Raises:
            EngineFailed: the server or pg_dump failed; what was returned before is not to be used.
            TimedOut: pg_dump was at work for a day.
        """
        watch = Watch(self._address, self._survey.name)
        progress = self._manner.progress
        progress.begin("backup", total_bytes=self._survey.size_bytes)
        try:
            limit = self._manner.pressure.limit_bytes_per_second
            for piece in paced(self._archive(), limit_bytes_per_second=limit, clock=self._manner.clock):
                self._plain_bytes += len(piece)
                progress.advance(done_bytes=len(piece))
                yield piece
        except (CommandFailed, Damaged, EngineFailed) as fault:
            raise self._failure(fault, let_go=watch.let_go) from fault
        finally:
            watch.close()
            progress.end()
        self._ended = True

    def finish(self) -> Dumped:
        """Return what was dumped; raises EngineFailed where a table's rows are missing or the snapshot was lost."""
        if not self._ended or self._toc is None:
            raise EngineFailed(say("cannot finish the backup of {name}: it was not read to its end", name=self._database))
        prints = self._tally.prints()
        check_contents(self._survey, self._tally.begun, database=self._database)
        with translated(self._address):
            row(self._survey.session, "select 1")
        schema = schema_digest(self._survey.definitions, dumped_values(self._toc))
        return Dumped(
            engine=NAME,
            server_version=self._survey.server,
            tool_version=self._survey.tools.version,
            identity=self._survey.identity,
            fingerprint=Fingerprint(tables=prints, schema=schema, shape=schema_digest(self._survey.definitions, ())),
            plain_bytes=self._plain_bytes,
            making=self._survey.making,
        )

    @property
    def _database(self) -> str:
        return self._address.database

    def _archive(self) -> Iterator[bytes]:
        with ExitStack() as stack:
            stream = stack.enter_context(self._program())
            source = Source(stream.pieces())
            self._toc = _contents(source, stream)
            check_contents(self._survey, labels(self._toc), database=self._database)
            self._tally = Tally(moved_orders(self._survey.session, self._toc))
            events = block_events(self._address, self._survey, pressure=self._manner.pressure, toc=self._toc, source=source)
            with events as (blocks, whole):
                yield from in_pieces(self._written(self._toc, blocks), piece_bytes=PIECE_BYTES)
            # Where only the contents were wanted of pg_dump it stands still now and is ended.
            check_messages(stream.finish() if whole else stream.messages(), database=self._database)

    def _written(self, toc: Toc, events: Iterator[Event]) -> Iterator[bytes]:
        writer = Writer()
        yield toc.raw
        for event in events:
            self._tally.count(event)
            match event:
                case Rows(count=count):
                    self._manner.progress.advance(done_rows=count)
                case Part(last=True):
                    self._manner.progress.advance(done_rows=1)
            yield from writer.write(event)

    @contextmanager
    def _program(self) -> Iterator[Stream]:
        words = (
            "--format=custom",
            "--compress=0",
            "--no-password",
            f"--encoding={self._survey.making.encoding}",
            f"--snapshot={self._survey.snapshot}",
            f"--lock-wait-timeout={round(self._manner.lock_seconds * 1000)}",
            f"--dbname={database_word(self._database)} application_name='{self._survey.name}'",
        )
        with (
            client(self._survey.tools, self._address, "pg_dump", *words) as program,
            Stream(program.command, handles=program.handles) as stream,
        ):
            yield stream

    def _failure(self, fault: Exception, *, let_go: bool) -> EngineFailed:
        if let_go:
            return EngineFailed(
                say(
                    "cannot finish the backup of {name}: somebody waited to change a table, and was let through",
                    name=self._database,
                ),
                next=say("aman backup"),
            )
        return EngineFailed(say("cannot back up {name}: {reason}", name=self._database, reason=str(fault)))


def labels(toc: Toc) -> Iterator[str]:
    """Return the label of every table, and that of the large objects, whose rows an archive promises."""
    return iter({entry_label(entry) for entry in toc.entries if entry.has_data})


def _contents(source: Source, stream: Stream) -> Toc:
    """Return the archive's contents; where they are cut short, what the program said is the better reason."""
    try:
        return read_toc(source)
    except Damaged:
        stream.finish()
        raise
