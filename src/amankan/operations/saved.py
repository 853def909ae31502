"""Plans that `aman plan` left in its journal, read again and compared with what is there now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from amankan.errors import ConfigurationFault, StalePlan
from amankan.journal.log import read_story
from amankan.journal.papers import read_paper
from amankan.journal.shelf import meant, runs
from amankan.model.facts import Facts
from amankan.model.plan import Operation, Plan
from amankan.model.rehearsal import Rehearsal
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.operations.plans.update import Rehearsed
from amankan.ports.disk import Disk


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan that was made and rehearsed before, with what the rehearsal saw."""

    plan: Plan
    rehearsal: Rehearsal
    digest: str

    @property
    def rehearsed(self) -> Rehearsed:
        """What a plan of an update needs to recall the rehearsal."""
        return Rehearsed(run=self.plan.run, digest=self.digest)


def saved_plan(disk: Disk, id: str) -> SavedPlan:
    """
    Return the plan of that id, or the only one whose id begins or ends so.

    Raises:
        ConfigurationFault: there is no such plan, or several.
        StalePlan: it was never rehearsed to its end, so it says nothing.
        JournalDamaged: it is not what was written.
    """
    story = read_story(disk, _run(disk, id))
    plan = read_paper(disk, story.run, name="plan", kind=Plan, digest=story.plan)
    if plan.operation is not Operation.PLAN:
        raise ConfigurationFault(say("cannot find the plan {id}: that operation was none", id=id), next=say("aman history"))
    step = plan.rehearsed
    digest = str(story.of(step.name).get("rehearsal") or "") if step is not None else ""
    if not digest:
        raise StalePlan(say("cannot use the plan {id}: its rehearsal did not end well", id=plan.run))
    rehearsal = read_paper(disk, story.run, name="rehearsal", kind=Rehearsal, digest=digest)
    return SavedPlan(plan=plan, rehearsal=rehearsal, digest=digest)


def refuse_stale(saved: SavedPlan, facts: Facts, *, target: Release) -> None:
    """Raise StalePlan where the database, the running release or the target is another one than the plan is bound to."""
    plan = saved.plan
    changed = (
        (plan.identity != facts.identity, say("the database is another one")),
        (not plan.before.runs_the_images_of(facts.release), say("another release runs now")),
        (plan.before.file_digest != facts.release.file_digest, say("the Compose file has changed")),
        (plan.before.environment_digest != facts.release.environment_digest, say("the app's variables have changed")),
        (plan.before.ledger != facts.release.ledger, say("migrations were applied since")),
        (not plan.after.runs_the_images_of(target), say("the new release has another image now")),
    )
    for differs, why in changed:
        if differs:
            raise StalePlan(say("cannot use the plan {id}: {why}", id=plan.run, why=why))


def named(disk: Disk, release: Release) -> Release:
    """
    Return the release by the names that it had when an operation of ours placed it, where one did.

    An engine knows an image that was pulled by its digest by no other name, and the user's own file may name another one.
    """
    placed = last_placed(disk)
    if placed is None or not placed.runs_the_images_of(release):
        return release
    return replace(release, label=placed.label, images=placed.images)


def last_placed(disk: Disk) -> Release | None:
    """Return the release that the newest operation of ours placed and opened, or None where none did."""
    for run in reversed(runs(disk)):
        story = read_story(disk, run)
        if story.opened:
            return read_paper(disk, run, name="plan", kind=Plan, digest=story.plan).after
    return None


def _run(disk: Disk, id: str) -> str:
    found = meant(disk, id)
    if len(found) != 1:
        raise ConfigurationFault(
            say("cannot find the plan {id}: {count} have it", id=id, count=len(found)), next=say("aman plan")
        )
    return found[0]
