"""New databases to load into."""

from __future__ import annotations

from typing import Protocol

from amankan.model.claim import Claim
from amankan.model.database import Making


class Founder(Protocol):
    """The two ends of a load. Failures are EngineFailed; Superseded and WrongTarget mean that nothing was written."""

    def found(self, database: str, *, making: Making | None, roles: bytes, settings: bytes, claim: Claim) -> None:
        """
        There is a new, empty database of that name, otherwise as `making` says, without a mark, for us alone.

        What `settings` (SQL for `psql`) says of the database holds as far as its filling depends on it.
        Roles that `roles` (SQL for `psql`) makes and that are not there are made; one that is there is not changed.
        Not to be repeated while the database exists. A failure leaves no such database, or one without a mark.
        """
        ...

    def mark(self, database: str, *, settings: bytes, claim: Claim) -> None:
        """
        What `settings` says of the database holds, and it carries this run's mark: it is complete; may be repeated.

        A failure leaves it without a mark.
        """
        ...
