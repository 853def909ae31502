"""The plan that goes back to the release before an update that was opened."""

from __future__ import annotations

from dataclasses import replace

from amankan.model.facts import Facts
from amankan.model.plan import Operation, Plan, RollbackClass, StepKind, StepPlan, Strategy
from amankan.model.release import Release
from amankan.operations.plans.names import database_name, snapshot_name
from amankan.operations.plans.patience import patience


def plan_rollback(facts: Facts, *, target: Release, rollback_class: RollbackClass, kept: str = "", kept_oid: int = 0) -> Plan:
    """
    Return the plan that puts `target` back in its place.

    With the class `image-only` on the database as it is; else on the database `kept` by the update, number `kept_oid`, and
    what is live now is kept aside in its turn.
    """
    live = facts.app.database
    with_database = rollback_class is not RollbackClass.IMAGE_ONLY
    names = _exchange(facts, kept) if with_database else ()
    before = (_before(facts, kept),) if with_database else ()
    return Plan(
        run=facts.run,
        operation=Operation.ROLLBACK,
        strategy=Strategy.SWAP if with_database else Strategy.NONE,
        app=facts.app.name,
        live=live,
        identity=facts.identity,
        before=facts.release,
        after=target,
        services=facts.services,
        steps=(
            patience(StepKind.PULL, "the old images are still here"),
            patience(StepKind.BACKUP, "what is there now is kept", database=live, source=snapshot_name(facts.run)),
            *before,
            patience(StepKind.CONSENT, "you decide, knowing what would go"),
            patience(StepKind.FENCE, "nobody writes meanwhile", database=live),
            *names,
            patience(StepKind.PLACE, "the old release"),
            patience(StepKind.OPEN, "users are back", database=live),
            patience(StepKind.WATCH, "it works"),
            patience(StepKind.CLOSE, "nothing is left lying about"),
        ),
        fence="fence",
        decision="swap" if with_database else "place",
        opening="open",
        downtime_seconds=facts.app.limits.downtime_seconds,
        prepared=kept_oid,
    )


def plan_look_back(facts: Facts, *, kept: str) -> Plan:
    """Return the plan that only tells which rows would go, if one went back to the database `kept`."""
    return Plan(
        run=facts.run,
        operation=Operation.PLAN,
        strategy=Strategy.NONE,
        app=facts.app.name,
        live=facts.app.database,
        identity=facts.identity,
        before=facts.release,
        after=facts.release,
        services=facts.services,
        steps=(_before(facts, kept), patience(StepKind.CLOSE, "nothing is left lying about")),
    )


def _before(facts: Facts, kept: str) -> StepPlan:
    return patience(StepKind.SALVAGE, "what would go, in a file", database=facts.app.database, source=kept)


def _exchange(facts: Facts, kept: str) -> tuple[StepPlan, ...]:
    live, aside = facts.app.database, database_name(facts.app.database, "undone", run=facts.run)
    last = replace(patience(StepKind.SALVAGE, "what goes, complete", database=live, source=kept), name="last-salvage")
    return (
        last,
        patience(StepKind.ADVANCE, "no number is given out twice", database=kept, source=live),
        patience(StepKind.SWAP, "names change in one transaction", database=live, source=kept, aside=aside),
    )
