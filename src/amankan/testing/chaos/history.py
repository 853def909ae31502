"""One fault, played to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from amankan.errors import AmankanError, Stopped, Superseded
from amankan.journal.replay import replay
from amankan.model.entry import Ending
from amankan.operations.begin import recover, run
from amankan.operations.plans.update import plan_update
from amankan.testing.chance import Crash, Fault, Outcome, Process
from amankan.testing.chaos import theatre
from amankan.testing.chaos.judge import judge, outcome, replaced_is_kept
from amankan.testing.chaos.scenario import NEXT, Scenario, do
from amankan.testing.chaos.theatre import stage_of, survey_of
from amankan.testing.platter import Inode
from amankan.testing.runtime import release_of
from amankan.testing.world import LIVE, SimDatabase, World

RECOVERIES = 5
"""How many undisturbed recoveries are allowed until a run must be closed; one is enough unless a trouble lasts."""


@dataclass(slots=True, kw_only=True)
class History:
    """What happened under one fault: points that each process passed, what was wrong at the end, whether all was reached."""

    scenario: Scenario
    fault: Fault
    points: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    outcome: str = ""
    reached: bool = True
    unsynced: bool = False
    struck_at: int = 0

    @property
    def name(self) -> str:
        """The name by which this history is replayed."""
        return f"{self.scenario.name}:{self.fault.name}"


def play(scenario: Scenario, fault: Fault, *, passed: set[object], world: World | None = None) -> History:
    """
    Let the fault happen, recover, and judge.

    `passed` remembers from which end states the next update was seen to succeed, so that equal ones are tried once.
    `world` is given where the first process has died already; then `fault.kills` begins with its recovery.
    """
    history = History(scenario=scenario, fault=fault)
    kills = list(fault.kills)
    if world is None:
        world = scenario.world()
        _first(history, world, kill=kills.pop(0) if kills else 0)
    for number, kill in enumerate(kills, start=2):
        _recovery(history, world, process=Process(number=number, kill=kill, outcome=Outcome.AT_ONCE))
    end(history, world, passed=passed)
    return history


def die(scenario: Scenario, fault: Fault) -> tuple[World, History]:
    """Let the first process die; return the world that it leaves, for second kills to go on from."""
    world, history = scenario.world(), History(scenario=scenario, fault=fault)
    _first(history, world, kill=fault.kills[0])
    return world, history


def _first(history: History, world: World, *, kill: int) -> None:
    fault = history.fault
    process = Process(
        number=1,
        kill=kill,
        outcome=fault.outcome,
        trouble=fault.trouble,
        verb=fault.verb,
        call=fault.call,
        always=fault.always,
    )
    crashed = _live(
        history,
        world,
        process=process,
        act=lambda: run(stage_of(world, process), history.scenario.plan, operator=theatre.operator_of(process)),
    )
    history.struck_at = process.struck_at
    if (kill and not crashed) or (fault.trouble is not None and not process.struck_at):
        history.reached = False


def _recovery(history: History, world: World, *, process: Process) -> None:
    crashed = _live(
        history, world, process=process, act=lambda: recover(stage_of(world, process), theatre.operator_of(process))
    )
    if process.kill and not crashed:
        history.reached = False


def _live(history: History, world: World, *, process: Process, act: Callable[[], object]) -> bool:
    """Let a process act; return whether it died."""
    try:
        act()
    except Crash:
        history.unsynced = world.platter.unsynced()
        world.platter.power_cut(history.fault.loss)
        return True
    except (Stopped, Superseded):
        return False
    except AmankanError as error:
        if error.status not in (1, 3, 11):
            history.wrong.append(f"raised {type(error).__name__}: {error}")
        return False
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        history.wrong.append(f"raised {type(error).__name__}: {error}")
        return False
    finally:
        world.platter.end_process(process.number)
        history.points.append(process.points)
        if world.orphans:
            after = history.fault.orphan_after
            world.orphans = [(r, v, a, after if left == 0 else left) for r, v, a, left in world.orphans]
    return False


def end(history: History, world: World, *, passed: set[object]) -> None:
    """Recover until nothing is open, once more, and judge what is left."""
    for number in range(10, 10 + RECOVERIES):
        process = Process(number=number)
        _recovery(history, world, process=process)
        if process.points == 0 or _closed(world):
            break
    before = state_of(world)
    _recovery(history, world, process=Process(number=20))
    if state_of(world) != before:
        history.wrong.append("I6: a further recovery changed something")
    world.let_orphans_finish()
    history.outcome = outcome(world, history.scenario)
    try:
        history.wrong += judge(world, history.scenario)
        history.wrong += replaced_is_kept(world, history.scenario)
    except AmankanError as error:
        history.wrong.append(f"cannot be judged: {error}")
    if not history.wrong:
        _next_update(history, world, passed=passed)


def _closed(world: World) -> bool:
    return world.server.claim is None and not world.platter.locks


def state_of(world: World) -> object:
    """Return all that a later operation could depend on, but for the rows."""
    databases = tuple(
        (name, found.admits, found.mark, found.applied, found.failed, found.complete, *_guard_of(found))
        for name, found in sorted(world.server.databases.items())
    )
    kept = tuple((digest, tuple(sorted(runs))) for digest, runs in sorted(world.kept.items()) if runs)
    files = tuple(path for path in sorted(world.platter.files) if not path.startswith("journal/"))
    return (
        databases,
        tuple(sorted(world.server.windows)),
        kept,
        files,
        tuple(world.services.values()),
        tuple(sorted(world.local)),
        tuple(sorted(world.dark)),
        tuple(sorted(world.places)),
        tuple(sorted(world.objects)),
    )


def _guard_of(found: SimDatabase) -> tuple[object, ...]:
    return (found.home == found.oid, tuple(sorted(found.permits)))


def signature(world: World) -> object:
    """
    Return all on which the future of a world with a dead process depends.

    Rows count only by whether a database holds every acknowledged one: worlds of one signature have one future.
    """
    lines = (replay(bytes(inode.seen), path.split("/")[1]) for path, inode in _journals(world))
    told = tuple((tuple((e.phase, e.step, e.epoch) for e in told.entries), bool(told.tail)) for told in lines)
    whole = tuple((name, world.acknowledged <= found.rows) for name, found in sorted(world.server.databases.items()))
    claim = world.server.claim
    return (state_of(world), told, whole, claim, tuple(sorted(world.platter.files)), world.platter.free_bytes > 0)


def _journals(world: World) -> list[tuple[str, Inode]]:
    return [(path, inode) for path, inode in sorted(world.platter.files.items()) if path.endswith("lines.jsonl")]


def _next_update(history: History, world: World, *, passed: set[object]) -> None:
    state = state_of(world)
    if state in passed:
        return
    world.platter.free_bytes, world.jump_seconds = 1 << 40, 0
    applied = world.server.databases[LIVE].applied
    target = "sha256:two" if applied == ("m1",) else "sha256:three"
    world.untouchable = {world.server.databases[LIVE].oid}
    ending = do(world, plan_update(survey_of(world, NEXT), release_of(world, target)))
    if ending is not Ending.DONE or world.violations or world.services["app"].digest != target:
        history.wrong.append(f"the next update ended {ending.value}: {world.violations}")
        return
    passed.add(state)
