"""What the journals say is kept, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from amankan.model.plan import Plan, RollbackClass
from amankan.model.sentence import say
from amankan.operations.begin import run
from amankan.operations.kept import fates, kept_aside
from amankan.operations.plans.names import database_name
from amankan.operations.plans.prune import plan_discard
from amankan.operations.plans.restore import plan_restore
from amankan.operations.plans.rollback import plan_rollback
from amankan.operations.plans.update import plan_update
from amankan.testing.chance import Process
from amankan.testing.chaos.theatre import operator_of, stage_of, survey_of
from amankan.testing.disk import SimDisk
from amankan.testing.runtime import release_of
from amankan.testing.world import LIVE, World

FIRST, SECOND, THIRD = (f"2026010{number}T101500Z-shop-0000000{number}" for number in (5, 6, 7))


def kept_names(world: World) -> list[tuple[str, bool]]:
    """Return the names that the journals say are kept, each with whether the last update goes back to it."""
    return [(each.name, each.returns) for each in kept_aside(SimDisk(world, Process(number=0)))]


def walk(world: World, plan: Plan) -> None:
    """The plan was walked undisturbed."""
    process = Process(number=0)
    run(stage_of(world, process), plan, operator=operator_of(process))


def updated(world: World, run_name: str, digest: str) -> str:
    """The world was updated; returns the name of what was kept."""
    walk(world, plan_update(survey_of(world, run_name), release_of(world, digest)))
    return database_name(LIVE, "old", run=run_name)


def test_each_update_keeps_one_and_the_last_is_the_way_back() -> None:
    """Every opened update keeps its original; only that of the last one is the way back."""
    world = World()
    first, second = updated(world, FIRST, "sha256:two"), updated(world, SECOND, "sha256:three")
    assert [(first, False), (second, True)] == kept_names(world)
    refused = updated(world, THIRD, "sha256:sick")
    assert refused not in dict(kept_names(world))


def test_a_rollback_uses_what_was_kept_and_keeps_in_its_turn() -> None:
    """What became live again is not kept any more; what was live before is."""
    world = World()
    name = updated(world, FIRST, "sha256:two")
    plan = plan_rollback(
        survey_of(world, SECOND),
        target=release_of(world, "sha256:one"),
        rollback_class=RollbackClass.DATABASE,
        kept=name,
        kept_oid=world.server.databases[name].oid,
    )
    walk(world, plan)
    assert [(database_name(LIVE, "undone", run=SECOND), False)] == kept_names(world)


def test_what_was_dropped_is_not_kept() -> None:
    """A database that was dropped by a run of its own is told no more, and a restore keeps what it replaced."""
    world = World()
    name = updated(world, FIRST, "sha256:two")
    walk(world, plan_restore(survey_of(world, SECOND), snapshot=FIRST))
    assert [name, database_name(LIVE, "old", run=SECOND)] == [each for each, _ in kept_names(world)]
    walk(world, plan_discard(survey_of(world, THIRD), database=name, oid=world.server.databases[name].oid))
    assert name not in world.server.databases
    assert [database_name(LIVE, "old", run=SECOND)] == [each for each, _ in kept_names(world)]


def test_what_goes_and_what_stays() -> None:
    """What is older than the days goes, but never the way back of the last update, and nothing while there is a doubt."""
    world = World()
    updated(world, FIRST, "sha256:two")
    updated(world, SECOND, "sha256:three")
    first, last = kept_aside(SimDisk(world, Process(number=0)))
    late = first.since + timedelta(days=30)
    assert [True, False] == [each.due for each in fates((first, last), days=30, now=late)]
    assert [False, False] == [each.due for each in fates((first, last), days=30, now=late - timedelta(seconds=1))]
    assert [False, False] == [each.due for each in fates((first, last), days=30, now=late, doubt=say("the clock jumped"))]


def test_no_clock_makes_one_older_than_an_older_run() -> None:
    """Where the clock stood in the past during an update, what it kept is as young as the run before it."""
    world = World()
    updated(world, FIRST, "sha256:two")
    world.jump_seconds = -400 * 86400
    updated(world, SECOND, "sha256:three")
    first, last = kept_aside(SimDisk(world, Process(number=0)))
    assert first.since == last.since
    assert (last,) == (replace(last, certain=True),)
