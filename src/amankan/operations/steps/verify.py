"""The new release answers in the dark, and the data is what the rehearsal foretold, within the loss budget."""

from __future__ import annotations

from amankan.errors import LossFound, MigrationFailed, ProbeFailed, Unlooked
from amankan.model.entry import Evidence, leave
from amankan.model.fingerprint import Fingerprint, lost_rows
from amankan.model.plan import StepKind, StepPlan
from amankan.model.rehearsal import Rehearsal
from amankan.model.sentence import say
from amankan.model.verdict import Level, Verdict
from amankan.operations.probing import probe_dark
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = False


def look(scene: Scene, step: StepPlan) -> Look:
    """A verification leaves nothing to look at."""
    return Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Probe the dark release, stop it, then look at the data that it and the migration left."""
    plan, stage = scene.plan, scene.stage
    verdict = probe_dark(stage.probes, plan.after, run=plan.run, database=step.database)
    _refuse_sick(verdict)
    stage.runtime.stop(scene.claim)
    if any(dark.run == plan.run for dark in stage.runtime.inventory().dark):
        raise Unlooked(say("cannot see that the dark release stopped"))
    held = stage.engine.census(step.database)
    _refuse_loss(scene, held)
    _refuse_surprise(scene, held)
    return leave(rows=held.rows, schema=held.schema, checks=len(verdict.findings))


def undo(scene: Scene, step: StepPlan) -> None:
    """A verification has no effect of its own."""


def _refuse_sick(verdict: Verdict) -> None:
    for finding in verdict.findings:
        if finding.level is Level.STOP:
            raise ProbeFailed(finding.sentence)


def _refuse_loss(scene: Scene, held: Fingerprint) -> None:
    step = next(step for step in scene.plan.steps if step.kind is StepKind.MIGRATE)
    lost = lost_rows(scene.read("baseline", Fingerprint, step=step), held)
    for table, rows in lost.items():
        budget = scene.stage.app.limits.budget(table)
        if rows > budget:
            raise LossFound(
                say(
                    "cannot update: {table} would lose {rows} rows, {budget} are allowed",
                    table=table,
                    rows=rows,
                    budget=budget,
                )
            )


def _refuse_surprise(scene: Scene, held: Fingerprint) -> None:
    step = scene.plan.rehearsed
    if step is None:
        raise Unlooked(say("cannot compare the migrated schema: nothing was rehearsed"))
    foretold = scene.read("rehearsal", Rehearsal, step=step).foretold
    if not foretold.shaped_like(held):
        raise MigrationFailed(say("cannot update: the migrated schema is not the one that the rehearsal foretold"))
