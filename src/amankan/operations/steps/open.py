"""The fence is open: the database lets everybody in and the placed release has its traffic."""

from __future__ import annotations

from amankan.errors import Stopped
from amankan.model.entry import NOTHING, Evidence
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether database and services are open as the inventory of before says, with the new release."""
    database = scene.stage.engine.database(step.database)
    now = {service.service: service for service in scene.stage.runtime.inventory().services}
    as_asked = all(
        service.service in now
        and (now[service.service].running, now[service.service].open) == (service.running, service.open)
        and now[service.service].restart == service.restart
        for service in scene.plan.services
    )
    if database is not None and database.admits and as_asked:
        return Look.DONE
    return Look.PARTIAL


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Open the database first, so that the app finds it."""
    scene.stage.engine.admit(step.database, claim=scene.claim)
    scene.stage.runtime.open(scene.plan.services, claim=scene.claim)
    return NOTHING


def undo(scene: Scene, step: StepPlan) -> None:
    """Refuse: somebody may have written since."""
    raise Stopped(say("cannot take an opening back: users may have written since"))
