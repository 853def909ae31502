"""The plan of an update, from facts alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from amankan.model.facts import Facts
from amankan.model.plan import Operation, Plan, StepKind, StepPlan, Strategy
from amankan.model.release import Release
from amankan.operations.plans.names import database_name, snapshot_name
from amankan.operations.plans.patience import patience


def choose_strategy(facts: Facts) -> tuple[Strategy, str]:
    """
    Return how this app can be updated, and why not by a swap where it cannot.

    Who may not create databases is refused before: a rename needs that right too (decision 0003).
    """
    if not facts.may_create_databases:
        return Strategy.IN_PLACE, "the role may not create databases"
    if facts.logical_slots:
        return Strategy.IN_PLACE, "logical replication slots would not come along"
    if facts.free_bytes is not None and facts.free_bytes < facts.size_bytes:
        return Strategy.IN_PLACE, "there is no room for a second copy"
    return Strategy.SWAP, ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """A rehearsal that an earlier run made: the run's name, and the digest of what it kept."""

    run: str
    digest: str


def plan_rehearsal(facts: Facts, target: Release) -> Plan:
    """Return the plan of `aman plan`: all of an update that comes before the consent, and nothing behind it."""
    return Plan(
        run=facts.run,
        operation=Operation.PLAN,
        strategy=choose_strategy(facts)[0],
        app=facts.app.name,
        live=facts.app.database,
        identity=facts.identity,
        before=facts.release,
        after=target,
        services=facts.services,
        steps=(
            *_proved_copy(facts),
            patience(StepKind.REHEARSE, "what will happen, seen on a copy", source=snapshot_name(facts.run)),
            patience(StepKind.CLOSE, "nothing is left lying about"),
        ),
    )


def plan_update(facts: Facts, target: Release, *, rehearsed: Rehearsed | None = None) -> Plan:
    """
    Return the plan that brings the app to `target`, with the strategy that the facts allow.

    What was `rehearsed` before is recalled and not tried again; the backup is taken and proved anew all the same.
    """
    strategy, _ = choose_strategy(facts)
    behind = _swap(facts) if strategy is Strategy.SWAP else _in_place(facts)
    return Plan(
        run=facts.run,
        operation=Operation.UPDATE,
        strategy=strategy,
        app=facts.app.name,
        live=facts.app.database,
        identity=facts.identity,
        before=facts.release,
        after=target,
        services=facts.services,
        steps=(*_before_the_fence(facts, rehearsed), *behind, *_after_the_decision(facts)),
        fence="fence",
        decision="swap",
        opening="open",
        downtime_seconds=facts.app.limits.downtime_seconds,
        prepared=0 if strategy is Strategy.SWAP else facts.identity.oid,
    )


def _proved_copy(facts: Facts) -> tuple[StepPlan, ...]:
    snapshot = snapshot_name(facts.run)
    return (
        patience(StepKind.PULL, "the new images are here, by digest"),
        patience(
            StepKind.BACKUP, "a way back that needs nothing of this machine", database=facts.app.database, source=snapshot
        ),
        patience(StepKind.PROVE, "a backup counts when it was restored", source=snapshot),
    )


def _before_the_fence(facts: Facts, rehearsed: Rehearsed | None) -> tuple[StepPlan, ...]:
    seen = (
        patience(StepKind.REHEARSE, "what will happen, seen on a copy", source=snapshot_name(facts.run))
        if rehearsed is None
        else patience(StepKind.RECALL, "what was seen on a copy, by the plan", source=rehearsed.run, aside=rehearsed.digest)
    )
    return (
        *_proved_copy(facts),
        seen,
        patience(StepKind.CONSENT, "you decide"),
        patience(StepKind.FENCE, "nobody writes while the copy is made", database=facts.app.database),
    )


def _swap(facts: Facts) -> tuple[StepPlan, ...]:
    live = facts.app.database
    clone, aside = (database_name(live, role, run=facts.run) for role in ("new", "old"))
    return (
        patience(StepKind.CLONE, "the original stays untouched", database=clone, source=live),
        _migrate(facts, clone),
        patience(StepKind.START, "the new release, in the dark", database=clone),
        patience(StepKind.VERIFY, "it works and lost nothing", database=clone),
        patience(StepKind.SWAP, "names change in one transaction", database=live, source=clone, aside=aside),
    )


def _in_place(facts: Facts) -> tuple[StepPlan, ...]:
    live, last = facts.app.database, snapshot_name(facts.run, "b")
    moved, aside, spare = (database_name(live, role, run=facts.run) for role in ("work", "bad", "back"))
    return (
        patience(StepKind.MOVE, "only we know its name", database=moved, source=live),
        replace(patience(StepKind.BACKUP, "the way back, with every row", database=moved, source=last), name="last-backup"),
        replace(patience(StepKind.PROVE, "the way back works", source=last), name="last-prove"),
        _migrate(facts, moved, source=last, aside=aside, spare=spare),
        patience(StepKind.START, "the new release, in the dark", database=moved),
        patience(StepKind.VERIFY, "it works and lost nothing", database=moved),
        patience(StepKind.SWAP, "the name is given back", database=live, source=moved),
    )


def _migrate(facts: Facts, database: str, *, source: str = "", aside: str = "", spare: str = "") -> StepPlan:
    return StepPlan(
        name="migrate",
        kind=StepKind.MIGRATE,
        why="the new release's own migrations",
        limit_seconds=facts.app.limits.migrate_seconds,
        database=database,
        source=source,
        aside=aside,
        spare=spare,
    )


def _after_the_decision(facts: Facts) -> tuple[StepPlan, ...]:
    live = facts.app.database
    return (
        patience(StepKind.PLACE, "the new release, not yet reachable"),
        patience(StepKind.OPEN, "users are back", database=live),
        patience(StepKind.WATCH, "it goes on working"),
        patience(StepKind.CLOSE, "nothing is left lying about"),
    )
