"""What is tried: each operation, and the stage of the world that it begins on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.faults.world import FIRST, Ground, World, fresh, keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    One operation of the product, and what it leads to.

    `builds` serve before and after it; `lays_by` is True where newer rows are kept aside on purpose; `stage` is the stage of
    the ground that it begins on; `also` are pairs of build and schema that may serve besides those that belong together.
    """

    name: str
    words: tuple[str, ...]
    builds: tuple[str, str] = ("1", "1")
    lays_by: bool = False
    stage: str = FIRST
    also: frozenset[tuple[str, str]] = frozenset()


# The id of the plan is known when the stage is there.
PLAN: Final = "PLAN"

SCENARIOS: Final = (
    Scenario(name="backup", words=("backup",)),
    Scenario(name="drill", words=("drill",)),
    Scenario(name="restore", words=("restore", "--yes"), lays_by=True),
    Scenario(name="update", words=("update", "--plan", PLAN, "--yes"), builds=("1", "2"), stage="planned"),
    Scenario(name="update-in-place", words=("update", "--plan", PLAN, "--yes"), builds=("1", "2"), stage="planned-in-place"),
    Scenario(
        name="rollback-image",
        words=("rollback", "--yes"),
        builds=("2", "1"),
        stage="updated",
        also=frozenset({("1", "0002")}),
    ),
    Scenario(name="rollback-database", words=("rollback", "--yes"), builds=("3", "1"), lays_by=True, stage="updated-far"),
    Scenario(name="plan", words=("plan", "--tag", "2")),
)


def words_of(world: World, scenario: Scenario) -> tuple[str, ...]:
    """Return the words of the scenario, with the id of the plan that the world has."""
    runs = sorted(path.name for path in (world.folder / ".amankan" / "journal").iterdir())
    return tuple(runs[-1] if word == PLAN else word for word in scenario.words)


def make_stage(ground: Ground, stage: str) -> None:
    """The ground has the stage, made now unless it was made before."""
    if stage != FIRST and not (ground.home / stage).exists():
        _STAGES[stage](ground)


def _planned(ground: Ground) -> None:
    with fresh(ground) as world:
        _do(world, "plan", "--tag", "2")
        keep(world, "planned")


def _planned_in_place(ground: Ground) -> None:
    """A logical slot does not come along when names are exchanged, so the database itself is migrated."""
    with fresh(ground) as world:
        world.database.execute("select pg_create_logical_replication_slot('somebody', 'pgoutput')")
        _do(world, "plan", "--tag", "2")
        keep(world, "planned-in-place")


def _updated(ground: Ground) -> None:
    make_stage(ground, "planned")
    with fresh(ground, "planned") as world:
        _do(world, *words_of(world, _named("update")))
        keep(world, "updated")


def _updated_far(ground: Ground) -> None:
    with fresh(ground) as world:
        _do(world, "update", "--tag", "3", "--yes")
        keep(world, "updated-far")


def _named(name: str) -> Scenario:
    return next(each for each in SCENARIOS if each.name == name)


def _do(world: World, *words: str) -> None:
    left = world.ground.nest.run(world, *words)
    assert 0 == left.status, (words, left.out, left.err)


_STAGES: Final[dict[str, Callable[[Ground], None]]] = {
    "planned": _planned,
    "planned-in-place": _planned_in_place,
    "updated": _updated,
    "updated-far": _updated_far,
}
