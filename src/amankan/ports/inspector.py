"""A close look at a database that nobody else uses, before and after something was done to it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from amankan.model.impact import LockSeen, SchemaObject, StatementSeen, TableChange


class Watch(Protocol):
    """What was seen since the watch began; complete only when its context has ended."""

    @property
    def statements(self) -> tuple[StatementSeen, ...]:
        """Every statement that reached the server, in order, each once."""
        ...

    @property
    def locks(self) -> tuple[LockSeen, ...]:
        """The strongest lock held on each table, and its longest time."""
        ...

    @property
    def rewritten(self) -> tuple[str, ...]:
        """The tables whose files were written anew."""
        ...

    @property
    def wal_bytes(self) -> int:
        """How much was written ahead."""
        ...

    @property
    def disk_bytes(self) -> int:
        """By how much the database grew at its largest."""
        ...


class Inspector(Protocol):
    """Looks at the databases of one throwaway server. Failures are EngineFailed; nothing was changed."""

    def schema(self, database: str) -> tuple[SchemaObject, ...]:
        """Return every object of the schema with its definition, sorted by kind and name."""
        ...

    def rest(self) -> None:
        """All that was written until now lies on the disk, so that what is measured next pays for itself alone."""
        ...

    def keep(self, database: str) -> str:
        """A copy of the database stands beside it, to be compared with later; returns its name."""
        ...

    def empty(self, database: str) -> None:
        """Nobody but the inspector is in the database any more: what a client that is gone left at work there is ended."""
        ...

    def watch(self, database: str) -> AbstractContextManager[Watch]:
        """Note every statement and lock in the database while the context lasts."""
        ...

    def difference(self, before: str, after: str) -> tuple[TableChange, ...]:
        """
        Return, for every table, what happened to its rows from the one database to the other, told by their keys.

        Cost: reads tables whose digests differ twice; others once.
        """
        ...
