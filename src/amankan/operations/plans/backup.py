"""The plans of a backup and of a drill: neither changes anything that is live."""

from __future__ import annotations

from dataclasses import replace

from amankan.model.facts import Facts
from amankan.model.plan import Operation, Plan, StepKind, StepPlan, Strategy
from amankan.operations.plans.names import snapshot_name
from amankan.operations.plans.patience import patience


def plan_backup(facts: Facts, *, prove: bool = True, label: str = "") -> Plan:
    """Return the plan that leaves a snapshot of that label, proved unless `prove` is False."""
    snapshot = snapshot_name(facts.run)
    take = patience(StepKind.BACKUP, "a sealed copy", database=facts.app.database, source=snapshot)
    proof = patience(StepKind.PROVE, "a backup counts when it was restored", source=snapshot)
    return replace(_reading(facts, Operation.BACKUP, steps=(take, proof) if prove else (take,)), label=label)


def plan_drill(facts: Facts, *, snapshot: str) -> Plan:
    """Return the plan that restores `snapshot` into a throwaway place, starts its release there and looks at it."""
    steps = (
        patience(StepKind.PROVE, "the bad day, rehearsed", source=snapshot),
        patience(StepKind.BOOT, "data that no app can use is not recovered", source=snapshot),
    )
    return _reading(facts, Operation.DRILL, steps=steps)


def _reading(facts: Facts, operation: Operation, *, steps: tuple[StepPlan, ...]) -> Plan:
    return Plan(
        run=facts.run,
        operation=operation,
        strategy=Strategy.NONE,
        app=facts.app.name,
        live=facts.app.database,
        identity=facts.identity,
        before=facts.release,
        after=facts.release,
        services=facts.services,
        steps=(*steps, patience(StepKind.CLOSE, "nothing is left lying about")),
    )
