"""The rows that will go are in a file, complete where nobody can write any more."""

from __future__ import annotations

from amankan.errors import Unlooked
from amankan.model.entry import Evidence, leave
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether the run has the file of this step."""
    return Look.DONE if scene.stage.salvage.exists(scene.plan.run, title=step.name) else Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Write it anew, and keep what is in it as a paper too."""
    salvaged = scene.stage.salvage.keep(step.database, step.source, title=step.name, claim=scene.claim)
    _shut_again(scene, step)
    return leave(
        gone=scene.keep("gone", salvaged),
        inserted=sum(table.inserted for table in salvaged.tables),
        changed=sum(table.changed for table in salvaged.tables),
        deleted=sum(table.deleted for table in salvaged.tables),
        file=salvaged.path,
        size_bytes=salvaged.size_bytes,
    )


def undo(scene: Scene, step: StepPlan) -> None:
    """Nothing went, so nothing is kept; and nobody comes into the kept database, whenever a process died that went in."""
    _shut_again(scene, step)
    scene.stage.salvage.remove(scene.plan.run, title=step.name)


def _shut_again(scene: Scene, step: StepPlan) -> None:
    if not _is_open(scene, step):
        return
    scene.stage.engine.shut(step.source, claim=scene.claim)
    if _is_open(scene, step):
        raise Unlooked(say("cannot see that {name} is shut again", name=step.source))


def _is_open(scene: Scene, step: StepPlan) -> bool:
    kept = scene.stage.engine.database(step.source)
    return kept is not None and kept.admits
