"""Plans as values: what every one of them keeps, whatever the facts are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from amankan.model.app import App, Limits
from amankan.model.facts import Facts
from amankan.model.identity import Identity
from amankan.model.plan import Plan, RollbackClass, StepKind, Strategy
from amankan.model.release import Image, Release
from amankan.model.runtime import ServiceState
from amankan.operations.plans.backup import plan_backup, plan_drill
from amankan.operations.plans.names import database_name
from amankan.operations.plans.patience import LIMIT_SECONDS
from amankan.operations.plans.prune import plan_discard
from amankan.operations.plans.restore import plan_restore
from amankan.operations.plans.rollback import plan_rollback
from amankan.operations.plans.update import choose_strategy, plan_update
from amankan.operations.steps import STEPS

RUN = "20260105T101500Z-shop-0badcafe"
OLD = Release(label="1", images=(Image(service="app", reference="shop:1", digest="sha256:one"),), ledger=("m1",))
NEW = Release(label="2", images=(Image(service="app", reference="shop:2", digest="sha256:two"),))
FACTS = Facts(
    app=App(name="shop", environment="production", database="shop", limits=Limits(downtime_seconds=77.0)),
    run=RUN,
    identity=Identity(system="7001", oid=16384),
    release=OLD,
    services=(ServiceState(service="app", digest="sha256:one", running=True, open=True, restart="always"),),
    size_bytes=100,
    free_bytes=100,
    may_create_databases=True,
)

tokens = some.text("0123456789abcdef", min_size=8, max_size=8)
runs = tokens.map(lambda token: f"20260105T101500Z-shop-{token}")
databases = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).map(
    lambda name: name.encode()[:63].decode(errors="ignore")
)
facts = some.builds(
    lambda run, database, **found: replace(FACTS, run=run, app=replace(FACTS.app, database=database), **found),
    run=runs,
    database=databases.filter(bool),
    size_bytes=some.integers(0, 200),
    free_bytes=some.integers(0, 200),
    may_create_databases=some.booleans(),
    logical_slots=some.integers(0, 2),
)


def plans(found: Facts) -> tuple[Plan, ...]:
    """Return every kind of plan that can be made from these facts."""
    kept = database_name(found.app.database, "old", run="20260104T101500Z-shop-00000001")
    return (
        plan_update(found, NEW),
        plan_backup(found),
        plan_backup(found, prove=False),
        plan_drill(found, snapshot="20260104T101500Z-shop-00000001"),
        plan_discard(found, database=kept, oid=7),
        plan_restore(found, snapshot="20260104T101500Z-shop-00000001"),
        plan_rollback(found, target=OLD, rollback_class=RollbackClass.DATABASE, kept=kept, kept_oid=7),
        plan_rollback(found, target=OLD, rollback_class=RollbackClass.IMAGE_ONLY),
    )


def made(plan: Plan) -> set[str]:
    """Return the names of all databases that a plan makes or gives."""
    given = {name for step in plan.steps for name in (step.database, step.aside, step.spare)}
    taken = {step.source for step in plan.steps if step.kind in (StepKind.SWAP, StepKind.ADVANCE)}
    dropped = {step.database for step in plan.steps if step.kind is StepKind.DISCARD}
    return ((given | taken) - dropped) - {"", plan.live} - {step.source for step in plan.steps if plan.prepared == 7}


def kinds(plan: Plan) -> list[str]:
    """Return the names of a plan's steps."""
    return [step.name for step in plan.steps]


@given(found=facts)
def test_every_plan_is_in_order(found: Facts) -> None:
    """Names of steps are unique, the fence comes before the decision, that before the opening, and closing comes last."""
    for plan in plans(found):
        names = kinds(plan)
        assert len(names) == len(set(names))
        assert "close" == names[-1]
        marks = [names.index(name) for name in (plan.fence, plan.decision, plan.opening) if name]
        assert sorted(marks) == marks
        assert len(marks) in (0, 3)
        assert all(step.kind in STEPS and step.limit_seconds > 0 and step.why for step in plan.steps)


@given(found=facts)
def test_nothing_live_changes_outside_fence_and_opening(found: Facts) -> None:
    """Names, images and the original are touched only behind the fence, and traffic only behind the opening."""
    behind = {StepKind.CLONE, StepKind.MOVE, StepKind.MIGRATE, StepKind.SWAP, StepKind.PLACE, StepKind.OPEN, StepKind.ADVANCE}
    for plan in plans(found):
        names = kinds(plan)
        fence = names.index(plan.fence) if plan.fence else len(names)
        opening = names.index(plan.opening) if plan.opening else len(names)
        assert [] == [step.name for step in plan.steps[:fence] if step.kind in behind]
        assert [] == [step.name for step in plan.steps[:opening] if step.kind is StepKind.OPEN]
        assert [] == [step.name for step in plan.steps[opening:] if step.kind in behind - {StepKind.OPEN}]


@given(found=facts)
def test_there_is_a_backup_before_the_fence(found: Facts) -> None:
    """Every plan that fences takes a snapshot of the live database before, and an update proves and rehearses it."""
    for plan in plans(found):
        before = kinds(plan)[: kinds(plan).index(plan.fence)] if plan.fence else ["backup"]
        assert "backup" in before
    before = kinds(plan_update(found, NEW))
    assert ["pull", "backup", "prove", "rehearse", "consent", "fence"] == before[:6]


@given(found=facts)
def test_no_name_is_too_long(found: Facts) -> None:
    """No database gets a name of more than 63 bytes, which PostgreSQL would cut without a word."""
    for plan in plans(found):
        assert [] == [name for name in made(plan) if len(name.encode()) > 63]


@given(found=facts, other=runs)
def test_no_name_is_used_twice(found: Facts, other: str) -> None:
    """The databases of a run have different names, none is the live one, and no other run ever has the same."""
    for plan, later in zip(plans(found), plans(replace(found, run=other)), strict=True):
        assert plan.live not in made(plan)
        if other != found.run:
            assert set() == made(plan) & made(later)
    in_place = plan_update(replace(found, may_create_databases=False), NEW)
    assert 3 == len(made(in_place))


@given(found=facts)
def test_plans_are_pure(found: Facts) -> None:
    """The same facts make the same plan, and a plan carries what going back needs."""
    assert plans(found) == plans(found)
    for plan in plans(found):
        assert (found.run, found.services, found.identity, found.release) == (
            plan.run,
            plan.services,
            plan.identity,
            plan.before,
        )


@pytest.mark.parametrize(
    ("found", "strategy"),
    [
        (FACTS, Strategy.SWAP),
        (replace(FACTS, free_bytes=99), Strategy.IN_PLACE),
        (replace(FACTS, logical_slots=1), Strategy.IN_PLACE),
        (replace(FACTS, may_create_databases=False), Strategy.IN_PLACE),
    ],
    ids=["room", "no room", "slots", "no right"],
)
def test_the_strategy_follows_from_the_facts(found: Facts, strategy: Strategy) -> None:
    """The original is swapped out where that can be; else it is migrated in place, and the reason is told."""
    chosen, reason = choose_strategy(found)
    assert (strategy, strategy is Strategy.SWAP) == (chosen, not reason)
    assert strategy is plan_update(found, NEW).strategy


def test_a_swap_never_writes_the_original() -> None:
    """No step of a swap but the fence and the swap of names acts on the live database."""
    plan = plan_update(FACTS, NEW)
    touching = [step.name for step in plan.steps if step.database == plan.live]
    assert ["backup", "fence", "swap", "open"] == touching
    assert (0, "shop_old_0badcafe") == (plan.prepared, plan.steps[plan.index("swap")].aside)


def test_in_place_proves_the_last_backup_before_it_writes() -> None:
    """In place, the last snapshot is taken of the fenced original and proved before the migration."""
    plan = plan_update(replace(FACTS, may_create_databases=False), NEW)
    assert ["fence", "move", "last-backup", "last-prove", "migrate", "start", "verify", "swap"] == kinds(plan)[5:13]
    last, migrate = plan.steps[plan.index("last-backup")], plan.steps[plan.index("migrate")]
    assert (FACTS.identity.oid, last.source, last.database) == (plan.prepared, migrate.source, migrate.database)
    assert last.source != plan.steps[plan.index("backup")].source


def test_limits_come_from_the_app() -> None:
    """The patience of users and of the migration is the configured one, every kind of step has a limit."""
    plan = plan_update(FACTS, NEW)
    assert (77.0, 600.0) == (plan.downtime_seconds, plan.steps[plan.index("migrate")].limit_seconds)
    assert set(StepKind) == set(LIMIT_SECONDS) == set(STEPS)


def test_a_step_that_is_not_in_the_plan_is_told() -> None:
    """Asking for an unknown step is an error, never a guess."""
    with pytest.raises(KeyError):
        plan_update(FACTS, NEW).index("nowhere")
