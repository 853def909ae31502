"""All faults, shared out among workers that each have a server, a nest and a shop of their own."""

from __future__ import annotations

import multiprocessing
import os
import queue
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.faults.canary import Canary
from tests.faults.catalogue import FAULTS
from tests.faults.composed.ground import yard
from tests.faults.composed.trial import Composed
from tests.faults.scenarios import SCENARIOS
from tests.faults.trial import Death, Tester, Told
from tests.faults.world import make_ground, prepare

Task = Death | str
"""A death, or the id of a fault of the catalogue; `golden NAME` for an undisturbed run."""

GOLDEN = "golden "


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    What every worker is told: the levels of points, and the seed of what is left to chance.

    `composed` workers play deaths of an app under Docker Compose, and nothing else.
    """

    levels: tuple[str, ...]
    seed: int
    composed: bool = False


class Workers:
    """Processes that play what they are given; used by `with` they are gone at the end."""

    def __init__(self, count: int, order: Order) -> None:
        """Start them; each prepares its own ground."""
        context = multiprocessing.get_context("spawn")
        self._tasks, self._told = context.Queue(), context.Queue()
        self._processes = [context.Process(target=work, args=(order, self._tasks, self._told)) for _ in range(count)]
        for process in self._processes:
            process.start()

    def play(self, tasks: Iterable[Task], *, until: float | None = None) -> Iterator[Told]:
        """Yield what became of each, as it comes; none is begun after the moment `until`."""
        left, waiting = iter(tasks), 0
        while True:
            while waiting < len(self._processes) + 1 and (until is None or time.monotonic() < until):
                task = next(left, None)
                if task is None:
                    break
                self._tasks.put(task)
                waiting += 1
            if not waiting:
                return
            yield self._next()
            waiting -= 1

    def end(self) -> Iterator[Told]:
        """The workers end; yield what their canaries tell."""
        for _ in self._processes:
            self._tasks.put(None)
        for _ in self._processes:
            yield self._next()

    def _next(self) -> Told:
        while True:
            try:
                told: Told = self._told.get(timeout=10)
            except queue.Empty as late:
                if not all(process.is_alive() for process in self._processes):
                    raise RuntimeError("a worker is gone") from late
            else:
                return told

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for process in self._processes:
            if kind is not None:
                process.terminate()
            process.join()


def work(order: Order, tasks: Any, answers: Any) -> None:
    """Play tasks until there is None."""
    if order.composed:
        with yard() as found:
            ships = Composed(found)
            while (task := _given(tasks)) is not None:
                answers.put(_told(task, partial(_sail, ships, task)))
            answers.put(Told(id="compose is left", ending="done"))
        return
    ground = make_ground()
    try:
        prepare(ground)
        tester = Tester(ground, order.levels)
        with Canary(ground) as canary:
            while (task := _given(tasks)) is not None:
                answers.put(_play(tester, task, seed=order.seed))
            answers.put(canary.told())
    finally:
        ground.close()


def _given(tasks: Any) -> Task | None:
    """Return the next task, or None where there is none, or nobody who wants to know."""
    while True:
        try:
            task: Task | None = tasks.get(timeout=5)
        except queue.Empty:
            if os.getppid() == 1:
                return None
        else:
            return task


def _play(tester: Tester, task: Task, *, seed: int) -> Told:
    if isinstance(task, Death):
        return _told(task, partial(tester.kill, task))
    if task.startswith(GOLDEN):
        return _told(task, partial(golden, tester, task))
    return _told(task, partial(FAULTS[task].play, tester, seed))


def _sail(ships: Composed, task: Task) -> Told:
    if isinstance(task, Death):
        return ships.kill(task)
    return Told(id=task, ending="done", points=ships.golden_points())


def _told(task: Task, act: Callable[[], Told]) -> Told:
    name = task.id if isinstance(task, Death) else task
    try:
        told = act()
    except Exception:  # noqa: BLE001 - a fault of the harness counts as one that was not survived
        told = Told(id=name, wrong=[traceback.format_exc()[-2000:]])
    told.asked = name
    return told


def golden(tester: Tester, task: str) -> Told:
    """Return the points of an undisturbed run."""
    scenario = next(each for each in SCENARIOS if each.name == task.removeprefix(GOLDEN))
    return Told(id=task, ending="done", points=tester.golden(scenario))
