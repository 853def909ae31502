"""Databases that a run makes: they carry its name and its mark, and only they are ever dropped."""

from __future__ import annotations

from amankan.errors import Foreign, Unlooked
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look


def look_at_made(scene: Scene, database: str) -> Look:
    """Tell whether the run's own database of that name is absent, unfinished or complete."""
    state = scene.stage.engine.database(database)
    if state is None:
        return Look.ABSENT
    if state.oid == scene.plan.identity.oid or state.mark not in ("", scene.plan.run):
        return Look.FOREIGN
    return Look.DONE if state.mark == scene.plan.run else Look.PARTIAL


def drop_made(scene: Scene, database: str) -> None:
    """The run's own database of that name is gone; Foreign where another one carries the name, Unlooked where it stayed."""
    state = look_at_made(scene, database)
    if state is Look.FOREIGN:
        raise Foreign(say("cannot drop {database}: this run did not make it", database=database))
    if state is Look.ABSENT:
        return
    scene.stage.engine.drop(database, claim=scene.claim)
    if look_at_made(scene, database) is not Look.ABSENT:
        raise Unlooked(say("cannot see that {database} is gone", database=database))


def remove_sandbox(scene: Scene) -> None:
    """Nothing of the run's sandbox is left, and that was looked at; Unlooked where something stayed."""
    sandbox, run = scene.stage.sandbox, scene.plan.run
    sandbox.remove(run)
    if sandbox.exists(run):
        raise Unlooked(say("cannot see that the sandbox of {run} is gone", run=run))
