"""The app's services are those of the new release, not yet running."""

from __future__ import annotations

from amankan.errors import Unlooked
from amankan.model.entry import NOTHING, Evidence
from amankan.model.plan import StepPlan
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell from the digests which release is placed."""
    if _placed(scene, scene.plan.after):
        return Look.DONE
    return Look.ABSENT if _placed(scene, scene.plan.before) else Look.PARTIAL


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Place the new release."""
    scene.stage.runtime.place(scene.plan.after, services=scene.plan.services, claim=scene.claim)
    return NOTHING


def undo(scene: Scene, step: StepPlan) -> None:
    """Place the old release again."""
    if not _placed(scene, scene.plan.before):
        scene.stage.runtime.place(scene.plan.before, services=scene.plan.services, claim=scene.claim)
    if not _placed(scene, scene.plan.before):
        raise Unlooked(say("cannot see that the old release is in its place again"))


def _placed(scene: Scene, release: Release) -> bool:
    services = scene.stage.runtime.inventory().services
    expected = {image.service: image.digest for image in release.images}
    as_expected = all(service.digest == expected.get(service.service, service.digest) for service in services)
    return as_expected and bool(services or not expected)
