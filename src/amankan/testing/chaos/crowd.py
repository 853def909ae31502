"""Faults that need somebody else: a second operator, another host, a holder that slept, a full disk, an older Amankan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from amankan.errors import AmankanError, Locked, NewerFormat, Superseded
from amankan.journal import line
from amankan.operations.begin import recover, run
from amankan.testing.chance import Crash, Fault, Loss, Process
from amankan.testing.chaos import theatre
from amankan.testing.chaos.history import History, end, play, state_of
from amankan.testing.chaos.scenario import Scenario
from amankan.testing.chaos.theatre import stage_of
from amankan.testing.platter import Platter
from amankan.testing.world import World

OTHERS: Final = "20260106T101600Z-shop-0000000f"
"""The run that somebody else tries to begin."""

GAPS: Final = ("runtime.", "registry.", "sandbox.", "store.", "vault.")
"""Between the question whether the claim stands and the effect of these there is a gap that nothing can close."""


def crowd(scenario: Scenario, points: tuple[str, ...], *, passed: set[object], known: int = 0) -> Iterator[History]:
    """Yield one history for every point behind the `known` ones and everybody who could come along there."""
    for place, name in list(enumerate(points, start=1))[known:]:
        for visit in (_second_operator, _other_host, _full_disk):
            yield _visited(scenario, place, visit=visit, passed=passed)
        if name.endswith(":before") and not name.split()[-1].startswith(GAPS):
            yield _visited(scenario, place, visit=_sleeper, passed=passed)
        yield _full_and_dead(scenario, place, passed=passed)
        yield _older_tool(scenario, place, passed=passed)
        yield _wild_clock(scenario, place, passed=passed)


Visit = Callable[[World, History], Callable[[], None]]


def _visited(scenario: Scenario, place: int, *, visit: Visit, passed: set[object]) -> History:
    """Play a run during which somebody comes along at one point."""
    fault = Fault(kills=(), verb=visit.__name__.strip("_"), call=place)
    history, world = History(scenario=scenario, fault=fault), scenario.world()
    process = Process(number=1, meanwhile_at=place, meanwhile=visit(world, history))
    try:
        run(stage_of(world, process), scenario.plan, operator=theatre.operator_of(process))
    except AmankanError as error:
        if visit is not _sleeper and error.status not in (3, 6):
            history.wrong.append(f"raised {type(error).__name__}: {error}")
    finally:
        world.platter.end_process(1)
        history.points.append(process.points)
        history.reached = process.points >= place
    end(history, world, passed=passed)
    return history


def _second_operator(world: World, history: History) -> Callable[[], None]:
    """Return what happens when a second operator on the same host begins: told who is at work, having touched nothing."""

    def come() -> None:
        before = state_of(world)
        for act in (run, lambda stage, _, *, operator: recover(stage, operator)):
            process = Process(number=2)
            try:
                act(stage_of(world, process), replace(history.scenario.plan, run=OTHERS), operator=theatre.operator_of(process))
            except Locked as refusal:
                if "operator 1" not in str(refusal):
                    history.wrong.append("B: the refusal does not tell who holds the lock")
            else:
                if world.platter.locks:
                    history.wrong.append("I7: a second operator was let in")
            if process.points and world.platter.locks:
                history.wrong.append("I7: a second operator touched something")
        if state_of(world) != before and world.platter.locks:
            history.wrong.append("I7: a second operator changed something")

    return lambda: come() if world.platter.locks else None


def _other_host(world: World, history: History) -> Callable[[], None]:
    """Return what happens when an operator on another host, with a state folder of their own, begins on the same database."""

    def come() -> None:
        if world.server.claim is None:
            return
        before, ours = state_of(world), world.platter
        world.platter = Platter()
        process = Process(number=2)
        try:
            ended = run(
                stage_of(world, process), replace(history.scenario.plan, run=OTHERS), operator=theatre.operator_of(process)
            )
            if not isinstance(ended.failure, Superseded):
                history.wrong.append("I7: another host was let in")
        finally:
            world.platter = ours
        if state_of(world) != before:
            history.wrong.append("I7: another host changed something")

    return come


def _sleeper(world: World, history: History) -> Callable[[], None]:
    """Return what happens when the holder sleeps, somebody breaks its lock and recovers, and then it wakes up."""

    def come() -> None:
        world.platter.locks.clear()
        process = Process(number=2)
        recover(stage_of(world, process), theatre.operator_of(process))
        world.platter.end_process(2)

    return come


def _full_disk(world: World, history: History) -> Callable[[], None]:
    """Return what happens when something else takes all the room on the disk."""

    def come() -> None:
        world.platter.free_bytes = 0

    return come


def _full_and_dead(scenario: Scenario, place: int, *, passed: set[object]) -> History:
    """Kill a run at a point at which the disk is full, and leave it full."""
    history = History(scenario=scenario, fault=Fault(kills=(place,), verb="full-and-dead", loss=Loss.NOTHING))
    world = scenario.world()
    fill = _full_disk(world, history)
    process = Process(number=1, kill=place, meanwhile_at=place, meanwhile=fill)
    _die(history, world, process=process)
    end(history, world, passed=passed)
    return history


def _older_tool(scenario: Scenario, place: int, *, passed: set[object]) -> History:
    """Let an Amankan that knows only an older format meet the journal: it refuses, and the right one goes on."""
    history = History(scenario=scenario, fault=Fault(kills=(place,), verb="older-tool", loss=Loss.NOTHING))
    world = scenario.world()
    _die(history, world, process=Process(number=1, kill=place))
    before, known = state_of(world), line.FORMAT
    line.FORMAT = 0  # type: ignore[misc]
    process = Process(number=2)
    try:
        recover(stage_of(world, process), theatre.operator_of(process))
    except NewerFormat:
        if state_of(world) != before or process.points:
            history.wrong.append("an older Amankan changed something")
    finally:
        line.FORMAT = known  # type: ignore[misc]
        world.platter.end_process(2)
    end(history, world, passed=passed)
    return history


def _wild_clock(scenario: Scenario, place: int, *, passed: set[object]) -> History:
    """Kill a run whose wall clock jumps by years between any two looks at it."""
    world = scenario.world()
    world.jump_seconds = 40_000_000
    fault = Fault(kills=(place,), verb="wild-clock", loss=Loss.NOTHING)
    history = History(scenario=scenario, fault=fault)
    _die(history, world, process=Process(number=1, kill=place))
    end(history, world, passed=passed)
    calm = play(scenario, Fault(kills=(place,), loss=Loss.NOTHING), passed=passed)
    if calm.outcome != history.outcome:
        history.wrong.append(f"I15: {history.outcome} under a wild clock, {calm.outcome} under a calm one")
    return history


def _die(history: History, world: World, *, process: Process) -> None:
    try:
        run(stage_of(world, process), history.scenario.plan, operator=theatre.operator_of(process))
    except Crash:
        history.points.append(process.points)
    except AmankanError:
        history.reached = False
    else:
        history.reached = False
    world.platter.end_process(process.number)
