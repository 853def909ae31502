"""Who migrates and who judges: on production's server, and on a throwaway one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.fingerprint import census_of
from amankan.adapters.engines.postgres.inspector.inspector import PostgresInspector
from amankan.adapters.engines.postgres.reach import session_conninfo
from amankan.adapters.migrators.books import PostgresBooks
from amankan.adapters.migrators.site import Site
from amankan.adapters.probes.http import Patience
from amankan.config.settings import Settings
from amankan.model.claim import Claim
from amankan.model.secret import Secret
from amankan.operations.guarded import refuse_superseded
from amankan.operations.permitted import PermittedMigrator
from amankan.operations.rehearsal import Ground
from amankan.ports.engine import Engine
from amankan.ports.migrator import Migrator
from amankan.ports.probe import Probe
from amankan.wiring.guards import guard_at
from amankan.wiring.migrators import migrator_of
from amankan.wiring.premises import Premises, Theatre, nobody_asks
from amankan.wiring.probes import Sight, probes_of

# Behind the fence users wait, and the rehearsal has looked for long: a release that ends at once is seen all the same.
STEADY_SECONDS: Final = 0.5
QUICKLY: Final = Patience(successes=2, pause_seconds=0.1, limit_seconds=30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What is known of an app: its settings, its premises, the tool's own way to the database, and the app's."""

    settings: Settings
    premises: Premises
    own: Address
    app: Address
    engine: Engine

    def migrator(self) -> Migrator:
        """Return the migration tool on production's server."""
        return self._migrator(self.premises.theatre, own=self.own)

    def probes(self) -> tuple[Probe, ...]:
        """Return what judges the new release in the dark, and what users see."""
        sight = Sight(
            source=self.premises.theatre.source,
            database=self.own.database,
            own=self.own.at,
            app=self.app_at,
            steady_seconds=STEADY_SECONDS,
            live_seconds=self.settings.checks.watch_seconds,
            patience=QUICKLY,
        )
        return probes_of(self.settings, sight)

    def app_at(self, database: str) -> Address:
        """Return how the app's own role comes to a database, from here."""
        return replace(self.own.at(database), user=self.app.user, password=self.app.password)

    def ground(self, claim: Claim, server: Address) -> Ground:
        """Return everything that acts on a throwaway server at that address."""
        theatre = self.premises.elsewhere(server)
        sight = Sight(
            source=theatre.source,
            database=self.own.database,
            own=server.at,
            app=lambda name: replace(server.at(name), user=self.app.user),
            steady_seconds=self.settings.checks.watch_seconds,
        )
        return Ground(
            database=self.own.database,
            inspector=PostgresInspector(address=server, clock=SystemClock()),
            migrator=PermittedMigrator(self._migrator(theatre, own=server), guard_at(server)),
            runtime=theatre.runtime,
            probes=probes_of(self.settings, sight),
            census=lambda name: census_of(server.at(name)),
            clock=SystemClock(),
            limits=self.settings.limits,
            claim=claim,
        )

    def _migrator(self, theatre: Theatre, *, own: Address) -> Migrator:
        books = PostgresBooks(_conninfo(own))
        site = Site(
            tool=theatre.tool,
            books=books,
            environment=theatre.told,
            stands=partial(refuse_superseded, self.engine) if own is self.own else nobody_asks,
            lock_seconds=self.settings.limits.lock_seconds,
        )
        files = lambda: self.premises.files(theatre.runtime.release())  # noqa: E731
        return migrator_of(self.settings, site=site, notebook=books, files=files, database=self.own.database)


def _conninfo(own: Address) -> Callable[[str], Secret]:
    return lambda name: session_conninfo(own.at(name))
