"""Where steps act, with the tools of that place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from amankan.model.app import App
from amankan.model.plan import Plan
from amankan.model.rehearsal import Rehearsal
from amankan.ports.clock import Clock
from amankan.ports.disk import Disk
from amankan.ports.engine import Engine
from amankan.ports.guard import Guard
from amankan.ports.migrator import Migrator
from amankan.ports.probe import Probe
from amankan.ports.registry import Registry
from amankan.ports.runtime import Runtime
from amankan.ports.salvage import Salvage
from amankan.ports.sandbox import Sandbox
from amankan.ports.vault import Vault

Consent = Callable[[Plan, Rehearsal | None], str]
"""Returns who said yes to the plan; raises ConsentMissing where nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The objects that keep the ports' promises for one app in one place."""

    app: App
    engine: Engine
    runtime: Runtime
    registry: Registry
    migrator: Migrator
    guard: Guard
    vault: Vault
    sandbox: Sandbox
    salvage: Salvage
    probes: tuple[Probe, ...]
    disk: Disk
    clock: Clock
    consent: Consent
