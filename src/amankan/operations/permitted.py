"""A migration tool that is let through the guard of what it migrates."""

from __future__ import annotations

from math import ceil
from typing import Final

from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.release import Release
from amankan.ports.guard import Guard
from amankan.ports.migrator import Migrator

SPARE_MINUTES: Final = 2
"""A permit outlives the limit of a migration by so much, so that none ends in the middle of the last statement."""


class PermittedMigrator:
    """
    Keeps the promise of `ports.migrator` with another one, that passes the guard for as long as it migrates.

    A migration that fails leaves the permit to whoever undoes it; it ends by itself in any case.
    """

    def __init__(self, migrator: Migrator, guard: Guard) -> None:
        """Wrap `migrator`, asking `guard`."""
        self._migrator, self._guard = migrator, guard

    def ledger(self, database: str) -> Ledger:
        """Pass on."""
        return self._migrator.ledger(database)

    def expected(self, release: Release) -> tuple[str, ...]:
        """Pass on."""
        return self._migrator.expected(release)

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """Permit, migrate, and settle the guard."""
        minutes = ceil(limit_seconds / 60) + SPARE_MINUTES
        self._guard.permit(database, why=f"the migrations of {release.label or 'a release'}", minutes=minutes, claim=claim)
        self._migrator.migrate(release, database=database, claim=claim, limit_seconds=limit_seconds)
        self._guard.settle(database, claim=claim)
