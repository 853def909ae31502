"""What one run did, step by step, for people: with times, which decide nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from amankan.journal.log import lines_path
from amankan.journal.replay import replay
from amankan.model.entry import NOTHING, Ending, Entry, Evidence, Phase
from amankan.ports.disk import Disk


class Standing(Enum):
    """How a step stands."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAccount:
    """
    One step: how it stands, what it left, and why it failed where it did.

    `seconds` are those until it was done or failed, 0 where it was cut short; `undone_seconds` those of taking it back,
    which was over at `undone`.
    """

    name: str
    standing: Standing
    begun: str
    seconds: float = 0.0
    undoing: str = ""
    undone: str = ""
    undone_seconds: float = 0.0
    evidence: Evidence = NOTHING
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One run: what was asked for, its steps in order, and how it ended; `ending` is None while it has not."""

    run: str
    operation: str = ""
    begun: str = ""
    ended: str = ""
    seconds: float = 0.0
    steps: tuple[StepAccount, ...] = ()
    decided: str = ""
    opened: str = ""
    reason: str = ""
    ending: Ending | None = None

    @property
    def outcome(self) -> str:
        """How it ended, in one word."""
        if self.ending is None:
            return "unfinished"
        if self.ending is Ending.AS_BEFORE:
            return "as-before"
        return "done" if self.ending is Ending.DONE else "stopped"

    @property
    def downtime_seconds(self) -> float:
        """How long users waited: from the beginning of the fence until it was opened or taken back, 0 where there was none."""
        named = {step.name: step for step in self.steps}
        if "fence" not in named:
            return 0.0
        fence, last = named["fence"], named.get("open", self.steps[-1])
        if fence.undone:
            return _between(fence.begun, fence.undone)
        return _between(fence.begun, last.begun) + last.seconds

    def evidence(self, name: str) -> object:
        """Return the newest fact of that name which any step left, or None."""
        found = [fact for step in self.steps if (fact := step.evidence.get(name)) is not None]
        return found[-1] if found else None


def entries_of(disk: Disk, run: str) -> tuple[Entry, ...]:
    """Return the lines of a run, changing nothing; none where there is no such run."""
    return replay(disk.read(lines_path(run)) or b"", run).entries


def account(run: str, entries: Iterable[Entry]) -> Account:
    """Return the account of a run's entries."""
    told = Account(run=run)
    for entry in entries:
        told = _then(told, entry)
    return told


def _then(told: Account, entry: Entry) -> Account:
    told = replace(told, seconds=_between(told.begun or entry.time, entry.time))
    match entry.phase:
        case Phase.BEGIN:
            return replace(told, operation=str(entry.evidence.get("operation") or ""), begun=entry.time)
        case Phase.DECISION:
            return replace(told, decided=entry.time)
        case Phase.OPENED:
            return replace(told, opened=entry.time)
        case Phase.CLOSED:
            return replace(told, ended=entry.time, ending=Ending(str(entry.evidence.get("ending"))))
        case Phase.BEGUN | Phase.DONE | Phase.FAILED | Phase.UNDOING | Phase.UNDONE:
            reason = str(entry.evidence.get("reason") or "") if entry.phase is Phase.FAILED else ""
            return replace(told, steps=_steps(told.steps, entry, reason=reason), reason=told.reason or reason)
    return told


def _steps(steps: tuple[StepAccount, ...], entry: Entry, *, reason: str) -> tuple[StepAccount, ...]:
    if not entry.step:
        return steps
    before = next((step for step in steps if step.name == entry.step), None)
    if before is None:
        first = StepAccount(name=entry.step, standing=Standing.BEGUN, begun=entry.time)
        # A step that was refused before it began has failed all the same.
        return (*steps, first if entry.phase is Phase.BEGUN else _next(first, entry, reason=reason))
    return tuple(_next(step, entry, reason=reason) if step is before else step for step in steps)


def _next(before: StepAccount, entry: Entry, *, reason: str) -> StepAccount:
    if entry.phase is Phase.UNDOING:
        # The first one counts, where it takes several tries.
        return replace(before, undoing=before.undoing or entry.time)
    after = replace(before, standing=Standing(entry.phase.value), reason=before.reason or reason)
    match entry.phase:
        case Phase.UNDONE:
            return replace(after, undone=entry.time, undone_seconds=_between(before.undoing or entry.time, entry.time))
        case Phase.DONE:
            return replace(after, seconds=_between(before.begun, entry.time), evidence=entry.evidence)
        case _ if before.undoing:
            return after
        case _:
            return replace(after, seconds=_between(before.begun, entry.time))


def _between(earlier: str, later: str) -> float:
    """Return the seconds between two times of the journal; 0 where the wall clock went back."""
    return max((datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds(), 0.0)
