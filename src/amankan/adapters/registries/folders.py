"""Releases that are folders of this machine: there is nothing to pull, only to look at."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from amankan.errors import RegistryFailed, RuntimeFailed
from amankan.model.claim import Claim
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.ports.disk import Disk

NOTES: Final = "kept-releases"


class FolderRegistry:
    """
    Keeps the promise of `ports.registry` for folders that their owner puts there and takes away.

    What a run keeps is noted, so that whoever tidies up can see what is still needed; nobody can be kept from removing it.
    """

    def __init__(self, disk: Disk, *, digest_of: Callable[[str], str]) -> None:
        """Keep the notes on `disk`; `digest_of` returns the digest of a release's folder, or raises RuntimeFailed."""
        self._disk, self._digest_of = disk, digest_of

    def present(self, release: Release) -> bool:
        """Tell whether each folder is there and holds what it should."""
        try:
            return all(self._digest_of(image.reference) == image.digest for image in release.images)
        except RuntimeFailed:
            return False

    def pull(self, release: Release, *, claim: Claim, limit_seconds: float) -> None:
        """Refuse what is not there: folders come from elsewhere."""
        if not self.present(release):
            raise RegistryFailed(
                say("cannot find {release}: its folder is gone or holds something else", release=release.label)
            )

    def kept(self, release: Release, *, run: str) -> bool:
        """Tell whether the run noted every folder of the release."""
        noted = self._noted(run)
        return all(image.digest in noted for image in release.images) and self.present(release)

    def keep(self, release: Release, *, claim: Claim) -> None:
        """Note the folders."""
        if not self.present(release):
            raise RegistryFailed(
                say("cannot keep {release}: its folder is gone or holds something else", release=release.label)
            )
        noted = sorted({*self._noted(claim.run), *(image.digest for image in release.images)})
        self._disk.replace(_path(claim.run), json.dumps(noted).encode())

    def unkeep(self, claim: Claim) -> None:
        """Remove the note."""
        self._disk.remove(_path(claim.run))

    def _noted(self, run: str) -> frozenset[str]:
        content = self._disk.read(_path(run))
        try:
            return frozenset(json.loads(content)) if content is not None else frozenset()
        except (ValueError, TypeError) as fault:
            raise RegistryFailed(say("cannot read {path}", path=_path(run))) from fault


def _path(run: str) -> str:
    return f"{NOTES}/{run}.json"
