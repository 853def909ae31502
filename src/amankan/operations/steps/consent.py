"""Somebody, or the policy, said yes."""

from __future__ import annotations

from amankan.model.entry import Evidence, leave
from amankan.model.plan import StepPlan
from amankan.model.rehearsal import Rehearsal
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = False


def look(scene: Scene, step: StepPlan) -> Look:
    """A consent is in the journal or it is not there."""
    return Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Show the plan with what was rehearsed, and ask."""
    rehearsed = scene.plan.rehearsed
    done = rehearsed is not None and rehearsed.name in scene.story.done
    rehearsal = scene.read("rehearsal", Rehearsal, step=rehearsed) if rehearsed is not None and done else None
    return leave(who=scene.stage.consent(scene.plan, rehearsal))


def undo(scene: Scene, step: StepPlan) -> None:
    """A consent has no effect of its own."""
