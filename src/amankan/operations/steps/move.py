"""The original carries a name that only we know, so that it can be migrated where it is."""

from __future__ import annotations

from amankan.errors import Foreign, Unlooked
from amankan.model.entry import NOTHING, Evidence
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether the original, or what was restored in its place, carries the new name or the old one."""
    engine, ours = scene.stage.engine, scene.plan
    old, new = engine.database(step.source), engine.database(step.database)
    if new is None:
        return Look.FOREIGN if old is None else Look.ABSENT
    if old is not None or (new.oid != ours.identity.oid and new.mark != ours.run):
        return Look.FOREIGN
    return Look.DONE if new.admits else Look.PARTIAL


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Rename the fenced original and let us in; nobody else knows the name."""
    engine = scene.stage.engine
    if look(scene, step) is Look.ABSENT:
        engine.rename(((step.source, step.database),), claim=scene.claim)
    engine.admit(step.database, claim=scene.claim)
    return NOTHING


def undo(scene: Scene, step: StepPlan) -> None:
    """Give the name back; whatever carries it now has the content of before."""
    state = look(scene, step)
    if state is Look.FOREIGN:
        raise Foreign(say("cannot give {name} back: another database stands in the way", name=step.source))
    if state is not Look.ABSENT:
        scene.stage.engine.shut(step.database, claim=scene.claim)
        scene.stage.engine.rename(((step.database, step.source),), claim=scene.claim)
    if look(scene, step) is not Look.ABSENT:
        raise Unlooked(say("cannot see that {name} carries its name again", name=step.source))
