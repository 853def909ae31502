"""Data out of a database as a stream, and into one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from amankan.model.dumped import Dumped
from amankan.model.fingerprint import Fingerprint
from amankan.model.pace import Pace
from amankan.ports.progress import Progress


class Dump(Protocol):
    """A dump under way at one database snapshot."""

    @property
    def globals(self) -> bytes:
        """Roles, their settings and memberships, seen at the same moment; SQL for `psql` before there is a database."""
        ...

    @property
    def settings(self) -> bytes:
        """
        What is said of the database itself: grants, comment, settings, also of roles in it; seen at the same moment.

        SQL for `psql` that is run in the restored database, whatever its name is (`:"DBNAME"`).
        """
        ...

    def pieces(self) -> Iterator[bytes]:
        """Return the archive, in pieces of at most 1 MiB, once."""
        ...

    def finish(self) -> Dumped:
        """
        Return what was dumped, after the last piece; raises EngineFailed where the dump is not complete in every
        object.
        """
        ...


class Archiver(Protocol):
    """A server's own dump and restore tools, always of the server's version. Failures are EngineFailed and TimedOut."""

    def dump(self, database: str, *, pace: Pace, progress: Progress) -> AbstractContextManager[Dump]:
        """
        Begin a complete dump at one exported snapshot; leaving the context ends everything that it started.

        Raises:
            Refused: the role cannot read everything; every such object is named.
        """
        ...

    def load(self, pieces: Iterable[bytes], *, into: str, progress: Progress, total_bytes: int = 0) -> Fingerprint:
        """
        The existing, empty database `into` holds the archive; returns what it now holds, read back from it.

        Args:
            total_bytes: the size of the archive, by which the progress is told; 0 where it is not known.
        Raises:
            EngineFailed: the restore tool stopped at its first error; the database may hold a part.
        """
        ...
