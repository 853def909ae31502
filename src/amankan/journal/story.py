"""What the lines of one run come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from amankan.model.entry import NOTHING, Ending, Entry, Evidence, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """
    How far a run has come: `begun` and `done` steps in order, those `undone`, and the records that decide.

    `plan` is the digest of the plan beside the journal, `failures` counts the failed tries of the step that the run stands
    at by the process of `epoch`, `reason` is the first failure's.
    """

    run: str = ""
    plan: str = ""
    epoch: int = 0
    begun: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    evidence: tuple[tuple[str, Evidence], ...] = field(default=())
    decided: bool = False
    opened: bool = False
    aborted: bool = False
    failures: int = 0
    reason: str = ""
    ending: Ending | None = None

    def of(self, step: str) -> Evidence:
        """Return what a step left; nothing where it left nothing yet."""
        return dict(self.evidence).get(step, NOTHING)

    @property
    def standing(self) -> tuple[str, ...]:
        """The steps that were begun and not undone, in order."""
        return tuple(step for step in self.begun if step not in self.undone)


def tell(entries: Iterable[Entry]) -> Story:
    """Return the story of a run's entries, from its first line."""
    story = Story()
    for entry in entries:
        story = then(story, entry)
    return story


def then(story: Story, entry: Entry) -> Story:
    """Return the story with one entry more."""
    step = entry.step
    match entry.phase:
        case Phase.BEGUN:
            return story if step in story.begun else replace(story, begun=(*story.begun, step))
        case Phase.DONE:
            kept = tuple(pair for pair in story.evidence if pair[0] != step)
            done = story.done if step in story.done else (*story.done, step)
            return replace(story, done=done, evidence=(*kept, (step, entry.evidence)), failures=0)
        case Phase.FAILED:
            reason = story.reason or str(entry.evidence.get("reason") or "")
            return replace(story, failures=story.failures + 1, reason=reason)
        case Phase.UNDOING:
            return story
        case Phase.UNDONE:
            return replace(story, undone=(*story.undone, step), failures=0)
        case _:
            return _recorded(story, entry)


def _recorded(story: Story, entry: Entry) -> Story:
    """Return the story with a record that belongs to no step."""
    match entry.phase:
        case Phase.BEGIN:
            return replace(story, run=entry.run, epoch=entry.epoch, plan=str(entry.evidence.get("plan")))
        case Phase.RESUMED:
            return replace(story, epoch=entry.epoch, failures=0)
        case Phase.DECISION:
            return replace(story, decided=True, failures=0)
        case Phase.OPENED:
            return replace(story, opened=True, failures=0)
        case Phase.ABORT:
            return replace(story, aborted=True, failures=0)
        case Phase.CLOSED:
            return replace(story, ending=Ending(str(entry.evidence.get("ending"))))
        case other:
            raise ValueError(other)
