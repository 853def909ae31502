"""What a look at something means for the plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from amankan.model.sentence import Sentence


class Level(Enum):
    """How much a finding weighs; a plan goes on with `PASS` and `WARN` and ends with `STOP`."""

    PASS = "pass"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at: `code` for machines, the sentence for people, the remedy where there is one."""

    level: Level
    code: str
    sentence: Sentence
    remedy: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Findings and what they mean; without a single finding nothing was looked at, so it never passes."""

    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """The heaviest level found; `STOP` where nothing was looked at."""
        levels = {finding.level for finding in self.findings}
        if not levels or Level.STOP in levels:
            return Level.STOP
        return Level.WARN if Level.WARN in levels else Level.PASS
