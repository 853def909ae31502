"""Where a migration tool works: how it is run, what it is told, and how its records are read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from amankan.errors import MigrationFailed
from amankan.model.claim import Claim
from amankan.model.release import Release
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.proc.docker import RUN_VARIABLE

Variables = tuple[tuple[str, str | Secret], ...]
Row = tuple[str | None, ...]

# The longest name of a session that PostgreSQL keeps.
MOST_NAME_CHARACTERS: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a program left: its exit status, its output and its messages; no secret that we know is in them."""

    status: int
    output: str = ""
    messages: str = ""

    def last_words(self) -> str:
        """Return the last lines that it said, for a reason, in one line."""
        lines = [line.strip() for line in f"{self.output}\n{self.messages}".splitlines() if line.strip()]
        return " / ".join(lines[-3:])[-600:] or "it said nothing"


class Booted(Protocol):
    """A release that was started by its own entrypoint."""

    def ended(self) -> bool:
        """Tell whether it has ended by itself."""
        ...

    def said(self) -> Said:
        """Return what it has said so far; the status is 0 while it runs."""
        ...


class Tool(Protocol):
    """Runs a release's own programs: in a container of its image, or in its folder. Input is closed."""

    def run(self, release: Release, words: tuple[str, ...], *, environment: Variables, limit_seconds: float) -> Said:
        """
        Return what `words` left, run in place of the release's entrypoint, whatever the exit status is.

        Args:
            environment: what it is told; a question that needs no database names no run by RUN_VARIABLE.
        Raises:
            MigrationFailed: it could not be started.
            TimedOut: the limit passed; the program is ended, what it asked of the server may go on.
        """
        ...

    def boot(self, release: Release, *, environment: Variables, limit_seconds: float) -> AbstractContextManager[Booted]:
        """The release runs by its own entrypoint, unreachable, until the context is left; errors as for `run`."""
        ...


class Books(Protocol):
    """Reads tables of a database as they stand, and runs nothing that the database's owner wrote."""

    def tables(self, database: str) -> tuple[str, ...]:
        """Return the names of all ordinary tables, without their schemas, sorted."""
        ...

    def read(self, database: str, table: str, *, columns: tuple[str, ...], order: tuple[str, ...]) -> tuple[Row, ...] | None:
        """
        Return the rows as text, ordered; None where there is no table of that name.

        Raises:
            MigrationFailed: the database cannot be read, two schemas have such a table, or it is not what it seems.
        """
        ...


class Notebook(Protocol):
    """Keeps a ledger of our own in a database, for commands that keep none."""

    def note(self, database: str, name: str, *, finished: bool) -> None:
        """
        The table `amankan_ledger` of the database holds `name` as begun, or as finished; may be repeated.

        Raises:
            MigrationFailed: the server refused, or the table is not ours.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """
    Everything a migration tool needs of its surroundings.

    `environment` gives the variables by which the app is told of a database; `stands` raises Superseded for a claim
    that does not stand. `lock_seconds` is how long a statement may wait for a lock, 0 where the server must not be told
    (a pooler in between refuses it).
    """

    tool: Tool
    books: Books
    environment: Callable[[str], Variables]
    stands: Callable[[Claim], None]
    lock_seconds: float = 5.0

    def variables(self, database: str, claim: Claim) -> Variables:
        """
        Return what the tool is told: the database, whose run it is part of, and how long it may wait for a lock.

        Raises:
            MigrationFailed: nothing says how the app is told of its database, so it would find another one.
        """
        told = self.environment(database)
        if not told:
            raise MigrationFailed(
                say("cannot migrate {database}: nothing says how the app is told of its database", database=database),
                next=say("write [database.env] as shown by aman config"),
            )
        limits = (("PGOPTIONS", f"-c lock_timeout={int(self.lock_seconds * 1000)}"),) if self.lock_seconds else ()
        name = f"amankan/{claim.run}/{claim.epoch}"[:MOST_NAME_CHARACTERS]
        return ((RUN_VARIABLE, claim.run), ("PGAPPNAME", name), *limits, *told)
