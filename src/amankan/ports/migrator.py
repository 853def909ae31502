"""A migration tool."""

from __future__ import annotations

from typing import Protocol

from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.release import Release


class Migrator(Protocol):
    """
    The app's own tool, run from the release's own image. What it did is decided by its ledger, never by its exit
    status.
    """

    def ledger(self, database: str) -> Ledger:
        """Return what the tool recorded in a database; reads only."""
        ...

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return the migrations that the release brings, in order; reads only."""
        ...

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """
        The database's ledger holds what the release expects.

        Raises:
            MigrationFailed: the tool said so; the database may hold a part.
            TimedOut: the limit passed; statements may still be at work until the engine's `settle`.
        """
        ...


class Historian(Protocol):
    """A migration tool that can say what a release does not know; an ability that some tools have."""

    def strangers(self, ledger: Ledger, *, release: Release) -> tuple[str, ...]:
        """Return the migrations of a ledger that `release` does not know: it is older than the database; reads only."""
        ...
