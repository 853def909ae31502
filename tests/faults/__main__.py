"""`python -m tests.faults`: every fault is played against real processes, and the last line counts those survived."""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.faults.campaign import GOLDEN, Order, Task, Workers
from tests.faults.catalogue import FAULTS
from tests.faults.composed.trial import COMMANDS_BETWEEN
from tests.faults.composed.trial import SCENARIO as COMPOSED
from tests.faults.held import run_held
from tests.faults.page import merged, read_document, write_page
from tests.faults.record import Result, publish
from tests.faults.scenarios import SCENARIOS
from tests.faults.sitting import Sittings
from tests.faults.stir import moments
from tests.faults.trial import OUTCOMES, Death, Told

WORKERS = 2
SHORT = ("journal", "command")
LONG = (*SHORT, "verb", "statement", "file")

# Each takes half a minute, and the other tests under Docker kill too.
FEW_COMPOSED = 2

# A recovery comes by at least so many points, nearly always.
FEWEST_OF_RECOVERY = 24


def main() -> int:
    """Play what the command line says; 1 where a fault was not survived, or where something is left to play."""
    options = _options()
    if options.page:
        write_page(merged([read_document(path) for path in options.page]))
        return 0
    try:
        campaign = Campaign(options)
    except ValueError as fault:
        _say(str(fault))
        return 2
    campaign.play()
    whole = not (options.short or options.only or options.replay or options.deaths)
    if whole and not campaign.left:
        campaign.play_held()
        write_page(campaign.result().document())
    result = campaign.result()
    publish(result, into=options.into)
    if campaign.left and not options.short:
        _say(f"{campaign.left} faults are left; --resume goes on with them")
    _say(result.last_line)
    return 0 if result.survived == len(result.told) and (options.short or not campaign.left) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one way of each fault, and as many deaths as there is time for")
    parser.add_argument("--minutes", type=float, default=0.0, help="begin no further fault after these; 0 for no limit")
    parser.add_argument("--resume", action="store_true", help="go on with what was ended, of the same source and seed")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32), help="what decides about chance")
    parser.add_argument("--only", default="", help="the beginning of the ids that are played")
    parser.add_argument("--replay", default="", metavar="ID", help="play this one alone")
    parser.add_argument("--deaths", action="store_true", help="deaths only, nothing of the catalogue")
    parser.add_argument("--without-compose", action="store_true", help="where there is no Docker Engine")
    parser.add_argument("--page", nargs="*", type=Path, help="write the page of the catalogue from these results, and end")
    parser.add_argument("--into", type=Path, default=Path("build/faults"), help="where the result is written")
    return parser.parse_args()


class Campaign:
    """What is played, in the order that the seed gives, and what was told of it."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Nothing was played yet in this sitting."""
        form = " ".join((*_levels(options), options.only, options.replay, "deaths" * options.deaths))
        self._options, self._began = options, time.monotonic()
        self._until = self._began + options.minutes * 60 if options.minutes else None
        self._kept = Sittings(options.into, form=form, seed=options.seed, resume=options.resume)
        self._chance = random.Random(self._kept.seed)
        self.left = 0

    def play(self) -> None:
        """Play all, or one, as long as there is time."""
        if self._options.replay:
            task = _named(self._options.replay)
            self._play_on(1, lambda _: [task], composed=isinstance(task, Death) and task.scenario == COMPOSED)
            return
        beside = threading.Thread(target=self._play_composed)
        wanted = not self._options.without_compose and COMPOSED.startswith(self._options.only)
        if wanted:
            beside.start()
        self._play_on(WORKERS, lambda workers: _mixed(self._faults(), self._deaths(workers)))
        if wanted:
            beside.join()

    def _play_composed(self) -> None:
        """The deaths under Compose are played; that they cannot be is told as a fault that was not survived."""
        try:
            self._play_on(1, self._composed, composed=True)
        except (RuntimeError, ValueError) as fault:
            self._hear(Told(id=COMPOSED, wrong=[f"{type(fault).__name__}: {fault}"]))

    def _play_on(self, count: int, tasks: Callable[[Workers], Sequence[Task]], *, composed: bool = False) -> None:
        """So many workers play what was not played yet."""
        with Workers(count, Order(levels=_levels(self._options), seed=self._kept.seed, composed=composed)) as workers:
            left = [task for task in tasks(workers) if _id(task) not in self._kept.told]
            self.left += len(left)
            for each in workers.play(left, until=self._until):
                self._hear(each)
                self.left -= 1
            for each in workers.end():
                self._hear(each)

    def play_held(self) -> None:
        """The tests elsewhere that hold rows are run."""
        for each in run_held(self._options.into):
            self._hear(each)

    def result(self) -> Result:
        """Return what was told so far, in all sittings."""
        kept = self._kept
        return Result(
            told=tuple(kept.told.values()),
            points=kept.points,
            moments=len({(death.scenario, death.moment) for part in kept.deaths.values() for death in part}),
            seed=kept.seed,
            seconds=kept.before_seconds + time.monotonic() - self._began,
            sittings=kept.count,
        )

    def _hear(self, told: Told) -> None:
        self._kept.hear(told, seconds=time.monotonic() - self._began)
        _say(f"{'LOST' if told.wrong else 'survived'} | {told.ending} | {told.id}")
        for reason in told.wrong:
            _say(f"    {reason}")

    def _faults(self) -> list[Task]:
        """Return the faults of the catalogue: in the short form one way of each row."""
        found = [fault for id, fault in FAULTS.items() if id.startswith(self._options.only) and not self._options.deaths]
        self._chance.shuffle(found)
        if self._options.short:
            found = list({fault.row: fault for fault in found}.values())
        return [fault.id for fault in found]

    def _deaths(self, workers: Workers) -> list[Death]:
        """Return deaths in every moment: each alone, and then with what else can be; in the short form by rotation."""
        if "process" not in self._kept.deaths:
            plain: list[Death] = []
            more: list[Death] = []
            points = 0
            wanted = [each for each in SCENARIOS if each.name.startswith(self._options.only)]
            for told in workers.play([GOLDEN + each.name for each in wanted]):
                points += len(told.points)
                if told.wrong:
                    self._hear(told)
                self._die_in(told, plain=plain, more=more)
            self._chance.shuffle(plain)
            self._chance.shuffle(more)
            plain.sort(key=lambda death: self._options.short and not death.point.startswith("journal"))
            self._kept.plan("process", plain + more, points=points)
        return self._kept.deaths["process"]

    def _composed(self, workers: Workers) -> list[Death]:
        """Return deaths of an update under Compose: at every line of the journal, and at programs by rotation."""
        if "compose" not in self._kept.deaths:
            chance = random.Random(self._kept.seed)
            [told] = workers.play([GOLDEN + COMPOSED])
            if told.wrong:
                self._hear(told)
            found = list(enumerate(moments(told.points)))
            lines = [each for each in found if any(point.startswith("journal") for point in each[1])]
            programs = [each for each in found if each not in lines]
            some = lines + programs[chance.randrange(COMMANDS_BETWEEN) :: COMMANDS_BETWEEN]
            if self._options.short:
                some = chance.sample(lines, min(FEW_COMPOSED, len(lines)))
            self._kept.plan("compose", [_under_compose(*each, chance=chance) for each in some], points=len(told.points))
        return self._kept.deaths["compose"]

    def _die_in(self, told: Told, *, plain: list[Death], more: list[Death]) -> None:
        """The deaths of one scenario are among the others: each at some point of its moment."""
        scenario = told.id.removeprefix(GOLDEN)
        for number, points in enumerate(moments(told.points)):
            outcome = OUTCOMES[number % len(OUTCOMES)]
            second = f"#{self._chance.randint(1, FEWEST_OF_RECOVERY)}" if outcome == "twice" else ""
            one, other = (self._chance.choice(points) for _ in range(2))
            alone = Death(scenario=scenario, point=one, moment=number)
            rotated = Death(scenario=scenario, point=other, moment=number, outcome=outcome, second=second)
            plain.append(rotated if self._options.short else alone)
            more += [] if self._options.short or outcome == alone.outcome else [rotated]


def _mixed(faults: list[Task], deaths: list[Death]) -> list[Task]:
    """Return both, so that what has no time is a like part of the faults and of the deaths at lines of the journal."""
    lines = [each for each in deaths if each.point.startswith("journal:")]
    ranked = [(number / len(part), each) for part in (faults, lines) for number, each in enumerate(part)]
    ranked.sort(key=lambda pair: pair[0])
    return [*(each for _, each in ranked), *(each for each in deaths if not each.point.startswith("journal:"))]


def _under_compose(number: int, points: list[str], *, chance: random.Random) -> Death:
    outcome = OUTCOMES[number % len(OUTCOMES)]
    second = f"#{chance.randint(1, FEWEST_OF_RECOVERY)}" if outcome == "twice" else ""
    return Death(scenario=COMPOSED, point=chance.choice(points), outcome=outcome, second=second, moment=number)


def _levels(options: argparse.Namespace) -> tuple[str, ...]:
    return SHORT if options.short else LONG


def _id(task: Task) -> str:
    return task.id if isinstance(task, Death) else task


def _named(id: str) -> Task:
    if " | " not in id:
        return id
    scenario, point, outcome, *second = id.split(" | ")
    return Death(scenario=scenario, point=point, outcome=outcome, second="".join(second))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
