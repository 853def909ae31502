"""The simulated runtime and registry, as one process sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from amankan.errors import RegistryFailed, RuntimeFailed
from amankan.model.claim import Claim
from amankan.model.release import Image, Release
from amankan.model.runtime import DarkState, RuntimeState, ServiceState
from amankan.model.sentence import say
from amankan.testing.chance import Process
from amankan.testing.world import World


def release_of(world: World, digest: str) -> Release:
    """Return the release whose app image has this digest."""
    image = Image(service="app", reference=f"shop:{digest.rsplit(':', 1)[-1]}", digest=digest)
    return Release(label=digest.rsplit(":", 1)[-1], images=(image,), ledger=world.images[digest].migrations)


class SimRuntime:
    """Keeps the promise of `ports.runtime` over the world's services."""

    def __init__(self, world: World, process: Process) -> None:
        """Command the world's services as `process`."""
        self._world, self._process = world, process

    def inventory(self) -> RuntimeState:
        """Return services and dark releases."""
        dark = (DarkState(run=run, database=db, digests=(digest,)) for run, (db, digest) in sorted(self._world.dark.items()))
        return RuntimeState(services=tuple(self._world.services.values()), dark=tuple(dark))

    def release(self) -> Release:
        """Return the release that is placed."""
        return release_of(self._world, self._world.services["app"].digest)

    def settle(self, claim: Claim) -> None:
        """End commands of processes that died."""
        self._world.end_orphans("runtime.", claim.run)

    def halt(self, claim: Claim) -> None:
        """Stop the services for good."""
        self._change("runtime.halt", claim, act=lambda: self._each(running=False, open=False, restart="no"))

    def place(self, release: Release, *, services: tuple[ServiceState, ...], claim: Claim) -> None:
        """Put other images in the services' place."""
        digests = {image.service: image.digest for image in release.images}

        def act() -> None:
            for before in services:
                digest = digests[before.service]
                if digest not in self._world.local:
                    raise RuntimeFailed(say("cannot place {digest}: no such image here", digest=digest))
                placed = replace(before, digest=digest, running=False, open=False)
                self._world.services[before.service] = placed

        self._change("runtime.place", claim, act=act)

    def open(self, services: tuple[ServiceState, ...], *, claim: Claim) -> None:
        """Let the services run as they were."""

        def act() -> None:
            for before in services:
                now = self._world.services[before.service]
                self._world.services[before.service] = replace(before, digest=now.digest)

        self._change("runtime.open", claim, act=act)

    def start(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """Start in the dark."""
        digest = release.images[0].digest

        def act() -> None:
            if digest not in self._world.local or database not in self._world.server.databases:
                raise RuntimeFailed(say("cannot start {digest} on {database}", digest=digest, database=database))
            self._world.dark[claim.run] = (database, digest)

        self._change("runtime.start", claim, act=act, late=act)

    def stop(self, claim: Claim) -> None:
        """Stop what is in the dark."""
        self._change("runtime.stop", claim, act=lambda: self._world.dark.pop(claim.run, None))

    def _each(self, *, running: bool, open: bool, restart: str) -> None:
        for name, service in self._world.services.items():
            self._world.services[name] = replace(service, running=running, open=open, restart=restart)

    def _change(self, verb: str, claim: Claim, *, act: Callable[[], object], late: Callable[[], object] | None = None) -> None:
        self._world.effect(self._process, verb, act=act, claim=claim, late=late)
        if self._world.server.claim != claim and self._process.trouble is None:
            self._world.violations.append(f"I7: {verb} by a process whose claim does not stand")


class SimRegistry:
    """Keeps the promise of `ports.registry` over the world's images."""

    def __init__(self, world: World, process: Process) -> None:
        """Pull and keep as `process`."""
        self._world, self._process = world, process

    def present(self, release: Release) -> bool:
        """Tell whether all images are here."""
        return all(image.digest in self._world.local for image in release.images)

    def pull(self, release: Release, *, claim: Claim, limit_seconds: float) -> None:
        """Bring the images here."""

        def act() -> None:
            for image in release.images:
                if image.digest not in self._world.registry:
                    raise RegistryFailed(say("cannot pull {digest}", digest=image.digest))
                self._world.local.add(image.digest)

        self._world.effect(self._process, "registry.pull", act=act, claim=claim, late=act)

    def kept(self, release: Release, *, run: str) -> bool:
        """Tell whether the run keeps all images."""
        return all(run in self._world.kept.get(image.digest, set()) for image in release.images)

    def keep(self, release: Release, *, claim: Claim) -> None:
        """Keep the images."""

        def act() -> None:
            for image in release.images:
                self._world.kept.setdefault(image.digest, set()).add(claim.run)

        self._world.effect(self._process, "registry.keep", act=act, claim=claim)

    def unkeep(self, claim: Claim) -> None:
        """Keep nothing any more."""

        def act() -> None:
            for runs in self._world.kept.values():
                runs.discard(claim.run)

        self._world.effect(self._process, "registry.unkeep", act=act, claim=claim)
