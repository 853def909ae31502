"""The database has the schema of the new release, by the new release's own migration tool."""

from __future__ import annotations

from dataclasses import replace

from amankan.errors import Foreign, SnapshotDamaged, SnapshotMissing, Unlooked
from amankan.model.entry import Evidence, leave
from amankan.model.fingerprint import Fingerprint, compare
from amankan.model.guard import SCHEMA
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.model.snapshot import Snapshot
from amankan.operations.permitted import PermittedMigrator
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps.made import drop_made, look_at_made

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """
    Tell by the tool's ledger whether the new release's migrations are all there, none of them, or some.

    They are not done before the guard is settled.
    """
    migrator, plan = scene.stage.migrator, scene.plan
    ledger = migrator.ledger(step.database)
    if ledger.holds(migrator.expected(plan.after)):
        return Look.DONE if scene.stage.guard.settled(step.database, run=plan.run) else Look.PARTIAL
    return Look.ABSENT if not ledger.failed and ledger.applied == plan.before.ledger else Look.PARTIAL


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Note what the database holds, then let the tool run, past the guard."""
    baseline = scene.stage.engine.census(step.database)
    digest = scene.keep("baseline", baseline)
    migrator = PermittedMigrator(scene.stage.migrator, scene.stage.guard)
    migrator.migrate(scene.plan.after, database=step.database, claim=scene.claim, limit_seconds=step.limit_seconds)
    return leave(baseline=digest, rows=baseline.rows)


def undo(scene: Scene, step: StepPlan) -> None:
    """
    Nothing on a clone, which is dropped whole; in place, the content of the last snapshot stands under the name again.

    The migrated original is kept aside, never destroyed. What was permitted is not any more, there or in the whole server.
    """
    if not step.source:
        _settle_clone(scene, step)
        return
    snapshot, engine = _snapshot(scene, step), scene.stage.engine
    engine.admit(step.database, claim=scene.claim)
    _settle(scene, step)
    if _holds(scene, step.database, fingerprint=snapshot.fingerprint):
        drop_made(scene, step.spare)
        return
    _load_beside(scene, step, snapshot=snapshot)
    _exchange(scene, step)
    engine.admit(step.database, claim=scene.claim)
    if not _holds(scene, step.database, fingerprint=snapshot.fingerprint):
        raise Unlooked(say("cannot see that {database} holds what it held", database=step.database))
    _settle(scene, step)


def _settle(scene: Scene, step: StepPlan) -> None:
    guard, run = scene.stage.guard, scene.plan.run
    if guard.settled(step.database, run=run):
        return
    guard.settle(step.database, claim=scene.claim)
    if not guard.settled(step.database, run=run):
        raise Unlooked(say("cannot see that the guard of {database} lets nothing pass any more", database=step.database))


def _settle_clone(scene: Scene, step: StepPlan) -> None:
    """A permit may open more than the clone; one that is shut was settled before, or the step had not been done."""
    clone = scene.stage.engine.database(step.database)
    if clone is not None and clone.admits:
        _settle(scene, step)


def _snapshot(scene: Scene, step: StepPlan) -> Snapshot:
    snapshot = scene.stage.vault.find(step.source)
    if snapshot is None:
        raise SnapshotMissing(say("cannot go back: {snapshot} is not in the vault", snapshot=step.source))
    return snapshot


def _holds(scene: Scene, database: str, *, fingerprint: Fingerprint) -> bool:
    """Tell whether a database holds that; what the guard keeps of itself, its permits among them, is not of the app."""
    return not compare(_of_app(fingerprint), _of_app(scene.stage.engine.fingerprint(database)))


def _of_app(fingerprint: Fingerprint) -> Fingerprint:
    tables = (table for table in fingerprint.tables if not table.table.startswith(f"{SCHEMA}."))
    return replace(fingerprint, tables=tuple(tables))


def _load_beside(scene: Scene, step: StepPlan, *, snapshot: Snapshot) -> None:
    """The snapshot stands under the spare name, compared; what an earlier try left there is used only where it is equal."""
    if look_at_made(scene, step.spare) is Look.DONE and _holds(scene, step.spare, fingerprint=snapshot.fingerprint):
        return
    drop_made(scene, step.spare)
    held = scene.stage.vault.load(step.source, into=step.spare, claim=scene.claim)
    if compare(snapshot.fingerprint, held):
        raise SnapshotDamaged(say("cannot go back: {snapshot} restores to something else", snapshot=step.source))
    if look_at_made(scene, step.spare) is not Look.DONE:
        raise Unlooked(say("cannot see that {database} is complete and ours", database=step.spare))


def _exchange(scene: Scene, step: StepPlan) -> None:
    engine = scene.stage.engine
    if engine.database(step.aside) is not None:
        raise Foreign(say("cannot keep the migrated database as {name}: the name is taken", name=step.aside))
    for name in (step.database, step.spare):
        engine.shut(name, claim=scene.claim)
    engine.rename(((step.database, step.aside), (step.spare, step.database)), claim=scene.claim)
