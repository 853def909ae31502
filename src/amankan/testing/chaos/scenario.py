"""What is tried: each operation, with releases that are good, sick or lossy, in a world prepared for it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from amankan.model.entry import Ending
from amankan.model.plan import Plan, RollbackClass
from amankan.operations.begin import run
from amankan.operations.plans.backup import plan_backup, plan_drill
from amankan.operations.plans.names import database_name
from amankan.operations.plans.prune import plan_discard
from amankan.operations.plans.restore import plan_restore
from amankan.operations.plans.rollback import plan_rollback
from amankan.operations.plans.update import plan_update
from amankan.testing.chance import Process
from amankan.testing.chaos import theatre
from amankan.testing.chaos.theatre import stage_of, survey_of
from amankan.testing.runtime import release_of
from amankan.testing.world import LIVE, World

FIRST: Final = "20260105T101500Z-shop-00000001"
"""The run that the world was prepared with."""

TRIED: Final = "20260106T101500Z-shop-00000002"
"""The run that faults strike."""

NEXT: Final = "20260107T101500Z-shop-00000003"
"""The ordinary update that must succeed afterwards."""


ROWS_LATER: Final = 80
"""So many rows come after the backup of a run and before its fence, at least: those of a loss that no rehearsal sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    One operation: the world before it, its plan, the ending that an undisturbed run has, and the release it leads to.

    `like` names a scenario that begins in the same way: what strikes both before they part is played in that one only.
    `lays_by` is True where users' newer rows leave the live database on purpose and are kept aside. `at_home` is False where
    the live database was restored before: its guard is a copy until it is installed anew.
    """

    name: str
    prepared: bytes
    plan: Plan
    ending: Ending
    before: str
    after: str
    lays_by: bool = False
    at_home: bool = True
    like: str = ""

    def world(self) -> World:
        """Return a fresh world, equal each time."""
        world: World = pickle.loads(self.prepared)
        return world


def scenarios() -> tuple[Scenario, ...]:
    """Return every scenario of the campaign, in a fixed order."""
    return (
        _update("update-swap", "sha256:two"),
        _update("update-in-place", "sha256:two", in_place=True),
        _update("update-sick", "sha256:sick", like="update-swap"),
        _update("update-lossy", "sha256:lossy", like="update-sick"),
        _update("update-late-loss", "sha256:late", like="update-swap"),
        _update("update-late-loss-in-place", "sha256:late", like="update-in-place", in_place=True),
        _reading("backup", lambda world: plan_backup(survey_of(world, TRIED))),
        _drill(),
        _restore(),
        _rollback("rollback-database", RollbackClass.DATABASE),
        _rollback("rollback-image", RollbackClass.IMAGE_ONLY),
        _prune(),
    )


def do(world: World, plan: Plan) -> Ending:
    """Walk a plan undisturbed; return how it ended."""
    process = Process(number=0)
    return run(stage_of(world, process), plan, operator=theatre.operator_of(process)).ending


def _scenario(name: str, world: World, *, plan: Plan, **rest: object) -> Scenario:
    for path, inode in world.platter.files.items():
        if path.endswith("lines.jsonl"):
            decisions = [line for line in bytes(inode.seen).split(b"\n") if b'"phase":"decision"' in line]
            world.platter.stale = decisions[0] + b"\n" if decisions else b""
    return Scenario(name=name, prepared=pickle.dumps(world), plan=plan, **rest)  # type: ignore[arg-type]


def _update(name: str, target: str, *, like: str = "", in_place: bool = False) -> Scenario:
    """Return an update; one that is like another parts from it because its release is not good, and ends as before."""
    ending = Ending.AS_BEFORE if like else Ending.DONE
    world = World()
    do(world, plan_update(survey_of(world, FIRST), release_of(world, "sha256:one")))
    _tidy(world)
    plan = plan_update(survey_of(world, TRIED, in_place=in_place), release_of(world, target))
    late = replace(world.images["sha256:late"], drops_above=len(world.server.databases[LIVE].rows) + ROWS_LATER)
    world.images["sha256:late"] = late
    if not in_place:
        world.untouchable = {world.server.databases[LIVE].oid}
    return _scenario(name, world, plan=plan, ending=ending, before="sha256:one", after=target, like=like)


def _tidy(world: World) -> None:
    """Leave the journal of the first run, whose blocks a disk may bring back, and nothing else of it."""
    world.server.databases = {LIVE: world.server.databases[LIVE]}
    world.kept.clear()


def _reading(name: str, planner: Callable[[World], Plan]) -> Scenario:
    world = World()
    return _scenario(name, world, plan=planner(world), ending=Ending.DONE, before="sha256:one", after="sha256:one")


def _with_backup() -> World:
    world = World()
    do(world, plan_backup(survey_of(world, FIRST)))
    return world


def _drill() -> Scenario:
    world = _with_backup()
    plan = plan_drill(survey_of(world, TRIED), snapshot=FIRST)
    return _scenario("drill", world, plan=plan, ending=Ending.DONE, before="sha256:one", after="sha256:one")


def _restore() -> Scenario:
    world = _with_backup()
    plan = plan_restore(survey_of(world, TRIED), snapshot=FIRST)
    return _scenario("restore", world, plan=plan, ending=Ending.DONE, before="sha256:one", after="sha256:one", lays_by=True)


def _prune() -> Scenario:
    """Return the removal of what an update kept, after the one whose way back it was."""
    world = World()
    do(world, plan_update(survey_of(world, FIRST), release_of(world, "sha256:two")))
    kept = database_name(LIVE, "old", run=FIRST)
    plan = plan_discard(survey_of(world, TRIED), database=kept, oid=world.server.databases[kept].oid)
    return _scenario("prune", world, plan=plan, ending=Ending.DONE, before="sha256:two", after="sha256:two")


def _rollback(name: str, rollback_class: RollbackClass) -> Scenario:
    world = World()
    if rollback_class is RollbackClass.IMAGE_ONLY:
        one = world.images["sha256:one"]
        world.images["sha256:one"] = type(one)(migrations=one.migrations, tolerates=(("m1", "m2"),))
    do(world, plan_update(survey_of(world, FIRST), release_of(world, "sha256:two")))
    kept = database_name(LIVE, "old", run=FIRST)
    plan = plan_rollback(
        survey_of(world, TRIED),
        target=release_of(world, "sha256:one"),
        rollback_class=rollback_class,
        kept=kept,
        kept_oid=world.server.databases[kept].oid,
    )
    lays_by = rollback_class is RollbackClass.DATABASE
    return _scenario(name, world, plan=plan, ending=Ending.DONE, before="sha256:two", after="sha256:one", lays_by=lays_by)
