"""Stages in the simulated world, and the facts that a survey would find there."""

from __future__ import annotations

from dataclasses import replace

from amankan.journal.lock import Holder
from amankan.model.app import App
from amankan.model.facts import Facts
from amankan.model.plan import Plan
from amankan.model.rehearsal import Rehearsal
from amankan.operations.begin import Operator
from amankan.operations.stage import Stage
from amankan.testing.chance import MASKED, Process
from amankan.testing.clock import SimClock
from amankan.testing.disk import SimDisk
from amankan.testing.engine import SimEngine
from amankan.testing.guard import SimGuard
from amankan.testing.runtime import SimRegistry, SimRuntime, release_of
from amankan.testing.salvage import SimSalvage
from amankan.testing.store import SimVault
from amankan.testing.trial import SimMigrator, SimProbe, SimSandbox
from amankan.testing.world import CANARY, LIVE, World

APP = App(name="shop", environment="production", database=LIVE)


def stage_of(world: World, process: Process) -> Stage:
    """Return the stage on which `process` acts."""
    return Stage(
        app=APP,
        engine=SimEngine(world, process),
        runtime=SimRuntime(world, process),
        registry=SimRegistry(world, process),
        migrator=SimMigrator(world, process),
        guard=SimGuard(world, process),
        vault=SimVault(world, process),
        sandbox=SimSandbox(world, process),
        salvage=SimSalvage(world, process),
        probes=(SimProbe(world),),
        disk=SimDisk(world, process),
        clock=SimClock(world),
        consent=_agree,
    )


def operator_of(process: Process) -> Operator:
    """Return who acts in `process`."""
    holder = Holder(who=f"operator {process.number}", pid=process.number, since="2026-01-05T10:15:00Z", why="a test")
    return Operator(holder=holder, redact=lambda text: text.replace(CANARY, MASKED))


def survey_of(world: World, run: str, *, in_place: bool = False) -> Facts:
    """Return what a survey finds."""
    live = world.server.databases[LIVE]
    stage = stage_of(world, Process(number=0))
    return Facts(
        app=APP,
        run=run,
        identity=stage.engine.identify(LIVE),
        release=replace(release_of(world, world.services["app"].digest), ledger=live.applied),
        services=tuple(world.services.values()),
        size_bytes=len(live.rows),
        free_bytes=1 << 30,
        may_create_databases=not in_place,
    )


def _agree(plan: Plan, rehearsal: Rehearsal | None) -> str:
    return "operator"
