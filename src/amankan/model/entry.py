"""One line of the journal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from amankan.model.sentence import Scalar


class Phase(Enum):
    """What a line says has happened, or is about to happen."""

    BEGIN = "begin"
    RESUMED = "resumed"
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    DECISION = "decision"
    OPENED = "opened"
    ABORT = "abort"
    UNDOING = "undoing"
    UNDONE = "undone"
    CLOSED = "closed"


class Ending(Enum):
    """The three ways in which an operation ends; there is no fourth."""

    DONE = "done"
    AS_BEFORE = "as-before"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The small facts that a step leaves, sorted by name; text, numbers and truths only."""

    facts: tuple[tuple[str, Scalar], ...] = ()

    def get(self, name: str) -> Scalar | None:
        """Return one fact, or None where it was not left."""
        return dict(self.facts).get(name)


def leave(**facts: Scalar) -> Evidence:
    """Return the evidence of these facts."""
    return Evidence(facts=tuple(sorted(facts.items())))


NOTHING = Evidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One journal line: `number` from 1 without a gap, `time` in RFC 3339 UTC for people only, `previous` the digest of
    the line before (64 hex digits, zeros for the first).
    """

    number: int
    time: str
    run: str
    epoch: int
    phase: Phase
    step: str
    evidence: Evidence
    previous: str
