"""The release of a snapshot was started on the restored copy and looked at, where it could be."""

from __future__ import annotations

from amankan.errors import EffectFailed, SnapshotMissing
from amankan.model.boot import Boot
from amankan.model.entry import Evidence, leave
from amankan.model.plan import StepPlan
from amankan.model.release import Release
from amankan.model.sentence import Sentence, say
from amankan.model.verdict import Verdict
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps.made import remove_sandbox

changes = False

PAPER = "boot"
"""The name of the paper that tells what was seen, and of its digest in the evidence."""


def look(scene: Scene, step: StepPlan) -> Look:
    """A start leaves nothing to look at but its paper."""
    return Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Start it in the dark, probe it and end it; that it does not work is what a drill is to find out, and fails no step."""
    snapshot = scene.stage.vault.find(step.source)
    if snapshot is None:
        raise SnapshotMissing(say("cannot start the release of {snapshot}: it is not in the vault", snapshot=step.source))
    why_not = _hindrance(scene, snapshot.release)
    if why_not is None:
        seen = scene.stage.sandbox.boot(scene.plan.run, release=snapshot.release, limit_seconds=step.limit_seconds)
    else:
        seen = Boot(verdict=Verdict(findings=()), seconds=0.0, why_not=why_not)
    digest = scene.keep(PAPER, seen)
    return leave(boot=digest, release=snapshot.release.label, tried=seen.tried, works=seen.works, boot_seconds=seen.seconds)


def undo(scene: Scene, step: StepPlan) -> None:
    """End what a killed process left running in the dark, and remove the sandbox."""
    scene.stage.runtime.stop(scene.claim)
    remove_sandbox(scene)


def _hindrance(scene: Scene, release: Release) -> Sentence | None:
    """Return why the release cannot be started here, or None."""
    if not release.images:
        return say("the snapshot does not say which release it belongs to")
    try:
        if scene.stage.registry.present(release):
            return None
    except EffectFailed as failure:
        return failure.cannot
    return say("release {release} is not on this machine any more", release=release.label)
