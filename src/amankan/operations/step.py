"""What every step can do."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from amankan.model.entry import Evidence
from amankan.model.plan import StepPlan
from amankan.operations.scene import Scene


class Look(Enum):
    """What a look at the world says of a step's effect; `FOREIGN` means that something not ours stands in its place."""

    ABSENT = "absent"
    PARTIAL = "partial"
    DONE = "done"
    FOREIGN = "foreign"


class Step(Protocol):
    """
    One kind of step. Each verb is safe when called twice, and none believes the journal where it can look.

    `changes` is False for a step that only judges: then `do` itself is the look, and there is nothing to undo.
    """

    @property
    def changes(self) -> bool:
        """Tell whether the step has an effect that a look can see."""
        ...

    def look(self, scene: Scene, step: StepPlan) -> Look:
        """Return how far the effect is there; reads only."""
        ...

    def do(self, scene: Scene, step: StepPlan) -> Evidence:
        """The effect is there, from ABSENT and from PARTIAL; returns the facts that somebody will need."""
        ...

    def undo(self, scene: Scene, step: StepPlan) -> None:
        """The effect is gone, from whatever state, and was looked at; raises where it is not, and refuses what is FOREIGN."""
        ...
