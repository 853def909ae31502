"""Where an app runs, whatever keeps it running: everything that an update needs of that place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.migrators.site import Said, Tool, Variables
from amankan.model.claim import Claim
from amankan.model.release import Release
from amankan.model.sentence import Sentence
from amankan.ports.registry import Registry
from amankan.ports.runtime import Runtime
from amankan.wiring.probes import Source
from amankan.wiring.wished import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Theatre:
    """
    What starts releases and runs their programs in the dark, on one server, and how they are looked at.

    `told` returns the variables by which a program in the dark finds a database of that server.
    """

    runtime: Runtime
    tool: Tool
    told: Callable[[str], Variables]
    source: Source


def nobody_asks(claim: Claim) -> None:
    """Whoever began a rehearsal has asked whether the claim stands; in its place nobody else writes."""


class Premises(Protocol):
    """The place of one app."""

    @property
    def registry(self) -> Registry:
        """Where its images are."""
        ...

    @property
    def theatre(self) -> Theatre:
        """What acts on production's own server."""
        ...

    def begun(self) -> bool:
        """Tell whether the app was ever started by its runtime; one that never was is meant to run when an update ends."""
        ...

    def elsewhere(self, server: Address) -> Theatre:
        """Return what acts on another server, and can reach no other one: a throwaway one, for a rehearsal."""
        ...

    def files(self, release: Release) -> Iterable[str]:
        """Return the paths of a release, as seen from its working folder."""
        ...

    def target(self, wish: Target) -> Release:
        """Return the release that is wished for, bound to digests."""
        ...

    def again(self, release: Release) -> Release:
        """Return the release of a plan as it would be found now: by its digests, with the configuration of now."""
        ...

    def remark(self, release: Release) -> Sentence | None:
        """Return what the user must still do by hand so that `release` stays the one that runs, or None."""
        ...

    def carry(self, words: tuple[str, ...]) -> Said:
        """Return what a command of the app left that was run in the release of now, on the live database."""
        ...

    def texts(self) -> Mapping[str, str]:
        """Return, by path, the files of the release of now that name scripts: `package.json`, `Makefile` and their like."""
        ...
