"""One fault: a world, a blow, what the product says to do then, and the judgement."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

from tests.faults.born import Blow, Left, Nest, Place
from tests.faults.judge import journals, judge, read_lines
from tests.faults.scenarios import SCENARIOS, Scenario, make_stage, words_of
from tests.faults.world import Ground, World, fresh

KILLED: Final = -9

# A recovery that was killed is followed by another; more than these lead nowhere.
RECOVERIES: Final = 5

# What a death can mean: the process alone; its children live on; the server goes down and comes back before the recovery;
# the recovery dies as well.
OUTCOMES: Final = ("killed", "orphans", "restart", "twice")

# The statuses of a recovery: done, refused, stopped with a next command.
STATUSES: Final = (0, 3, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """
    A scenario whose process dies at a point; `second` is the point of the recovery at which that dies too, for `twice`.

    `moment` is the number of the moment within the scenario that the point stands in.
    """

    scenario: str
    point: str
    outcome: str = "killed"
    second: str = ""
    moment: int = 0

    @property
    def id(self) -> str:
        """The name by which it is replayed."""
        return " | ".join(part for part in (self.scenario, self.point, self.outcome, self.second) if part)


@dataclass(slots=True, kw_only=True)
class Told:
    """
    What became of one fault; `wrong` is empty where it was survived.

    `asked` is the id under which it was asked for, `moment` that of its death, and `points` are those of an undisturbed run.
    """

    id: str
    ending: str = ""
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    points: list[str] = field(default_factory=list)
    asked: str = ""
    moment: str = ""

    def document(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {
            "id": self.id,
            "ending": self.ending,
            "survived": not self.wrong,
            "wrong": self.wrong,
            "seconds": round(self.seconds, 2),
            "moment": self.moment,
        }


class Aftermath:
    """What is done after a fault; what follows an ending that was seen before is not tried again."""

    def __init__(self, nest: Nest) -> None:
        """Nothing was seen yet."""
        self._nest = nest
        self._seen: set[str] = set()

    def recover(self, world: Place, told: Told) -> None:
        """What the product says is done, until nothing is left to do."""
        for _ in range(RECOVERIES):
            if not unfinished(world):
                break
            words = self._next(world, told)
            left = self._nest.run(world, *words)
            refuse_traceback(left, told)
            if left.status not in STATUSES:
                told.wrong.append(f"{' '.join(words)} ended with {left.status}: {left.err[-300:]}")
        else:
            told.wrong.append("it never came to an end")

    def _next(self, world: Place, told: Told) -> tuple[str, ...]:
        """Return the command that the product itself says is next."""
        left = self._nest.run(world, "status")
        refuse_traceback(left, told)
        line = next((line for line in left.out.splitlines() if line.startswith("unfinished: ")), "")
        words = tuple(line.partition("next: aman ")[2].split())
        if not words:
            told.wrong.append(f"no next command is told: {left.out[-300:]}")
        return words or ("recover",)

    def afterwards(self, world: Place) -> list[str]:
        """Return what is wrong with what comes next: a recovery that finds nothing, and an ordinary operation."""
        wrong = []
        again = self._nest.run(world, "recover", "--json")
        if again.status != 0 or again.document != {"recovered": []}:
            wrong.append(f"I6: a further recovery found something: {again.out} {again.err}")
        following = self._nest.run(world, "backup", "--json")
        if following.status != 0:
            wrong.append(f"the next operation failed: {following.err[-400:]}")
        return wrong


class Tester(Aftermath):
    """Plays faults on one ground."""

    def __init__(self, ground: Ground, levels: tuple[str, ...]) -> None:
        """Nothing was seen yet; points are of these levels."""
        super().__init__(ground.nest)
        self.ground, self.levels = ground, levels

    def golden(self, scenario: Scenario) -> list[str]:
        """Return the names of the points of an undisturbed run, as recorded; raises AssertionError where that ends badly."""
        record = self.ground.home / f"points-{scenario.name}"
        record.unlink(missing_ok=True)
        make_stage(self.ground, scenario.stage)
        with fresh(self.ground, scenario.stage) as world:
            known = runs_of(world)
            left = self.ground.nest.run(world, *words_of(world, scenario), blow=Blow(record=record, levels=self.levels))
            assert 0 == left.status, left.err
            seen = judge(world, scenario, runs_before=known)
            assert ("done", ()) == (seen.ending, seen.wrong), seen
        return record.read_text().splitlines()

    def kill(self, death: Death) -> Told:
        """Return what became of it."""
        scenario = next(each for each in SCENARIOS if each.name == death.scenario)
        told = Told(id=death.id, moment=f"{death.scenario} {death.moment}")
        make_stage(self.ground, scenario.stage)
        began = time.monotonic()
        with fresh(self.ground, scenario.stage) as world:
            known = runs_of(world)
            blow = Blow(point=death.point, orphans=death.outcome == "orphans", levels=self.levels)
            left = self.ground.nest.run(world, *words_of(world, scenario), blow=blow)
            if left.status != KILLED:
                told.wrong.append(f"the point was not reached: status {left.status}, {left.err[-300:]}")
            else:
                self._between(world, death, told)
                self.recover(world, told)
                self.look(world, scenario, told=told, known=known)
        told.seconds = time.monotonic() - began
        return told

    def _between(self, world: World, death: Death, told: Told) -> None:
        """What else happens before somebody recovers."""
        if death.outcome == "restart":
            self.ground.server.kill9()
            self.ground.server.start()
        if death.outcome == "twice" and unfinished(world):
            left = self.ground.nest.run(world, "recover", blow=Blow(point=death.second, levels=self.levels))
            if left.status != KILLED:  # it has fewer points: then this is a plain death
                told.id = told.id.removesuffix(f" | twice | {death.second}") + " | killed"

    def look(self, world: World, scenario: Scenario, *, told: Told, known: frozenset[str]) -> None:
        """The world is judged, and what comes next is tried where no world like it was seen before."""
        seen = judge(world, scenario, runs_before=known)
        told.ending = seen.ending
        told.wrong += seen.wrong
        if seen.state not in self._seen or told.wrong:
            self._seen.add(seen.state)
            told.wrong += self.afterwards(world)


def runs_of(world: Place) -> frozenset[str]:
    """Return the names of all runs of a world."""
    return frozenset(path.parent.name for path in journals(world))


def unfinished(world: Place) -> bool:
    """Tell whether a journal is open, as its lines say."""
    stories = [[line for line in read_lines(path) if line] for path in journals(world)]
    return any(story and story[-1]["phase"] != "closed" for story in stories)


def refuse_traceback(left: Left, told: Told) -> None:
    """A traceback is no answer."""
    if "Traceback" in left.out + left.err:
        told.wrong.append(f"a traceback: {left.err[-600:]}")
