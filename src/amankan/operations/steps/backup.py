"""A sealed snapshot of the database lies in the vault."""

from __future__ import annotations

from amankan.model.entry import Evidence, leave
from amankan.model.plan import StepPlan
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether the snapshot is complete."""
    return Look.ABSENT if scene.stage.vault.find(step.source) is None else Look.DONE


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Dump, fingerprint and seal at one moment of the database."""
    scene.stage.vault.collect(step.source)
    plan = scene.plan
    label = plan.label or plan.operation.value
    taken = scene.stage.vault.take(step.source, database=step.database, release=plan.before, label=label)
    # Outside of the vault, so that one whose newest snapshots were taken away is told.
    chained: dict[str, str | int] = {"sequence": taken.sequence, "manifest": taken.manifest} if taken.manifest else {}
    return leave(snapshot=taken.id, rows=taken.fingerprint.rows, stored_bytes=taken.stored_bytes, **chained)


def undo(scene: Scene, step: StepPlan) -> None:
    """Collect what never became a snapshot; a complete one stays, for it is a backup like any other."""
    scene.stage.vault.collect(step.source)
