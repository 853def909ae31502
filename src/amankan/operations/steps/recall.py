"""The update was rehearsed before, by `aman plan`, and nothing that the plan is bound to has changed since."""

from __future__ import annotations

from amankan.errors import StalePlan
from amankan.journal.papers import read_paper
from amankan.model.entry import Evidence, leave
from amankan.model.plan import StepPlan
from amankan.model.rehearsal import Rehearsal
from amankan.model.sentence import say
from amankan.operations.plans.names import snapshot_name
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps.rehearse import refuse_verdict

changes = False


def look(scene: Scene, step: StepPlan) -> Look:
    """A recollection leaves nothing to look at but its paper."""
    return Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Read the rehearsal of the earlier run, by its digest, and keep it as this run's own."""
    rehearsal = read_paper(scene.stage.disk, step.source, name="rehearsal", kind=Rehearsal, digest=step.aside)
    refuse_verdict(rehearsal.verdict)
    _refuse_moved(scene, step)
    return leave(
        rehearsal=scene.keep("rehearsal", rehearsal),
        rollback_class=rehearsal.rollback_class.value,
        migrate_seconds=rehearsal.migrate_seconds,
        verdict=rehearsal.verdict.level.value,
    )


def undo(scene: Scene, step: StepPlan) -> None:
    """A recollection has no effect of its own."""


def _refuse_moved(scene: Scene, step: StepPlan) -> None:
    """Raise StalePlan where the database has another schema than the copy that was rehearsed on."""
    vault = scene.stage.vault
    before, now = vault.find(snapshot_name(step.source)), vault.find(snapshot_name(scene.plan.run))
    if before is None or now is None:
        raise StalePlan(say("cannot use the plan {id}: its snapshot is not in the vault any more", id=step.source))
    if not before.fingerprint.shaped_like(now.fingerprint):
        raise StalePlan(say("cannot use the plan {id}: the schema of the database has changed since", id=step.source))
