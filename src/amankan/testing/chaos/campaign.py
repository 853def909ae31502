"""Every fault there is, of order one and two, in a fixed order."""

from __future__ import annotations

import pickle
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from amankan.operations.begin import run
from amankan.testing.chance import DiskTrouble, Fault, Loss, Outcome, Process, Trouble
from amankan.testing.chaos import theatre
from amankan.testing.chaos.crowd import crowd
from amankan.testing.chaos.history import History, die, play, signature
from amankan.testing.chaos.scenario import Scenario, scenarios
from amankan.testing.chaos.theatre import stage_of

LOSSES: Final = tuple(loss for loss in Loss if loss is not Loss.NOTHING)
ORPHAN_AFTER: Final = (1, 8, 15, 22, 1_000_000)
"""When an orphan comes to its end, in points: at once, between the steps of the recovery, after everything."""

SAFE_TO_LIE: Final = ("engine.claim", "engine.release")


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many faults were played and survived, and what went wrong in the others."""

    played: int = 0
    survived: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def count(self, history: History) -> None:
        """Add one history; one that did not reach its fault is a failure."""
        self.played += 1
        wrong = history.wrong or ([] if history.reached else ["the point was not reached"])
        if wrong:
            self.failed.append((history.name, wrong[0]))
        else:
            self.survived += 1
            self.outcomes[history.outcome] += 1

    def add(self, other: Tally) -> None:
        """Add what another process counted."""
        self.played += other.played
        self.survived += other.survived
        self.failed += other.failed
        self.outcomes += other.outcomes


def golden(scenario: Scenario) -> tuple[tuple[str, ...], Counter[str]]:
    """Return the names of all points of an undisturbed run, and how often each verb is called."""
    process = Process(number=1, names=[])
    ended = run(stage_of(scenario.world(), process), scenario.plan, operator=theatre.operator_of(process))
    if ended.ending is not scenario.ending:
        raise AssertionError(f"{scenario.name} ended {ended.ending.value} undisturbed")
    return tuple(process.names or ()), Counter(process.calls)


@dataclass(slots=True, kw_only=True)
class Memory:
    """What one campaign of a scenario has seen, so that equal worlds are played once."""

    passed: set[object] = field(default_factory=set)
    died: set[object] = field(default_factory=set)


def campaign(scenario: Scenario, *, seed: int = 0, first_failure: bool = False, deep: bool = True) -> Tally:
    """
    Play every fault of a scenario: order one, order two, troubles with and without a kill, and everybody who comes along.

    With `first_failure` stop at the first fault that is not survived; with `deep` False leave out second kills. `seed`
    decides about the order alone.
    """
    tally = Tally()
    for history in _histories(scenario, seed=seed, deep=deep):
        tally.count(history)
        if first_failure and tally.failed:
            break
    return tally


def _histories(scenario: Scenario, *, seed: int, deep: bool) -> Iterator[History]:
    points, calls = golden(scenario)
    memory, order, known = Memory(), random.Random(seed), _shared(scenario, points)
    kills = list(range(known + 1, len(points) + 1))
    order.shuffle(kills)
    troubles = list(_troubles(calls))
    order.shuffle(troubles)
    ways = (
        (history for kill in kills for history in _all_killed(scenario, kill, memory=memory, deep=deep)),
        (history for fault in troubles for history in _troubled(scenario, fault, memory=memory, known=known)),
        crowd(scenario, points, passed=memory.passed, known=known),
    )
    yield from by_turns(*ways)


def by_turns(*ways: Iterator[History]) -> Iterator[History]:
    """Yield one of each way in turn until all are at their end, so that each kind of fault comes soon."""
    left = list(ways)
    while left:
        for way in tuple(left):
            try:
                yield next(way)
            except StopIteration:
                left.remove(way)


def _all_killed(scenario: Scenario, kill: int, *, memory: Memory, deep: bool) -> Iterator[History]:
    for fault in _deaths(scenario, kill):
        yield from _killed(scenario, fault, memory=memory, deep=deep)


def _shared(scenario: Scenario, points: tuple[str, ...]) -> int:
    """Return how many first points a scenario has in common with the one that it is like."""
    if not scenario.like:
        return 0
    other = golden(next(other for other in scenarios() if other.name == scenario.like))[0]
    pairs = enumerate(zip(points, other, strict=False))
    return next((number for number, (mine, theirs) in pairs if mine != theirs), min(len(points), len(other)))


def _killed(scenario: Scenario, fault: Fault, *, memory: Memory, deep: bool) -> Iterator[History]:
    """
    Yield the death, and then a second one at every point of its recovery.

    First deaths that leave the same world have the same future, so second ones are tried on one of them.
    """
    world, dead = die(scenario, fault)
    left = b"" if world.orphans else pickle.dumps(world)
    known = left and signature(world) in memory.died
    memory.died.add(signature(world) if left else None)
    first = play(scenario, fault, passed=memory.passed)
    yield first
    if not deep or known or not dead.reached:
        return
    for second in range(1, first.points[1] + 1):
        twice = replace(fault, kills=(fault.kills[0], second))
        if not left:
            yield play(scenario, twice, passed=memory.passed)
            continue
        again = replace(fault, kills=(second,))
        history = play(scenario, again, passed=memory.passed, world=pickle.loads(left))
        history.fault = twice
        yield history


def _deaths(scenario: Scenario, kill: int) -> Iterator[Fault]:
    """Yield the ways to die at a point: ways of losing exist only where something was not synced."""
    plain = Fault(kills=(kill,), loss=Loss.NOTHING)
    yield plain
    _, history = die(scenario, plain)
    if history.unsynced:
        yield from (replace(plain, loss=loss) for loss in LOSSES)
    world, _ = die(scenario, replace(plain, outcome=Outcome.ORPHAN))
    if world.orphans:
        yield from (replace(plain, outcome=Outcome.ORPHAN, orphan_after=after) for after in ORPHAN_AFTER)


def _troubles(calls: Counter[str]) -> Iterator[Fault]:
    for verb in sorted(calls):
        for call in range(1, calls[verb] + 1):
            for trouble in _troubles_of(verb):
                yield Fault(trouble=trouble, verb=verb, call=call)
                yield Fault(trouble=trouble, verb=verb, call=call, always=True)


def _troubles_of(verb: str) -> tuple[Trouble | DiskTrouble, ...]:
    if verb == "disk.write":
        return (DiskTrouble.FULL,)
    if verb == "disk.sync":
        return (DiskTrouble.SYNC_FAILS,)
    if verb in SAFE_TO_LIE or verb.startswith("store."):
        return tuple(trouble for trouble in Trouble if trouble is not Trouble.OTHER_SERVER)
    if verb.startswith(("engine.", "migrator.", "vault.")):
        return tuple(Trouble)
    return tuple(trouble for trouble in Trouble if trouble is not Trouble.OTHER_SERVER)


def _troubled(scenario: Scenario, fault: Fault, *, memory: Memory, known: int) -> Iterator[History]:
    """Yield the trouble alone, then with a kill at every point behind it that leaves a world not seen before."""
    alone = play(scenario, fault, passed=memory.passed)
    if 0 < alone.struck_at <= known:
        return
    yield alone
    if fault.always:
        return
    for kill in range(alone.struck_at + 1, alone.points[0] + 1):
        killed = replace(fault, kills=(kill,), loss=Loss.NOTHING)
        world, dead = die(scenario, killed)
        if not dead.reached or (not world.orphans and signature(world) in memory.died):
            continue
        memory.died.add(signature(world))
        yield play(scenario, killed, passed=memory.passed)
