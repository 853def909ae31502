"""The throwaway place of a run, in which releases can be tried too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.sandbox import PostgresSandbox
from amankan.model.boot import Boot
from amankan.model.claim import Claim
from amankan.model.fingerprint import Fingerprint
from amankan.model.rehearsal import Rehearsal
from amankan.model.release import Release
from amankan.operations.boot import boot
from amankan.operations.rehearsal import Ground, rehearse


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsingSandbox:
    """
    Keeps the promise of `ports.sandbox`: the server is that of `place`, and `ground` says what acts on it.

    Whoever wraps it has asked about the claim, so what it starts is told only of which run it is.
    """

    place: PostgresSandbox
    ground: Callable[[Claim, Address], Ground]

    def exists(self, run: str) -> bool:
        """Tell whether anything of the run's server is left."""
        return self.place.exists(run)

    def restore(self, run: str, *, snapshot: str) -> Fingerprint:
        """Restore into a server of the run's own."""
        return self.place.restore(run, snapshot=snapshot)

    def rehearse(self, run: str, *, before: Release, after: Release, limit_seconds: float) -> Rehearsal:
        """Try the update on it."""
        ground = self.ground(Claim(run=run, epoch=0), self.place.servers.address(run))
        return rehearse(ground, before=before, after=after, limit_seconds=limit_seconds)

    def boot(self, run: str, *, release: Release, limit_seconds: float) -> Boot:
        """Start the release on it."""
        ground = self.ground(Claim(run=run, epoch=0), self.place.servers.address(run))
        return boot(ground, release=release, limit_seconds=limit_seconds)

    def remove(self, run: str) -> None:
        """Nothing of it is left; what ran on it loses its server first, and has no other."""
        self.place.remove(run)
