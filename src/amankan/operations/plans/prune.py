"""The plan that drops one database which a finished run kept aside."""

from __future__ import annotations

from dataclasses import replace

from amankan.model.facts import Facts
from amankan.model.plan import Operation, Plan, StepKind, Strategy
from amankan.operations.plans.patience import patience


def plan_discard(facts: Facts, *, database: str, oid: int) -> Plan:
    """
    Return the plan that drops the database `database`, number `oid`.

    One database, one run: so that a run ends either with all of its effect or with none.
    """
    return Plan(
        run=facts.run,
        operation=Operation.PRUNE,
        strategy=Strategy.NONE,
        app=facts.app.name,
        live=facts.app.database,
        identity=facts.identity,
        before=facts.release,
        after=facts.release,
        services=facts.services,
        steps=(
            replace(patience(StepKind.DISCARD, "kept for long enough", database=database), number=oid),
            patience(StepKind.CLOSE, "nothing is left lying about"),
        ),
    )
