"""A database that a finished run kept aside is gone: its time is over."""

from __future__ import annotations

from amankan.errors import Foreign
from amankan.model.entry import NOTHING, Evidence
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether the database of that name and number is there, shut as it was left, or another one has its name."""
    state = scene.stage.engine.database(step.database)
    if state is None:
        return Look.DONE
    if state.oid != step.number or state.admits or step.number == scene.plan.identity.oid:
        return Look.FOREIGN
    return Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Drop it, and no other."""
    if look(scene, step) is Look.FOREIGN:
        raise Foreign(say("cannot drop {database}: it is not the one that was kept", database=step.database))
    scene.stage.engine.discard(step.database, oid=step.number, claim=scene.claim)
    return NOTHING


def undo(scene: Scene, step: StepPlan) -> None:
    """What is gone was due to go; what is still there stays, shut, until it is tried again."""
