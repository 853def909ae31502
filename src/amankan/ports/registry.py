"""Where images come from and are kept."""

from __future__ import annotations

from typing import Protocol

from amankan.model.claim import Claim
from amankan.model.release import Release


class Registry(Protocol):
    """The images of releases, always by digest. Failures are RegistryFailed, or TimedOut."""

    def present(self, release: Release) -> bool:
        """Tell whether every image of the release is on this machine; reads only."""
        ...

    def pull(self, release: Release, *, claim: Claim, limit_seconds: float) -> None:
        """Every image of the release is on this machine, with exactly its digest; may be repeated."""
        ...

    def kept(self, release: Release, *, run: str) -> bool:
        """Tell whether every image of the release is kept from being pruned for the sake of `run`; reads only."""
        ...

    def keep(self, release: Release, *, claim: Claim) -> None:
        """No prune can take the images of the release while the claim's run keeps them; may be repeated."""
        ...

    def unkeep(self, claim: Claim) -> None:
        """The claim's run keeps no image any more; what other runs keep stays; may be repeated."""
        ...
