"""The facts that plans are made from, gathered without changing anything."""

from __future__ import annotations

from dataclasses import replace

from amankan.model.facts import Facts, ServerFacts
from amankan.operations.plans.names import run_name
from amankan.operations.stage import Stage
from amankan.ports.clock import Chance


def survey(stage: Stage, chance: Chance, *, server: ServerFacts) -> Facts:
    """Return what is there now, for a run that has a name of its own from here on."""
    inventory = stage.runtime.inventory()
    return Facts(
        app=stage.app,
        run=run_name(stage.app.name, stage.clock.now(), token=chance.token()),
        identity=stage.engine.identify(stage.app.database),
        release=replace(stage.runtime.release(), ledger=stage.migrator.ledger(stage.app.database).applied),
        services=inventory.services,
        size_bytes=server.size_bytes,
        free_bytes=server.free_bytes,
        may_create_databases=server.may_create_databases,
        logical_slots=len(server.logical_slots),
    )
