"""An app whose database nothing of ours migrates."""

from __future__ import annotations

from amankan.errors import MigrationFailed
from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.release import Release
from amankan.model.sentence import say


class NoMigrator:
    """Keeps the promise of `ports.migrator` where no migration is configured: there is none, and none can be run."""

    def ledger(self, database: str) -> Ledger:
        """Return an empty ledger."""
        return Ledger(applied=())

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return no migrations."""
        return ()

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """Refuse: which tool it would be is not configured."""
        raise MigrationFailed(say("cannot migrate {database}: database.migrate is not set", database=database))


class NothingMigrates:
    """Keeps the promise of `ports.migrator` for an app that has no migrations: what is expected is nothing, and it is there."""

    def ledger(self, database: str) -> Ledger:
        """Return an empty ledger."""
        return Ledger(applied=())

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return no migrations."""
        return ()

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """The database is as it was."""
