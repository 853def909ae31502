"""One process at work on one run."""

from __future__ import annotations

from typing import TypeVar

from amankan.journal.log import Log
from amankan.journal.papers import keep_paper, read_paper
from amankan.journal.story import Story
from amankan.model.claim import Claim
from amankan.model.entry import Phase
from amankan.model.plan import Plan, StepPlan
from amankan.operations.guarded import guarded
from amankan.operations.stage import Stage

Paper = TypeVar("Paper")


class Scene:
    """One process at work on one run: the stage, the plan, the claim under which it writes, and the open journal."""

    __slots__ = ("_fenced_at", "claim", "log", "plan", "stage")

    def __init__(self, stage: Stage, plan: Plan, *, log: Log) -> None:
        """Join what belongs together; the claim is that of the journal's epoch."""
        self.plan, self.log = plan, log
        self.claim = Claim(run=plan.run, epoch=log.epoch)
        self.stage = guarded(stage, self.claim)
        self._fenced_at: float | None = None

    @property
    def story(self) -> Story:
        """How far the run has come."""
        return self.log.story

    def keep(self, name: str, paper: object) -> str:
        """A paper lies beside the journal for good; returns the digest that the step leaves as evidence under `name`."""
        return keep_paper(self.stage.disk, self.plan.run, name=name, paper=paper)

    def read(self, name: str, kind: type[Paper], *, step: StepPlan) -> Paper:
        """Return a paper whose digest the named step left as evidence; JournalDamaged where it is not that one."""
        digest = str(self.story.of(step.name).get(name) or "")
        return read_paper(self.stage.disk, self.plan.run, name=name, kind=kind, digest=digest)

    def record(self, phase: Phase) -> None:
        """A record that belongs to no step stands in the journal for good."""
        self.log.append(phase)

    def waited_seconds(self) -> float:
        """Return for how long users have waited, counted from the first call behind the beginning of the fence."""
        if self.plan.fence not in self.story.begun:
            return 0.0
        if self._fenced_at is None:
            self._fenced_at = self.stage.clock.ticks()
        return self.stage.clock.ticks() - self._fenced_at
