"""The update was tried on the proved copy, and nothing spoke against it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from amankan.errors import LossFound, RehearsalFailed
from amankan.model.entry import Evidence, leave
from amankan.model.plan import StepPlan, Strategy
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps.made import remove_sandbox
from amankan.operations.wait import foretell

changes = False

ORDER: Final = "collation"
"""The code of the finding that indexes may be out of order."""

LOSS: Final = "loss"
"""The code of findings that tell of lost rows."""


def look(scene: Scene, step: StepPlan) -> Look:
    """A rehearsal leaves nothing to look at but its papers."""
    return Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Migrate the copy with the new release, start both releases on it, and judge; the copy is gone afterwards."""
    plan, sandbox = scene.plan, scene.stage.sandbox
    rehearsal = sandbox.rehearse(plan.run, before=plan.before, after=plan.after, limit_seconds=step.limit_seconds)
    rehearsal = replace(rehearsal, downtime_seconds=foretell(scene.stage.disk, plan, rehearsal=rehearsal))
    if found := rehearsal.verdict.findings:
        rehearsal = replace(rehearsal, verdict=Verdict(findings=(*found, *_order(scene))))
    digest = scene.keep("rehearsal", rehearsal)
    refuse_verdict(rehearsal.verdict)
    remove_sandbox(scene)
    return leave(
        rehearsal=digest,
        rollback_class=rehearsal.rollback_class.value,
        migrate_seconds=rehearsal.migrate_seconds,
        verdict=rehearsal.verdict.level.value,
    )


def undo(scene: Scene, step: StepPlan) -> None:
    """End what a killed process left running in the dark, and remove the sandbox."""
    scene.stage.runtime.stop(scene.claim)
    remove_sandbox(scene)


def _order(scene: Scene) -> tuple[Finding, ...]:
    """Return what to know of production that no restored copy shows: there every index is made anew."""
    aged = scene.stage.engine.aged_indexes(scene.plan.live)
    if not aged:
        return ()
    many, first = len(aged), aged[0]
    if scene.plan.strategy is Strategy.SWAP:
        sentence = say(
            "the machine sorts text otherwise than when {count} indexes were made ({index}, ...):"
            " they are made anew on the copy, while writers wait",
            count=many,
            index=first,
        )
    else:
        sentence = say(
            "the machine sorts text otherwise than when {count} indexes were made ({index}, ...): REINDEX them before",
            count=many,
            index=first,
        )
    return (Finding(level=Level.WARN, code=ORDER, sentence=sentence),)


def refuse_verdict(verdict: Verdict) -> None:
    """Raise LossFound or RehearsalFailed for a verdict that stops."""
    if verdict.level is not Level.STOP:
        return
    stops = [finding for finding in verdict.findings if finding.level is Level.STOP]
    if not stops:
        raise RehearsalFailed(say("cannot update: the rehearsal looked at nothing"))
    kind = LossFound if any(finding.code == LOSS for finding in stops) else RehearsalFailed
    sentence = stops[0].sentence
    cannot = sentence if sentence.template.startswith("cannot ") else say("cannot update: {why}", why=sentence)
    raise kind(cannot, next=stops[0].remedy)
