"""How long users will wait, foretold from what is known."""

from __future__ import annotations

import pytest

from amankan.journal.account import account, entries_of
from amankan.journal.log import lines_path
from amankan.model.entry import Ending
from amankan.model.fingerprint import Fingerprint
from amankan.model.plan import Plan, RollbackClass, Strategy
from amankan.model.rehearsal import Rehearsal
from amankan.model.verdict import Verdict
from amankan.operations.begin import recover, run
from amankan.operations.plans.update import plan_update
from amankan.operations.wait import foretell, last_update
from amankan.testing.chance import Crash, Process
from amankan.testing.chaos.theatre import operator_of, stage_of, survey_of
from amankan.testing.disk import SimDisk
from amankan.testing.runtime import release_of
from amankan.testing.world import World

FIRST, SECOND, THIRD = (f"2026010{number}T101500Z-shop-0000000{number}" for number in (5, 6, 7))
REHEARSAL = Rehearsal(
    verdict=Verdict(findings=()),
    foretold=Fingerprint(tables=(), schema="", shape=""),
    rollback_class=RollbackClass.IMAGE_ONLY,
    migrate_seconds=7.0,
    downtime_seconds=20.0,
    count_seconds=0.5,
)


def disk_of(world: World) -> SimDisk:
    """Return the disk as a process sees it that only reads."""
    return SimDisk(world, Process(number=0))


def planned(world: World, run_name: str, digest: str, *, in_place: bool = False) -> Plan:
    """Return the plan of an update."""
    return plan_update(survey_of(world, run_name, in_place=in_place), release_of(world, digest))


def walk(world: World, plan: Plan) -> int:
    """The plan was walked undisturbed; returns how many points it has."""
    process = Process(number=0)
    run(stage_of(world, process), plan, operator=operator_of(process))
    return process.points


def test_a_first_update_is_foretold_by_its_rehearsal() -> None:
    """Where no update came before, the rehearsal's own sum is told."""
    world = World()
    assert 20.0 == foretell(disk_of(world), planned(world, FIRST, "sha256:two"), rehearsal=REHEARSAL)


def test_the_last_update_tells_what_is_the_same_in_each() -> None:
    """All but the migration takes as long as it took the last time; the migration takes what its rehearsal took."""
    world = World()
    walk(world, planned(world, FIRST, "sha256:two"))
    told = account(FIRST, entries_of(disk_of(world), FIRST))
    migrated = next(step.seconds for step in told.steps if step.name == "migrate")
    said = foretell(disk_of(world), planned(world, SECOND, "sha256:three"), rehearsal=REHEARSAL)
    assert pytest.approx(told.downtime_seconds - migrated + 7.5) == said
    assert told.downtime_seconds > migrated > 0


def test_another_strategy_tells_nothing() -> None:
    """An update by swap tells nothing of one in place, in which backup and proof come again behind the fence."""
    world = World()
    walk(world, planned(world, FIRST, "sha256:two"))
    assert last_update(disk_of(world), Strategy.IN_PLACE) is None
    plan = planned(world, SECOND, "sha256:sick", in_place=True)
    walk(world, plan)
    took = {step.name: step.seconds for step in account(SECOND, entries_of(disk_of(world), SECOND)).steps}
    assert took["backup"] + took["prove"] > 0
    said = foretell(disk_of(world), plan, rehearsal=REHEARSAL)
    assert pytest.approx(20.0 + took["backup"] + took["prove"]) == said


def test_a_damaged_journal_tells_nothing() -> None:
    """What an old journal says is not believed where it is damaged, and stops nobody."""
    world = World()
    walk(world, planned(world, FIRST, "sha256:two"))
    disk_of(world).replace(lines_path(FIRST), b"{}\n")
    assert last_update(disk_of(world), Strategy.SWAP) is None


def test_one_that_a_crash_delayed_tells_nothing() -> None:
    """An update that was recovered, and one that went back, are passed over for an older one that went smoothly."""
    world = World()
    points = walk(world, planned(world, FIRST, "sha256:two"))
    walk(world, planned(world, SECOND, "sha256:sick"))
    dying = Process(number=1, kill=points - 20)
    with pytest.raises(Crash):
        run(stage_of(world, dying), planned(world, THIRD, "sha256:three"), operator=operator_of(dying))
    world.platter.end_process(1)
    after = Process(number=2)
    (ended,) = recover(stage_of(world, after), operator_of(after))
    newest = last_update(disk_of(world), Strategy.SWAP)
    assert (Ending.DONE, FIRST) == (ended.ending, newest.run if newest else "")
