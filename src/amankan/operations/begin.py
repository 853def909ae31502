"""An operation begins, or is taken up again where a crash left it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from amankan import __version__
from amankan.errors import AmankanError, DiskFull, Refused, RunUnfinished, Stopped
from amankan.journal.lock import Holder, hold
from amankan.journal.log import Log, Redact, begin_log, resume_log
from amankan.journal.papers import keep_paper, read_paper
from amankan.journal.shelf import open_runs
from amankan.model.entry import Phase, leave
from amankan.model.marker import Marker, Marking
from amankan.model.plan import Plan
from amankan.model.sentence import say
from amankan.operations.marked import UNMARKING, marker_for
from amankan.operations.scene import Scene
from amankan.operations.stage import Stage
from amankan.operations.walk import Ended, confirm, nothing_interrupts, refuse, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """
    Who acts: the note for the lock, what takes secrets out of texts, and what tells that they want to stop.

    `outdated` is a marker of the database that they know and want to be replaced.
    """

    holder: Holder
    redact: Redact = str
    interrupted: Callable[[], bool] = nothing_interrupts
    outdated: Marker | None = None


def run(stage: Stage, plan: Plan, *, operator: Operator) -> Ended:
    """
    The plan was walked to one of the three endings.

    Raises:
        Locked: another process is at work; nothing was touched.
        RunUnfinished: a crash left an operation behind; nothing was touched.
        Stopped, Superseded: as `walk`.
    """
    held = hold(stage.disk, operator.holder)
    try:
        _refuse_unfinished(stage)
        scene = Scene(stage, plan, log=_first_line(stage, plan, operator=operator))
        try:
            stage.engine.claim(scene.claim, identity=plan.identity, marking=_marking(stage, plan, operator=operator))
        except AmankanError as failure:
            return refuse(scene, failure)
        confirm(scene)
        return walk(scene, operator.interrupted)
    finally:
        held.release()


def _marking(stage: Stage, plan: Plan, *, operator: Operator) -> Marking | None:
    if plan.operation in UNMARKING:
        return None
    return Marking(marker=marker_for(stage.app), outdated=operator.outdated)


def recover(stage: Stage, operator: Operator) -> tuple[Ended, ...]:
    """
    No operation is left unfinished: each that a crash left was finished or undone; returns how they ended.

    May be called at any time, and again. Raises as `run`, but never RunUnfinished.
    """
    held = hold(stage.disk, operator.holder)
    try:
        return tuple(_take_up(stage, story.run, operator=operator) for story in reversed(open_runs(stage.disk)))
    finally:
        held.release()


def _refuse_unfinished(stage: Stage) -> None:
    for story in open_runs(stage.disk):
        raise RunUnfinished(
            say("cannot begin: operation {run} was never finished", run=story.run),
            production=say("as that operation left it; no row is lost"),
        )


def _first_line(stage: Stage, plan: Plan, *, operator: Operator) -> Log:
    try:
        digest = keep_paper(stage.disk, plan.run, name="plan", paper=plan)
        log = begin_log(stage.disk, stage.clock, run=plan.run, redact=operator.redact)
        log.epoch = 1
        facts = leave(plan=digest, operation=plan.operation.value, version=__version__)
        log.append(Phase.BEGIN, evidence=facts)
    except DiskFull as fault:
        raise Refused(
            say("cannot begin: there is no room for the journal"), next=say("make room on the disk, then try again")
        ) from fault
    return log


def _take_up(stage: Stage, run_name: str, *, operator: Operator) -> Ended:
    log = resume_log(stage.disk, stage.clock, run=run_name, redact=operator.redact)
    plan = _plan_of(stage, log)
    log.append(Phase.RESUMED, "", evidence=leave(version=__version__))
    scene = Scene(stage, plan, log=log)
    try:
        stage.engine.claim(scene.claim, identity=plan.identity)
    except AmankanError as failure:
        raise Stopped(failure.cannot, next=say("see that the database answers, then type: aman recover")) from failure
    return walk(scene, nothing_interrupts)


def _plan_of(stage: Stage, log: Log) -> Plan:
    return read_paper(stage.disk, log.run, name="plan", kind=Plan, digest=log.story.plan)
