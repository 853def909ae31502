"""The new release runs in the dark, on a database of our choice, where nobody can reach it and it can reach nobody."""

from __future__ import annotations

from amankan.errors import Unlooked
from amankan.model.entry import NOTHING, Evidence
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether this run has something in the dark, and on the right database."""
    ours = [dark for dark in scene.stage.runtime.inventory().dark if dark.run == scene.plan.run]
    if not ours:
        return Look.ABSENT
    expected = {image.digest for image in scene.plan.after.images}
    whole = len(ours) == 1 and ours[0].database == step.database and set(ours[0].digests) == expected
    return Look.DONE if whole else Look.PARTIAL


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Start it afresh."""
    runtime = scene.stage.runtime
    runtime.stop(scene.claim)
    runtime.start(scene.plan.after, database=step.database, claim=scene.claim, limit_seconds=step.limit_seconds)
    return NOTHING


def undo(scene: Scene, step: StepPlan) -> None:
    """Stop it and leave nothing of it."""
    scene.stage.runtime.stop(scene.claim)
    if look(scene, step) is not Look.ABSENT:
        raise Unlooked(say("cannot see that the dark release is gone"))
