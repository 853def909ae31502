"""A small database server in memory, with its dump and restore tools: enough for a vault to be tested on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from amankan.errors import EngineFailed
from amankan.model.claim import Claim
from amankan.model.database import Making
from amankan.model.dumped import Dumped
from amankan.model.fingerprint import Fingerprint, TablePrint
from amankan.model.identity import Identity
from amankan.model.pace import Pace
from amankan.model.sentence import say
from amankan.ports.progress import Progress

Rows = tuple[str, ...]
Tables = dict[str, Rows]
_HEADER, _END = b"archive 1\n", b"end\n"


class Silence:
    """Progress that nobody looks at."""

    def begin(self, title: str, *, total_bytes: int = 0, total_rows: int = 0) -> None:
        """Show nothing."""

    def advance(self, *, done_bytes: int = 0, done_rows: int = 0) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


@dataclass(slots=True, kw_only=True)
class MemoryArchiver:
    """
    Keeps the promises of `ports.archiver` and `ports.founder` over databases in memory.

    `cut` is the number of bytes after which a dump ends as if it were whole, as a broken tool's; `finish` finds it.
    """

    databases: dict[str, Tables] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    cut: int | None = None

    @contextmanager
    def dump(self, database: str, *, pace: Pace, progress: Progress) -> Iterator[MemoryDump]:
        """Begin a dump of what the database holds now."""
        if database not in self.databases:
            raise EngineFailed(say("cannot dump {database}: there is none", database=database))
        yield MemoryDump(database=database, tables=dict(self.databases[database]), cut=self.cut)

    def load(self, pieces: Iterable[bytes], *, into: str, progress: Progress, total_bytes: int = 0) -> Fingerprint:
        """The empty database holds the archive."""
        if self.databases.get(into) != {}:
            raise EngineFailed(say("cannot load into {database}: it is not there or not empty", database=into))
        for table, rows in _parse(pieces):
            self.databases[into][table] = rows
        return fingerprint(self.databases[into])

    def found(self, database: str, *, making: Making | None, roles: bytes, settings: bytes, claim: Claim) -> None:
        """There is a new, empty database."""
        if database in self.databases:
            raise EngineFailed(say("cannot make {database}: it is there already", database=database))
        self.databases[database] = {}

    def mark(self, database: str, *, settings: bytes, claim: Claim) -> None:
        """The database carries the run's mark."""
        self.marks[database] = claim.run


@dataclass(slots=True, kw_only=True)
class MemoryDump:
    """A dump under way."""

    database: str
    tables: Tables
    cut: int | None
    passed_bytes: int = 0

    @property
    def globals(self) -> bytes:
        """One role."""
        return b'create role "owner";\n'

    @property
    def settings(self) -> bytes:
        """One setting."""
        return b"alter database :\"DBNAME\" set work_mem to '8MB';\n"

    def pieces(self) -> Generator[bytes, None, None]:
        """Return the archive: a line for each table, and one that says that it is the last."""
        left = self.cut
        for piece in (_HEADER, *map(_line, sorted(self.tables.items())), _END):
            kept = piece if left is None else piece[: max(left, 0)]
            left = None if left is None else left - len(piece)
            self.passed_bytes += len(kept)
            yield kept

    def finish(self) -> Dumped:
        """Return what was dumped; EngineFailed where the archive was cut."""
        if self.cut is not None:
            raise EngineFailed(say("cannot dump {database}: the archive was cut", database=self.database))
        return Dumped(
            engine="memory",
            server_version="1",
            tool_version="1",
            identity=Identity(system="1", oid=1, marker=self.database),
            fingerprint=fingerprint(self.tables),
            plain_bytes=self.passed_bytes,
            making=Making(name=self.database, owner="owner"),
        )


def fingerprint(tables: Tables) -> Fingerprint:
    """Return what some tables hold; the order of their rows does not matter."""
    prints = tuple(
        TablePrint(table=table, rows=len(rows), digest=_digest("\n".join(sorted(rows))))
        for table, rows in sorted(tables.items())
    )
    return Fingerprint(tables=prints, schema=_digest("\n".join(sorted(tables))))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _line(table: tuple[str, Rows]) -> bytes:
    return json.dumps(table).encode() + b"\n"


def _parse(pieces: Iterable[bytes]) -> Iterator[tuple[str, Rows]]:
    lines = b"".join(pieces).splitlines(keepends=True)
    if lines[:1] != [_HEADER] or lines[-1:] != [_END]:
        raise EngineFailed(say("cannot load the archive: it is not whole"))
    for line in lines[1:-1]:
        table, rows = json.loads(line)
        yield table, tuple(rows)
