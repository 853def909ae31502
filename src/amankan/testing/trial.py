"""The simulated migration tool, probes and sandbox."""

from __future__ import annotations

from amankan.errors import MigrationFailed
from amankan.model.boot import Boot
from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.fingerprint import Fingerprint
from amankan.model.plan import RollbackClass
from amankan.model.rehearsal import Rehearsal
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict
from amankan.testing.chance import Process
from amankan.testing.store import SimVault, fill_database
from amankan.testing.world import SimDatabase, SimImage, World


class SimMigrator:
    """Keeps the promise of `ports.migrator`: what it begins is in the ledger before it is finished."""

    def __init__(self, world: World, process: Process) -> None:
        """Migrate as `process`."""
        self._world, self._process = world, process

    def ledger(self, database: str) -> Ledger:
        """Return the ledger."""
        found = self._at(database)
        return Ledger(applied=found.applied, failed=found.failed)

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return what the image brings."""
        return self._world.images[release.images[0].digest].migrations

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """Apply each missing migration in two effects: begun, finished."""
        image = self._world.images[release.images[0].digest]
        for migration in image.migrations:
            if migration not in self._at(database).applied:
                self._apply(migration, image, database=database, claim=claim)

    def _apply(self, migration: str, image: SimImage, *, database: str, claim: Claim) -> None:
        def begin() -> None:
            self._world.refuse_foreign(claim)
            self._refuse_unpermitted(database, claim)
            self._touch(database).failed = (migration,)

        def finish() -> None:
            self._world.refuse_foreign(claim)
            self._refuse_unpermitted(database, claim)
            apply_migration(self._touch(database), migration, image=image)

        def late() -> None:
            apply_migration(self._touch(database), migration, image=image)

        self._world.effect(self._process, "migrator.begin", act=begin, claim=claim)
        self._world.effect(self._process, "migrator.finish", act=finish, claim=claim, late=late)

    def _refuse_unpermitted(self, database: str, claim: Claim) -> None:
        """Raise what a statement meets that destroys and has no leave."""
        if claim.run not in self._at(database).permits or claim.run not in self._world.server.windows:
            raise MigrationFailed(say("cannot migrate {database}: refused by its guard", database=database))

    def _touch(self, database: str) -> SimDatabase:
        found = self._at(database)
        if found.oid in self._world.untouchable:
            self._world.violations.append(f"I3: the original was written as {database}")
        return found

    def _at(self, database: str) -> SimDatabase:
        found = self._world.server.databases.get(database)
        if found is None:
            raise MigrationFailed(say("cannot reach {database}", database=database))
        return found


def apply_migration(database: SimDatabase, migration: str, *, image: SimImage) -> None:
    """The migration is in the ledger as applied, and dropped what it drops."""
    database.applied, database.failed = (*database.applied, migration), ()
    if len(database.rows) > image.drops_above:
        for row in sorted(database.rows)[: image.drops_rows]:
            database.rows.discard(row)


class SimProbe:
    """Keeps the promise of `ports.probe`: asks what an image answers."""

    def __init__(self, world: World) -> None:
        """Look at the world."""
        self._world = world

    def dark(self, release: Release, *, run: str, database: str) -> Verdict:
        """Probe what the run started in the dark."""
        found = self._world.dark.get(run)
        healthy = found == (database, release.images[0].digest) and self._world.images[found[1]].healthy
        return _verdict(healthy)

    def live(self, release: Release) -> Verdict:
        """Probe what users see."""
        app = self._world.services["app"]
        return _verdict(app.running and app.open and self._world.images[app.digest].healthy)


class SimSandbox:
    """Keeps the promise of `ports.sandbox` with places of its own."""

    def __init__(self, world: World, process: Process) -> None:
        """Make and remove places as `process`."""
        self._world, self._process = world, process
        self._vault = SimVault(world, process)

    def exists(self, run: str) -> bool:
        """Tell whether the place is there."""
        return run in self._world.places

    def restore(self, run: str, *, snapshot: str) -> Fingerprint:
        """Make the place and fill it, in two effects."""
        content = self._vault.content(snapshot)

        def make() -> None:
            self._world.places[run] = SimDatabase(oid=1, complete=False)

        self._world.effect(self._process, "sandbox.make", act=make, claim=None)
        self._world.effect(
            self._process, "sandbox.fill", act=lambda: fill_database(self._world.places[run], content), claim=None
        )
        return self._world.places[run].fingerprint()

    def rehearse(self, run: str, *, before: Release, after: Release, limit_seconds: float) -> Rehearsal:
        """Migrate the place, look at what was lost, ask the new image, and see whether the old one tolerates it."""
        old, new = (self._world.images[release.images[0].digest] for release in (before, after))
        had = len(self._world.places[run].rows)

        def act() -> None:
            place = self._world.places[run]
            for migration in new.migrations:
                if migration not in place.applied:
                    apply_migration(place, migration, image=new)

        self._world.effect(self._process, "sandbox.rehearse", act=act, claim=None)
        place = self._world.places[run]
        lost = had - len(place.rows)
        loss = Finding(
            level=Level.STOP if lost else Level.PASS,
            code="loss",
            sentence=say("cannot update: orders would lose {rows} rows", rows=lost),
        )
        tolerated = place.applied in old.tolerates or place.applied == old.migrations
        return Rehearsal(
            verdict=Verdict(findings=(loss, *_verdict(new.healthy).findings)),
            foretold=place.fingerprint(),
            rollback_class=RollbackClass.IMAGE_ONLY if tolerated else RollbackClass.DATABASE,
            migrate_seconds=1.0,
        )

    def boot(self, run: str, *, release: Release, limit_seconds: float) -> Boot:
        """Ask the image on the place as it is."""
        image = self._world.images[release.images[0].digest]
        self._world.effect(self._process, "sandbox.boot", act=lambda: None, claim=None)
        applied = self._world.places[run].applied
        fits = applied in image.tolerates or applied == image.migrations
        return Boot(verdict=_verdict(image.healthy and fits), seconds=1.0)

    def remove(self, run: str) -> None:
        """Remove the place."""
        if run in self._world.places:
            self._world.effect(self._process, "sandbox.remove", act=lambda: self._world.places.pop(run, None), claim=None)


def _verdict(healthy: bool) -> Verdict:
    level = Level.PASS if healthy else Level.STOP
    return Verdict(findings=(Finding(level=level, code="http", sentence=say("the release does not answer")),))
