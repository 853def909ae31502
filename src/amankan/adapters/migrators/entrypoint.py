"""An image that migrates by itself when it starts."""

from __future__ import annotations

from typing import Final, Protocol

from amankan.adapters.migrators.conduct import Recorded, conduct
from amankan.adapters.migrators.site import Said, Site
from amankan.errors import MigrationFailed, TimedOut
from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.ports.clock import Clock
from amankan.ports.migrator import Historian

PAUSE_SECONDS: Final = 0.25
MORE_SECONDS: Final = 30.0


class _Kept(Recorded, Historian, Protocol):
    """A tool whose ledger we can read."""


class EntrypointMigrator:
    """
    Keeps the promise of `ports.migrator` by starting the release and waiting for the ledger of the tool within.

    The release is ended as soon as the ledger holds what is expected: it starts again, as it is, in the next step.
    """

    def __init__(self, site: Site, kept: _Kept, *, clock: Clock) -> None:
        """Start releases at `site`, and read the ledger as `kept` does."""
        self._site, self._kept, self._clock = site, kept, clock

    def ledger(self, database: str) -> Ledger:
        """Return what the tool within recorded."""
        return self._kept.ledger(database)

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return what the release brings."""
        return self._kept.expected(release)

    def strangers(self, ledger: Ledger, *, release: Release) -> tuple[str, ...]:
        """Return what the release does not know."""
        return self._kept.strangers(ledger, release=release)

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """The ledger holds what the release expects, and the release does not run."""
        self._site.stands(claim)
        conduct(
            self._kept,
            lambda: self._boot(release, database=database, claim=claim, limit_seconds=limit_seconds),
            release=release,
            database=database,
        )

    def _boot(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> Said:
        """Return what the release said until the ledger was full or it ended by itself."""
        expected, variables = self._kept.expected(release), self._site.variables(database, claim)
        end = self._clock.ticks() + limit_seconds
        # The tool's own limit is a little longer: whoever waits tells best why it is over.
        with self._site.tool.boot(release, environment=variables, limit_seconds=limit_seconds + MORE_SECONDS) as booted:
            while not booted.ended():
                ledger = self._look(database)
                if ledger is not None and ledger.holds(expected):
                    break
                if self._clock.ticks() > end:
                    raise TimedOut(
                        say("cannot wait for the entrypoint of {release}: {limit} s passed, and it did not migrate",
                            release=release.label, limit=limit_seconds)
                    )  # fmt: skip
                self._clock.pause(PAUSE_SECONDS)
            return booted.said()

    def _look(self, database: str) -> Ledger | None:
        # A migration may hold its own ledger locked for longer than a look waits.
        try:
            return self._kept.ledger(database)
        except MigrationFailed:
            return None
