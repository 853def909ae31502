"""The images of the new release are here and those of both releases are kept."""

from __future__ import annotations

from amankan.errors import Unlooked
from amankan.model.entry import Evidence, leave
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether the images are here, with their digests, and kept for this run."""
    registry, plan = scene.stage.registry, scene.plan
    kept = [registry.kept(release, run=plan.run) for release in (plan.before, plan.after)]
    if registry.present(plan.after) and all(kept):
        return Look.DONE
    return Look.PARTIAL if any(kept) else Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Pull the new images by digest, and keep the new and the running ones from being pruned."""
    registry, plan = scene.stage.registry, scene.plan
    registry.keep(plan.before, claim=scene.claim)
    registry.pull(plan.after, claim=scene.claim, limit_seconds=step.limit_seconds)
    registry.keep(plan.after, claim=scene.claim)
    return leave(images=len(plan.after.images))


def undo(scene: Scene, step: StepPlan) -> None:
    """Let the images go; they stay until somebody prunes, which harms nobody."""
    registry, plan = scene.stage.registry, scene.plan
    registry.unkeep(scene.claim)
    if any(registry.kept(release, run=plan.run) for release in (plan.before, plan.after)):
        raise Unlooked(say("cannot see that the images are let go"))
