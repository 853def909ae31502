"""The loaded or kept database will give out no number that users of the live one may have seen."""

from __future__ import annotations

from amankan.model.entry import NOTHING, Evidence
from amankan.model.plan import StepPlan
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether every sequence that both databases have is as far on as its counterpart."""
    engine = scene.stage.engine
    ours = dict(engine.sequences(step.database))
    theirs = engine.sequences(step.source)
    behind = [name for name, last in theirs if name in ours and ours[name] < last]
    return Look.PARTIAL if behind else Look.DONE


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Set every sequence that lags behind to the value of its counterpart."""
    scene.stage.engine.advance(step.database, beyond=step.source, claim=scene.claim)
    return NOTHING


def undo(scene: Scene, step: StepPlan) -> None:
    """
    A database that was kept is shut, as it was; one that was loaded is dropped whole by its own step.

    A gap in numbers stays, which harms nobody.
    """
    if scene.plan.prepared and scene.stage.engine.database(step.database) is not None:
        scene.stage.engine.shut(step.database, claim=scene.claim)
