"""The plan of a restore: beside, compared, then the swap of names."""

from __future__ import annotations

from amankan.model.facts import Facts
from amankan.model.plan import Operation, Plan, StepKind, Strategy
from amankan.operations.plans.names import database_name, snapshot_name
from amankan.operations.plans.patience import patience


def plan_restore(facts: Facts, *, snapshot: str) -> Plan:
    """
    Return the plan that gives `snapshot` the live name.

    What is live now is in the vault before, and kept aside after: rows that came later are not lost but laid by.
    """
    live, safety = facts.app.database, snapshot_name(facts.run)
    loaded, aside = (database_name(live, role, run=facts.run) for role in ("new", "old"))
    return Plan(
        run=facts.run,
        operation=Operation.RESTORE,
        strategy=Strategy.SWAP,
        app=facts.app.name,
        live=live,
        identity=facts.identity,
        before=facts.release,
        after=facts.release,
        services=facts.services,
        steps=(
            patience(StepKind.BACKUP, "what is there now is kept", database=live, source=safety),
            patience(StepKind.LOAD, "beside the live database, compared", database=loaded, source=snapshot),
            patience(StepKind.CONSENT, "you decide"),
            patience(StepKind.FENCE, "nobody writes while names change", database=live),
            patience(StepKind.ADVANCE, "no number is given out twice", database=loaded, source=live),
            patience(StepKind.SWAP, "names change in one transaction", database=live, source=loaded, aside=aside),
            patience(StepKind.PLACE, "the release that was running"),
            patience(StepKind.OPEN, "users are back", database=live),
            patience(StepKind.WATCH, "it works"),
            patience(StepKind.CLOSE, "nothing is left lying about"),
        ),
        fence="fence",
        decision="swap",
        opening="open",
        downtime_seconds=facts.app.limits.downtime_seconds,
    )
