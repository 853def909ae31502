"""Ports whose far side knows no claims, wrapped so that the server is asked just before each verb that changes something."""

from __future__ import annotations

from dataclasses import replace

from amankan.errors import Superseded
from amankan.model.boot import Boot
from amankan.model.claim import Claim
from amankan.model.fingerprint import Fingerprint
from amankan.model.rehearsal import Rehearsal
from amankan.model.release import Release
from amankan.model.runtime import RuntimeState, ServiceState
from amankan.model.sentence import say
from amankan.model.snapshot import Proof, Snapshot
from amankan.operations.stage import Stage
from amankan.ports.engine import Engine
from amankan.ports.guard import Guard
from amankan.ports.registry import Registry
from amankan.ports.runtime import Runtime
from amankan.ports.sandbox import Sandbox
from amankan.ports.vault import Vault


def guarded(stage: Stage, claim: Claim) -> Stage:
    """
    Return the stage as the holder of `claim` may use it.

    Between the question and the effect lie milliseconds in which another process could take the run up; engines, which
    compare in the moment of writing, have no such gap.
    """
    return replace(
        stage,
        runtime=GuardedRuntime(stage.runtime, stage.engine),
        registry=GuardedRegistry(stage.registry, stage.engine),
        vault=GuardedVault(stage.vault, stage.engine, claim=claim),
        sandbox=GuardedSandbox(stage.sandbox, stage.engine, claim=claim),
        guard=GuardedGuard(stage.guard, stage.engine),
    )


def refuse_superseded(engine: Engine, claim: Claim) -> None:
    """Raise Superseded where the server knows another claim than this one."""
    if engine.claimed() != claim:
        raise Superseded(say("cannot go on with {run}: another process took it up", run=claim.run))


class GuardedRuntime:
    """A runtime that only the holder of the standing claim commands."""

    def __init__(self, runtime: Runtime, engine: Engine) -> None:
        """Wrap `runtime`, asking `engine`."""
        self._runtime, self._engine = runtime, engine

    def inventory(self) -> RuntimeState:
        """Pass on."""
        return self._runtime.inventory()

    def release(self) -> Release:
        """Pass on."""
        return self._runtime.release()

    def settle(self, claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._runtime.settle(claim)

    def halt(self, claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._runtime.halt(claim)

    def place(self, release: Release, *, services: tuple[ServiceState, ...], claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._runtime.place(release, services=services, claim=claim)

    def open(self, services: tuple[ServiceState, ...], *, claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._runtime.open(services, claim=claim)

    def start(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._runtime.start(release, database=database, claim=claim, limit_seconds=limit_seconds)

    def stop(self, claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._runtime.stop(claim)


class GuardedRegistry:
    """A registry that only the holder of the standing claim changes."""

    def __init__(self, registry: Registry, engine: Engine) -> None:
        """Wrap `registry`, asking `engine`."""
        self._registry, self._engine = registry, engine

    def present(self, release: Release) -> bool:
        """Pass on."""
        return self._registry.present(release)

    def kept(self, release: Release, *, run: str) -> bool:
        """Pass on."""
        return self._registry.kept(release, run=run)

    def pull(self, release: Release, *, claim: Claim, limit_seconds: float) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._registry.pull(release, claim=claim, limit_seconds=limit_seconds)

    def keep(self, release: Release, *, claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._registry.keep(release, claim=claim)

    def unkeep(self, claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._registry.unkeep(claim)


class GuardedGuard:
    """A guard that only the holder of the standing claim is let through."""

    def __init__(self, guard: Guard, engine: Engine) -> None:
        """Wrap `guard`, asking `engine`."""
        self._guard, self._engine = guard, engine

    def permit(self, database: str, *, why: str, minutes: int, claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._guard.permit(database, why=why, minutes=minutes, claim=claim)

    def settle(self, database: str, *, claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._guard.settle(database, claim=claim)

    def follow(self, database: str, *, source: str, claim: Claim) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        self._guard.follow(database, source=source, claim=claim)

    def settled(self, database: str, *, run: str) -> bool:
        """Pass on."""
        return self._guard.settled(database, run=run)


class GuardedSandbox:
    """A sandbox that only the holder of the standing claim changes."""

    def __init__(self, sandbox: Sandbox, engine: Engine, *, claim: Claim) -> None:
        """Wrap `sandbox`, asking `engine` about `claim`."""
        self._sandbox, self._engine, self._claim = sandbox, engine, claim

    def exists(self, run: str) -> bool:
        """Pass on."""
        return self._sandbox.exists(run)

    def restore(self, run: str, *, snapshot: str) -> Fingerprint:
        """Ask, then pass on."""
        refuse_superseded(self._engine, self._claim)
        return self._sandbox.restore(run, snapshot=snapshot)

    def rehearse(self, run: str, *, before: Release, after: Release, limit_seconds: float) -> Rehearsal:
        """Ask, then pass on."""
        refuse_superseded(self._engine, self._claim)
        return self._sandbox.rehearse(run, before=before, after=after, limit_seconds=limit_seconds)

    def boot(self, run: str, *, release: Release, limit_seconds: float) -> Boot:
        """Ask, then pass on."""
        refuse_superseded(self._engine, self._claim)
        return self._sandbox.boot(run, release=release, limit_seconds=limit_seconds)

    def remove(self, run: str) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, self._claim)
        self._sandbox.remove(run)


class GuardedVault:
    """A vault that only the holder of the standing claim changes."""

    def __init__(self, vault: Vault, engine: Engine, *, claim: Claim) -> None:
        """Wrap `vault`, asking `engine` about `claim`."""
        self._vault, self._engine, self._claim = vault, engine, claim

    def find(self, snapshot: str) -> Snapshot | None:
        """Pass on."""
        return self._vault.find(snapshot)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Pass on."""
        return self._vault.snapshots()

    def take(self, snapshot: str, *, database: str, release: Release, label: str) -> Snapshot:
        """Ask, then pass on."""
        refuse_superseded(self._engine, self._claim)
        return self._vault.take(snapshot, database=database, release=release, label=label)

    def load(self, snapshot: str, *, into: str, claim: Claim) -> Fingerprint:
        """Ask, then pass on."""
        refuse_superseded(self._engine, claim)
        return self._vault.load(snapshot, into=into, claim=claim)

    def attest(self, snapshot: str, proof: Proof) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, self._claim)
        self._vault.attest(snapshot, proof)

    def collect(self, snapshot: str) -> None:
        """Ask, then pass on."""
        refuse_superseded(self._engine, self._claim)
        self._vault.collect(snapshot)
