"""A complete copy of the fenced original stands beside it."""

from __future__ import annotations

from amankan.model.entry import NOTHING, Evidence
from amankan.model.plan import StepPlan
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps.made import drop_made, look_at_made

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether the copy is there and complete."""
    return look_at_made(scene, step.database)


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Copy inside the server; a part that an earlier try left is dropped first."""
    drop_made(scene, step.database)
    scene.stage.engine.copy(step.source, step.database, claim=scene.claim, limit_seconds=step.limit_seconds)
    return NOTHING


def undo(scene: Scene, step: StepPlan) -> None:
    """Drop the copy, whole or in part."""
    drop_made(scene, step.database)
