"""The opened release was looked at for a while; what was seen is told, and nothing is taken back."""

from __future__ import annotations

from amankan.model.entry import Evidence, leave
from amankan.model.plan import StepPlan
from amankan.operations.probing import probe_live
from amankan.operations.scene import Scene
from amankan.operations.step import Look

changes = False


def look(scene: Scene, step: StepPlan) -> Look:
    """A watch leaves nothing to look at."""
    return Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Probe what users see; a bad finding is evidence for an offer, never a reason to go back by itself."""
    verdict = probe_live(scene.stage.probes, scene.plan.after)
    worst = next(finding for finding in verdict.findings if finding.level is verdict.level)
    return leave(health=verdict.level.value, finding=str(worst.sentence)[:200])


def undo(scene: Scene, step: StepPlan) -> None:
    """A watch has no effect of its own."""
