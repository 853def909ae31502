"""Nothing of the run is left but what is kept on purpose."""

from __future__ import annotations

from amankan.model.entry import NOTHING, Evidence
from amankan.model.plan import StepPlan
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps.made import remove_sandbox

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether the sandbox is gone."""
    return Look.PARTIAL if scene.stage.sandbox.exists(scene.plan.run) else Look.DONE


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Remove the sandbox."""
    remove_sandbox(scene)
    return NOTHING


def undo(scene: Scene, step: StepPlan) -> None:
    """Nothing was there that could be brought back."""
