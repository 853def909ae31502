"""Databases that finished runs kept aside, by their journals, and until when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from amankan.journal.account import account, entries_of
from amankan.journal.log import read_story
from amankan.journal.papers import read_paper
from amankan.journal.shelf import runs
from amankan.journal.story import Story
from amankan.model.entry import Ending
from amankan.model.identity import Identity
from amankan.model.plan import Operation, Plan, StepKind, StepPlan
from amankan.model.sentence import Sentence, say
from amankan.ports.disk import Disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """
    A database that `run` put aside and that no later run used or dropped.

    `since` is when that run ended, never earlier than an older run did. `returns` is True for the one to which the last
    update that was opened goes back. `certain` is False where the journal cannot tell whether the run left one: on the way
    back from a migration where it was, what it spoiled is put aside.
    """

    run: str
    operation: Operation
    name: str
    identity: Identity
    since: datetime
    returns: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a kept database, and why; it stays until `until` at least."""

    kept: Kept
    until: datetime
    due: bool
    reason: Sentence


def kept_aside(disk: Disk) -> tuple[Kept, ...]:
    """
    Return the databases that were kept, oldest first.

    Raises JournalDamaged where a plan is not what was written: then nobody can know what is ours.
    """
    found: dict[str, Kept] = {}
    last, since = "", datetime.min.replace(tzinfo=UTC)
    for run in runs(disk):
        story = read_story(disk, run)
        if story.ending is None:
            continue
        plan = read_paper(disk, run, name="plan", kind=Plan, digest=story.plan)
        since = max(since, datetime.fromisoformat(account(run, entries_of(disk, run)).ended))
        if plan.operation is Operation.UPDATE and story.opened:
            last = run
        for step in plan.steps:
            found = _then(found, step, plan=plan, story=story, since=since)
    return tuple(replace(each, returns=each.run == last) for each in found.values())


def fates(kept: tuple[Kept, ...], *, days: int, now: datetime, doubt: Sentence | None = None) -> tuple[Fate, ...]:
    """
    Return what becomes of each: it goes after `days`, but for the way back of the last update, and nothing while in `doubt`.
    """
    return tuple(_fate(each, each.since + timedelta(days=days), now=now, doubt=doubt) for each in kept)


def _then(found: dict[str, Kept], step: StepPlan, *, plan: Plan, story: Story, since: datetime) -> dict[str, Kept]:
    """Return what is kept after a step of a run that ended."""
    aside = Kept(run=plan.run, operation=plan.operation, name=step.aside, identity=plan.identity, since=since)
    if step.kind is StepKind.DISCARD and story.ending is Ending.DONE:
        return {name: each for name, each in found.items() if name != step.database}
    if step.kind is StepKind.SWAP and story.opened:
        left = {name: each for name, each in found.items() if name != step.source}
        return left | ({step.aside: aside} if step.aside else {})
    if step.kind is StepKind.MIGRATE and step.aside and step.name in story.undone:
        return found | {step.aside: replace(aside, certain=False)}
    return found


def _fate(kept: Kept, until: datetime, *, now: datetime, doubt: Sentence | None) -> Fate:
    if kept.returns:
        return Fate(kept=kept, until=until, due=False, reason=say("the way back of the last update"))
    if now < until:
        return Fate(kept=kept, until=until, due=False, reason=say("of the last {days} days", days=(until - kept.since).days))
    if doubt is not None:
        return Fate(kept=kept, until=until, due=False, reason=doubt)
    return Fate(kept=kept, until=until, due=True, reason=say("kept for long enough"))
