"""Nobody but us can write: the app is stopped, sessions are ended, the original is closed to connections."""

from __future__ import annotations

from amankan.errors import RuntimeFailed, TimedOut, Unlooked
from amankan.model.entry import Evidence, leave
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether app and database are both out of reach, both as before, or neither."""
    services = scene.stage.runtime.inventory().services
    database = scene.stage.engine.database(step.database)
    running = any(service.running or service.open for service in services)
    if database is not None and not database.admits and not running:
        return Look.DONE
    if database is not None and database.admits and services == scene.plan.services:
        return Look.ABSENT
    return Look.PARTIAL


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Stop the app first, so that what it has accepted is finished; then close the database."""
    scene.stage.runtime.halt(scene.claim)
    scene.stage.engine.shut(step.database, claim=scene.claim)
    return leave(services=len(scene.plan.services))


def undo(scene: Scene, step: StepPlan) -> None:
    """Put the old release in its place, open the database, let the app run with its traffic, exactly as it was."""
    plan, runtime = scene.plan, scene.stage.runtime
    if look(scene, step) is not Look.ABSENT:
        runtime.halt(scene.claim)
        runtime.place(plan.before, services=plan.services, claim=scene.claim)
        scene.stage.engine.admit(step.database, claim=scene.claim)
    try:
        # Also where all looks as before: what an earlier try began may run and not answer.
        runtime.open(plan.services, claim=scene.claim)
    except (RuntimeFailed, TimedOut) as fault:
        raise RuntimeFailed(
            fault.cannot,
            production=say(
                "as before, but that {release} does not come back: the database is open, no row is lost",
                release=plan.before.label or plan.app,
            ),
            next=say("see in the app's log why it does not start, then type: aman recover"),
        ) from fault
    if look(scene, step) is not Look.ABSENT:
        raise Unlooked(say("cannot see that the fence is open again: services or database are not as before"))
