"""The prepared database carries the live name; the one that carried it is kept aside."""

from __future__ import annotations

from amankan.errors import Foreign, Unlooked
from amankan.model.database import DatabaseState
from amankan.model.entry import NOTHING, Evidence
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell from numbers and marks, which go along with a rename, which database carries which name."""
    engine, original = scene.stage.engine, scene.plan.identity.oid
    live, source = engine.database(step.database), engine.database(step.source)
    aside = engine.database(step.aside) if step.aside else None
    if _is_prepared(scene, source) and aside is None and _carries(live, original if step.aside else 0):
        return Look.ABSENT
    if _is_prepared(scene, live) and source is None and _carries(aside, original if step.aside else 0):
        return Look.DONE
    return Look.FOREIGN


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Close the prepared database, then give all names in one transaction."""
    if look(scene, step) is Look.ABSENT:
        scene.stage.engine.shut(step.source, claim=scene.claim)
        away = ((step.database, step.aside),) if step.aside else ()
        scene.stage.engine.rename((*away, (step.source, step.database)), claim=scene.claim)
    return NOTHING


def undo(scene: Scene, step: StepPlan) -> None:
    """Give the names back in one transaction; nobody could write meanwhile, so nothing is lost."""
    state = look(scene, step)
    if state is Look.FOREIGN:
        raise Foreign(say("cannot give the names back: {database} is not what this run made", database=step.database))
    if state is Look.DONE:
        back = ((step.aside, step.database),) if step.aside else ()
        scene.stage.engine.rename(((step.database, step.source), *back), claim=scene.claim)
    if look(scene, step) is not Look.ABSENT:
        raise Unlooked(say("cannot see that {database} carries its name again", database=step.database))


def _is_prepared(scene: Scene, state: DatabaseState | None) -> bool:
    """Tell whether a database is the one that the steps before prepared: made by this run, or the moved original."""
    if state is None:
        return False
    return state.mark == scene.plan.run or state.oid == scene.plan.prepared


def _carries(state: DatabaseState | None, oid: int) -> bool:
    """Tell whether a name is carried by the database of that number, or by none where the number is 0."""
    return (state.oid if state is not None else 0) == oid
