"""An app that nothing of ours keeps running: only its database is looked after."""

from __future__ import annotations

from amankan.errors import RuntimeFailed
from amankan.model.claim import Claim
from amankan.model.release import Release
from amankan.model.runtime import RuntimeState, ServiceState
from amankan.model.sentence import say

# A release of which nothing is known.
UNKNOWN = Release(label="", images=())


class NoRuntime:
    """Keeps the promise of `ports.runtime` for an app without services: whatever is asked of none of them is done."""

    def inventory(self) -> RuntimeState:
        """Return that there are no services."""
        return RuntimeState(services=())

    def release(self) -> Release:
        """Return a release without images."""
        return UNKNOWN

    def settle(self, claim: Claim) -> None:
        """No command is at work."""

    def halt(self, claim: Claim) -> None:
        """No service runs."""

    def place(self, release: Release, *, services: tuple[ServiceState, ...], claim: Claim) -> None:
        """Refuse a release that has images."""
        _refuse(release)

    def open(self, services: tuple[ServiceState, ...], *, claim: Claim) -> None:
        """No service is to be opened."""

    def start(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """Refuse: nothing can be started."""
        raise RuntimeFailed(say("cannot start a release: the app has no runtime"), next=say("aman config"))

    def stop(self, claim: Claim) -> None:
        """Nothing was started."""


def _refuse(release: Release) -> None:
    if release.images:
        raise RuntimeFailed(say("cannot place a release: the app has no runtime"), next=say("aman config"))
