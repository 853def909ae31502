"""`python -m amankan.testing.chaos`: play all faults, then show that every mutant is caught."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from multiprocessing import get_context
from typing import Final

from amankan.testing.chance import parse
from amankan.testing.chaos.campaign import Tally, campaign, golden
from amankan.testing.chaos.crowd import crowd
from amankan.testing.chaos.history import History, play
from amankan.testing.chaos.mutants import MUTANTS
from amankan.testing.chaos.scenario import Scenario, scenarios

POINTS: Final = files("amankan.testing.chaos").joinpath("points.txt")


def main(words: list[str] | None = None) -> int:
    """Return 0 where every fault was survived, every point reached and known, and every mutant caught; else 1."""
    options = _options(words)
    known = scenarios()
    if options.replay:
        return _replay(known, options.replay)
    if options.points:
        sys.stdout.write(_points(known))
        return 0
    begun = time.monotonic()
    tally = _all_faults(known, seed=options.seed, deep=not options.quick)
    for name, wrong in tally.failed[:20]:
        print(f"not survived: {name}\n    {wrong}")
    surprises = _unknown_points(known)
    caught = _all_mutants()
    points = sum(len(golden(scenario)[0]) for scenario in known)
    order = "1" if options.quick else "2"
    print(f"{time.monotonic() - begun:.0f} s, endings: {dict(sorted(tally.outcomes.items()))}")
    print(
        f"{tally.survived} of {tally.played} faults survived ({points} points, order {order} complete, "
        f"seed {options.seed}); {len(caught)} of {len(MUTANTS)} mutants caught"
    )
    return 0 if tally.survived == tally.played and len(caught) == len(MUTANTS) and not surprises else 1


def _options(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="order in which the faults are played")
    parser.add_argument("--quick", action="store_true", help="order 1 only: every point, every outcome, one kill")
    parser.add_argument("--replay", metavar="NAME", help="play one fault, by the name that a failure prints")
    parser.add_argument("--points", action="store_true", help="print the list of points, as points.txt holds it")
    return parser.parse_args(words)


def _all_faults(known: tuple[Scenario, ...], *, seed: int, deep: bool) -> Tally:
    pieces = [(number, seed, deep) for number in sorted(range(len(known)), key=lambda n: -len(golden(known[n])[0]))]
    total = Tally()
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("fork")) as pool:
        for tally in pool.map(_piece, pieces):
            total.add(tally)
    return total


def _piece(piece: tuple[int, int, bool]) -> Tally:
    number, seed, deep = piece
    return campaign(scenarios()[number], seed=seed, deep=deep)


def _all_mutants() -> list[str]:
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("fork")) as pool:
        verdicts = list(pool.map(_how_caught, range(len(MUTANTS))))
    for mutant, verdict in zip(MUTANTS, verdicts, strict=True):
        print(f"mutant {mutant.name}: {verdict or 'NOT CAUGHT'} ({mutant.breaks})")
    return [verdict for verdict in verdicts if verdict]


def _how_caught(number: int) -> str:
    """Return which fault of which scenario shows that the mutant is spoiled, or nothing where none does."""
    mutant = MUTANTS[number]
    with mutant.at_work():
        known = scenarios_or_none()
        if known is None:
            return "no progress: not even an undisturbed run ends as it should"
        for scenario in sorted(known, key=lambda scenario: scenario.name != mutant.first):
            verdict = _first_failure(scenario)
            if verdict:
                return verdict
    return ""


def _first_failure(scenario: Scenario) -> str:
    try:
        tally = campaign(scenario, first_failure=True, deep=False)
    except AssertionError as error:
        return f"no progress: {error}"
    return f"{tally.failed[0][1]} at {tally.failed[0][0]}" if tally.failed else ""


def scenarios_or_none() -> tuple[Scenario, ...] | None:
    """Return the scenarios, or None where the product is too spoiled to prepare them."""
    try:
        return scenarios()
    except Exception:  # noqa: BLE001 - a spoiled product may raise anything
        return None


def _points(known: tuple[Scenario, ...]) -> str:
    lines = []
    for scenario in known:
        lines += [f"{scenario.name} {number} {name}" for number, name in enumerate(golden(scenario)[0], start=1)]
    return "\n".join(lines) + "\n"


def _unknown_points(known: tuple[Scenario, ...]) -> bool:
    """Tell, and print, where the points differ from those that were reviewed."""
    if _points(known) == POINTS.read_text():
        return False
    print("the points are not those of points.txt; look at the change: python -m amankan.testing.chaos --points")
    return True


def _replay(known: tuple[Scenario, ...], name: str) -> int:
    history = _find(known, name)
    for wrong in history.wrong:
        print(wrong)
    print(f"{history.name}: {'not survived' if history.wrong or not history.reached else 'survived'}, {history.outcome}")
    return 1 if history.wrong or not history.reached else 0


def _find(known: tuple[Scenario, ...], name: str) -> History:
    title, _, words = name.partition(":")
    scenario = next(scenario for scenario in known if scenario.name == title)
    if ",at=" in words:
        met = crowd(scenario, golden(scenario)[0], passed=set())
        return next(history for history in met if history.name == name)
    return play(scenario, parse(words), passed=set())


if __name__ == "__main__":
    sys.exit(main())
