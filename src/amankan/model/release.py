"""What runs, exactly."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The image of one service: its digest is the identity, the reference only tells where it came from."""

    service: str
    reference: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """
    One version of an app, bound to digests: images by service, rendered runtime file, environment and migration ledger.

    `label` is for people and never compared.
    """

    label: str
    images: tuple[Image, ...]
    ledger: tuple[str, ...] = ()
    file_digest: str = ""
    environment_digest: str = ""

    def runs_the_images_of(self, other: Release) -> bool:
        """Tell whether both releases run the same image digests in the same services."""
        mine, theirs = ({(image.service, image.digest) for image in release.images} for release in (self, other))
        return mine == theirs
