"""The way back from an update that was opened, found in its journal, and what would go on it."""

from __future__ import annotations

from dataclasses import dataclass

from amankan.errors import ConfigurationFault, Refused
from amankan.journal.log import read_story
from amankan.journal.papers import read_paper
from amankan.journal.shelf import meant
from amankan.model.entry import Ending
from amankan.model.facts import Facts
from amankan.model.plan import Operation, Plan, RollbackClass, StepKind, Strategy
from amankan.model.sentence import say
from amankan.ports.disk import Disk
from amankan.ports.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnWay:
    """
    An update that was opened, and how one comes back from it: with the database `kept` (number `oid`) or without one.
    """

    plan: Plan
    rollback_class: RollbackClass
    kept: str = ""


def return_way(disk: Disk, id: str) -> ReturnWay:
    """
    Return the way back from the update of that id, or of an id that begins or ends so; without one the newest that was opened.

    Raises:
        ConfigurationFault: there is no such update, or several.
        JournalDamaged: its journal is not what was written.
    """
    ways = (way for run in reversed(meant(disk, id)) if (way := _way(disk, run)) is not None)
    newest = next(ways, None)
    if newest is None:
        nothing = say("cannot go back to before {id}: it is no update that was opened", id=id)
        raise ConfigurationFault(nothing if id else say("cannot go back: no update was opened yet"), next=say("aman history"))
    if id and next(ways, None) is not None:
        raise ConfigurationFault(say("cannot know which update {id} is: several have it", id=id), next=say("aman history"))
    return newest


def refuse_impossible(way: ReturnWay, facts: Facts, *, kind: RollbackClass, engine: Engine) -> None:
    """Raise Refused where another release runs by now, or `kind` needs the database of then and it is not there any more."""
    plan = way.plan
    if not facts.release.runs_the_images_of(plan.after):
        raise Refused(say("cannot go back from {id}: another release runs now", id=plan.run), next=say("aman history"))
    if kind is RollbackClass.IMAGE_ONLY:
        return
    state = engine.database(way.kept) if way.kept else None
    if state is None or state.oid != plan.identity.oid:
        snapshot = next((step.source for step in plan.steps if step.kind is StepKind.BACKUP), "")
        raise Refused(
            say("cannot go back from {id}: the database as it was is not kept", id=plan.run),
            next=say("aman restore {snapshot}", snapshot=snapshot),
        )
    # Where a claim stands, a run that died may have opened it: whoever takes the lock is told of it, and of `aman recover`.
    if state.admits and engine.claimed() is None:
        raise Refused(
            say("cannot go back from {id}: {name}, the database as it was, is open to everybody", id=plan.run, name=way.kept),
            next=say(
                'see that nothing was written into it, then type in psql: ALTER DATABASE "{name}" ALLOW_CONNECTIONS false',
                name=way.kept,
            ),
        )


def _way(disk: Disk, run: str) -> ReturnWay | None:
    story = read_story(disk, run)
    if not story.opened or story.ending is not Ending.DONE:
        return None
    plan = read_paper(disk, run, name="plan", kind=Plan, digest=story.plan)
    rehearsed = plan.rehearsed
    if plan.operation is not Operation.UPDATE or rehearsed is None:
        return None
    swap = next(step for step in plan.steps if step.kind is StepKind.SWAP)
    return ReturnWay(
        plan=plan,
        rollback_class=RollbackClass(str(story.of(rehearsed.name).get("rollback_class"))),
        kept=swap.aside if plan.strategy is Strategy.SWAP else "",
    )
