"""No images at all."""

from __future__ import annotations

from amankan.errors import RegistryFailed
from amankan.model.claim import Claim
from amankan.model.release import Release
from amankan.model.sentence import say


class NoRegistry:
    """Keeps the promise of `ports.registry` for releases without images; others are not here and cannot be had."""

    def present(self, release: Release) -> bool:
        """Tell that no image is missing where there is none."""
        return not release.images

    def pull(self, release: Release, *, claim: Claim, limit_seconds: float) -> None:
        """Refuse a release that has images."""
        _refuse(release)

    def kept(self, release: Release, *, run: str) -> bool:
        """Tell that every image is kept where there is none."""
        return not release.images

    def keep(self, release: Release, *, claim: Claim) -> None:
        """Refuse a release that has images."""
        _refuse(release)

    def unkeep(self, claim: Claim) -> None:
        """Nothing was kept."""


def _refuse(release: Release) -> None:
    if release.images:
        raise RegistryFailed(say("cannot have the images of {release}: the app has no runtime", release=release.label))
