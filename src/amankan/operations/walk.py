"""Up a plan, one recorded step at a time, and down again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn

from amankan.errors import (
    AmankanError,
    DiskFailed,
    Foreign,
    Interrupted,
    OwnFault,
    RolledBack,
    Stopped,
    Superseded,
    TimedOut,
    Unlooked,
    WrongTarget,
)
from amankan.model.entry import NOTHING, Ending, Phase, leave
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.operations.guarded import refuse_superseded
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps import STEPS

TRIES: Final = 3
"""How often a step behind the decision, or on the way back, is tried before the other way is taken or hands are asked for."""

PAUSE_SECONDS: Final = 2.0
"""How long to wait between two tries: long enough for a server that restarts, short for those who wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a walk ended, and the failure that turned it round, if one did."""

    run: str
    ending: Ending
    failure: AmankanError | None = None


def walk(scene: Scene, interrupted: Callable[[], bool]) -> Ended:
    """
    The run ends in one of three ways, wherever it stands: done, exactly as before, or stopped with its journal open.

    Before the decision a failure leads back; behind it forward, and after three failed tries back, which loses nothing since
    nobody could write; behind the opening only forward.

    Raises:
        Stopped: neither way was possible; the journal is open and `recover` goes on from there.
        Superseded: another process took the run up; nothing more was written.
    """
    try:
        failure = None
        if scene.story.epoch > 1:
            _settle(scene)
        if _heads_forward(scene):
            failure = _forward(scene, interrupted)
            if failure is None:
                return _close(scene, Ending.DONE, failure=None)
        _settle(scene)
        _back(scene)
        return _close(scene, Ending.AS_BEFORE, failure=failure)
    except DiskFailed as fault:
        raise Stopped(
            say("cannot write the journal of {run}: {reason}", run=scene.plan.run, reason=str(fault)),
            next=say("make room on the disk, then type: aman recover"),
        ) from fault
    except WrongTarget as fault:
        raise Stopped(fault.cannot, next=say("see that the right server answers, then type: aman recover")) from fault


def refuse(scene: Scene, failure: AmankanError) -> Ended:
    """The run is closed as before: its claim was refused, so nothing of it was ever begun."""
    scene.log.append(Phase.FAILED, "", evidence=leave(code=failure.code, reason=str(failure)[:500]))
    if isinstance(failure, WrongTarget):
        scene.log.append(Phase.CLOSED, "", evidence=leave(ending=Ending.AS_BEFORE.value, reason=scene.story.reason))
        return Ended(run=scene.plan.run, ending=Ending.AS_BEFORE, failure=failure)
    return _close(scene, Ending.AS_BEFORE, failure=failure)


def confirm(scene: Scene) -> None:
    """
    The claim that was just taken is ours by right: nobody recovered and closed this run while we slept before it.

    Raises Superseded, with the claim given back, where somebody did.
    """
    try:
        scene.log.confirm()
    except Superseded:
        scene.stage.engine.release(scene.claim)
        raise


def _heads_forward(scene: Scene) -> bool:
    story = scene.story
    return not story.aborted and (story.decided or (story.epoch == 1 and not story.begun))


def _forward(scene: Scene, interrupted: Callable[[], bool]) -> AmankanError | None:
    """Go up as far as it goes; return the failure that turns the run round, or None at the top."""
    while (failure := _try_forward(scene, interrupted)) is not None:
        if not scene.story.decided:
            return failure
        if scene.story.failures >= TRIES:
            return _give_up(scene, failure)
        _settle(scene)
    return None


def _try_forward(scene: Scene, interrupted: Callable[[], bool]) -> AmankanError | None:
    """Climb the steps that are left; return the failure that was met and recorded, or None at the top."""
    current = ""
    try:
        for step in scene.plan.steps:
            current = step.name
            if step.name not in scene.story.done:
                _climb(scene, step, interrupted=interrupted)
    except Exception as fault:  # noqa: BLE001 - whatever a step raises must lead to one of the endings
        failure = _known(fault)
        _record_failure(scene, current, failure=failure)
        return failure
    return None


def _give_up(scene: Scene, failure: AmankanError) -> AmankanError:
    if scene.story.opened:
        _stop(scene, failure)
    scene.record(Phase.ABORT)
    return failure


def _climb(scene: Scene, step: StepPlan, *, interrupted: Callable[[], bool]) -> None:
    """One step more is done, looked at and recorded."""
    _refuse_to_go_on(scene, step, interrupted=interrupted)
    if step.name == scene.plan.decision and not scene.story.decided:
        scene.record(Phase.DECISION)
    if step.name == scene.plan.opening and not scene.story.opened:
        scene.record(Phase.OPENED)
    tried = step.name in scene.story.begun
    scene.log.append(Phase.BEGUN, step.name)
    act = STEPS[step.kind]
    before = act.look(scene, step)
    if before is Look.FOREIGN:
        raise Foreign(say("cannot {step}: something that is not ours stands in its place", step=step.name))
    evidence = NOTHING if before is Look.DONE and tried else act.do(scene, step)
    if act.changes and act.look(scene, step) is not Look.DONE:
        raise Unlooked(say("cannot see that {step} is done, although it was said to be", step=step.name))
    scene.log.append(Phase.DONE, step.name, evidence=evidence)


def _refuse_to_go_on(scene: Scene, step: StepPlan, *, interrupted: Callable[[], bool]) -> None:
    refuse_superseded(scene.stage.engine, scene.claim)
    if scene.story.decided:
        return
    if interrupted():
        raise Interrupted(say("cannot go on with {run}: interrupted before {step}", run=scene.plan.run, step=step.name))
    waited = scene.waited_seconds()
    if waited > scene.plan.downtime_seconds:
        raise TimedOut(
            say(
                "cannot go on with {run}: users wait for {waited:.0f} s, the limit is {limit:.0f} s",
                run=scene.plan.run,
                waited=waited,
                limit=scene.plan.downtime_seconds,
            )
        )


def _back(scene: Scene) -> None:
    """Every step that was begun is undone, the last one first."""
    for name in reversed(scene.story.standing):
        step = scene.plan.steps[scene.plan.index(name)]
        _try(scene, name, act=partial(_undo, scene, step))


def _undo(scene: Scene, step: StepPlan) -> None:
    scene.log.append(Phase.UNDOING, step.name)
    STEPS[step.kind].undo(scene, step)
    scene.log.append(Phase.UNDONE, step.name)


def _close(scene: Scene, ending: Ending, *, failure: AmankanError | None) -> Ended:
    """The claim is given back and the journal closed; what comes after this line belongs to another run."""
    _try(scene, "", act=lambda: _release(scene))
    scene.log.append(Phase.CLOSED, "", evidence=leave(ending=ending.value, reason=scene.story.reason))
    return Ended(run=scene.plan.run, ending=ending, failure=failure)


def _release(scene: Scene) -> None:
    scene.stage.engine.release(scene.claim)
    standing = scene.stage.engine.claimed()
    if standing is not None and standing.run == scene.plan.run:
        raise Unlooked(say("cannot see that the claim of {run} was given back", run=scene.plan.run))


def _settle(scene: Scene) -> None:
    """Nothing that this run began earlier is still at work, neither in the server nor in the runtime."""
    _try(scene, "", act=lambda: scene.stage.engine.settle(scene.claim))
    _try(scene, "", act=lambda: scene.stage.runtime.settle(scene.claim))


def _try(scene: Scene, step: str, *, act: Callable[[], None]) -> None:
    """Act up to three times, with a pause between; Stopped where the last try failed too."""
    for left in reversed(range(TRIES)):
        try:
            act()
        except Exception as fault:  # noqa: BLE001 - whatever a verb raises must lead to one of the endings
            failure = _known(fault)
            _record_failure(scene, step, failure=failure)
            if left == 0:
                _stop(scene, failure)
        else:
            return


def _record_failure(scene: Scene, step: str, *, failure: AmankanError) -> None:
    scene.log.append(Phase.FAILED, step, evidence=leave(code=failure.code, reason=str(failure)[:500]))
    if scene.story.decided or scene.story.standing:
        scene.stage.clock.pause(PAUSE_SECONDS if scene.story.failures < TRIES else 0.0)


def _known(fault: Exception) -> AmankanError:
    """Return the fault as one of ours; those after which nothing may be written are raised again at once."""
    if isinstance(fault, Superseded | WrongTarget | DiskFailed):
        raise fault
    if isinstance(fault, AmankanError):
        return fault
    failure = OwnFault(say("cannot go on: {kind}", kind=type(fault).__name__))
    failure.__cause__ = fault
    return failure


def _stop(scene: Scene, failure: AmankanError) -> NoReturn:
    # What a step knows better than the rule of its class.
    known = failure.production if failure.production is not failure.production_by_rule else None
    remedy = failure.next if known is not None else say("aman recover")
    raise Stopped(failure.cannot, production=known, next=remedy) from failure


def as_error(ended: Ended) -> AmankanError | None:
    """Return the error that a user is told for an ending, or None where all was done."""
    failure = ended.failure
    if ended.ending is Ending.DONE or failure is None:
        return None
    if failure.status != 1:
        return failure
    return RolledBack(failure.cannot, next=say("aman show {run}", run=ended.run))


def nothing_interrupts() -> bool:
    """Return False: nobody asked to stop."""
    return False
