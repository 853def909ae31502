"""What was seen when a release was started on a restored copy."""

from __future__ import annotations

from dataclasses import dataclass

from amankan.model.sentence import Sentence
from amankan.model.verdict import Level, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """
    What was looked at, and how long it took from the start to the last answer.

    `why_not` says why nothing was started; it is None where something was.
    """

    verdict: Verdict
    seconds: float
    why_not: Sentence | None = None

    @property
    def tried(self) -> bool:
        """Whether the release was started at all."""
        return self.why_not is None

    @property
    def works(self) -> bool:
        """Whether the release was started and nothing that was looked at spoke against it."""
        return self.tried and self.verdict.level is not Level.STOP
