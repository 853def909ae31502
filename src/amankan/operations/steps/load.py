"""A new database beside the live one holds a snapshot, compared with its fingerprint."""

from __future__ import annotations

from amankan.errors import EngineFailed, Refused, SnapshotDamaged, SnapshotMissing
from amankan.model.entry import Evidence, leave
from amankan.model.fingerprint import compare
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps.made import drop_made, look_at_made

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether the loaded database is there and complete."""
    return look_at_made(scene, step.database)


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Load into a database of its own, never into one with tables, and compare."""
    snapshot = scene.stage.vault.find(step.source)
    if snapshot is None:
        raise SnapshotMissing(say("cannot load {snapshot}: it is not in the vault", snapshot=step.source))
    drop_made(scene, step.database)
    held = scene.stage.vault.load(step.source, into=step.database, claim=scene.claim)
    if compare(snapshot.fingerprint, held):
        raise SnapshotDamaged(say("cannot load {snapshot}: it restores to something else", snapshot=step.source))
    return leave(rows=held.rows, tables=len(held.tables), guard=_guard(scene, step))


def _guard(scene: Scene, step: StepPlan) -> str:
    """
    Return whether what was loaded is guarded as the live database is.

    Where that cannot be, the rows are worth more than their guard: the operation goes on, and whoever asked is told.
    """
    try:
        scene.stage.guard.follow(step.database, source=scene.plan.live, claim=scene.claim)
    except (EngineFailed, Refused) as error:
        return str(error.cannot)
    return "as before"


def undo(scene: Scene, step: StepPlan) -> None:
    """Drop what was loaded, whole or in part."""
    drop_made(scene, step.database)
