"""PostgreSQL looked at closely."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.copying import create
from amankan.adapters.engines.postgres.inspector.difference import both_sides, differences, lost_rows
from amankan.adapters.engines.postgres.inspector.objects import schema_objects
from amankan.adapters.engines.postgres.inspector.watching import PostgresWatch, watching
from amankan.adapters.engines.postgres.session import connected, rows
from amankan.adapters.engines.postgres.throwaway.conf import LOG_FILE
from amankan.errors import EngineFailed
from amankan.model.impact import SchemaObject, TableChange
from amankan.model.sentence import say
from amankan.ports.clock import Clock

KEPT: Final = "amankan_kept_"

# A statement goes on after its client was killed, and whoever wants to look waits for its locks.
_END_OTHERS: Final[LiteralString] = """
    select pid, pg_terminate_backend(pid) from pg_stat_activity
    where datname = %s and application_name <> all(array['amankan', 'amankan inspector'])
"""
LEAVE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresInspector:
    """
    Keeps the promise of `ports.inspector` on a throwaway server.

    Args:
        address: the superuser's, as the maker of throwaway servers returns it; its host is the server's home.
        clock: of this machine.
    """

    address: Address
    clock: Clock

    def schema(self, database: str) -> tuple[SchemaObject, ...]:
        """Return every object of the schema with its definition, sorted by kind and name; columns are objects."""
        with connected(self.address.at(database)) as session:
            return schema_objects(session)

    def rest(self) -> None:
        """A checkpoint is done: of a copy that was just loaded, it takes longer than copying does."""
        with connected(self.address.at("postgres")) as session:
            session.execute("checkpoint")

    def keep(self, database: str) -> str:
        """
        A copy of the database stands beside it, in which every table and column has the same number; returns its name.

        Raises:
            EngineFailed: somebody is in the database; there is no copy.
        """
        with connected(self.address.at("postgres")) as session:
            taken = {name for (name,) in rows(session, "select datname from pg_database")}
            target = next(name for number in range(1, len(taken) + 2) if (name := f"{KEPT}{number}") not in taken)
            create(session, target, source=database)
        return target

    def empty(self, database: str) -> None:
        """
        Nobody but the inspector is in the database any more.

        Raises:
            EngineFailed: a session does not leave.
        """
        with connected(self.address.at("postgres")) as session:
            limit = self.clock.ticks() + LEAVE_SECONDS
            while rows(session, _END_OTHERS, database):
                if self.clock.ticks() > limit:
                    raise EngineFailed(say("cannot empty {database}: a session does not leave", database=database))
                self.clock.pause(LOOK_SECONDS)

    def watch(self, database: str) -> AbstractContextManager[PostgresWatch]:
        """
        Note every statement that reaches the server, and every lock in the database, while the context lasts.

        Locks are looked at every hundredth of a second: one that was shorter may not be seen, and the time of those that are
        seen is rounded up. What is written ahead is less than in production wherever that keeps more than `minimal`.
        """
        return watching(self.address.at(database), Path(self.address.host) / LOG_FILE, clock=self.clock)

    def difference(self, before: str, after: str) -> tuple[TableChange, ...]:
        """
        Return, for every table, what happened to its rows, under the name that the table and column had before.

        Rows are told by their key. Where there is none, or it is another one now, whole rows are compared: a changed row is
        one that is lost and one that is added. A table or column that was renamed in `after` since it was kept is the same.

        Args:
            before: what `keep` returned, for the database `after`.
            after: the database.
        Cost: reads each table once, and those that differ once more, in order; a digest of each row is sent.
        """
        with both_sides(self.address.at(before), self.address.at(after)) as sides:
            return differences(sides)

    def examples(self, before: str, after: str, *, table: str, limit: int) -> tuple[dict[str, str | None], ...]:
        """Return up to `limit` of the rows that a table had before and lost, as text by column; they hold people's data."""
        with both_sides(self.address.at(before), self.address.at(after)) as sides:
            return lost_rows(sides, table, limit=limit)
