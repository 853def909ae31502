"""What keeps the app running."""

from __future__ import annotations

from typing import Protocol

from amankan.model.claim import Claim
from amankan.model.release import Release
from amankan.model.runtime import RuntimeState, ServiceState


class Runtime(Protocol):
    """
    The app's own services and nothing else: the database's container, volumes and network are never touched.

    Failures are RuntimeFailed, or TimedOut where the effect may still come until `settle`.
    """

    def inventory(self) -> RuntimeState:
        """Return the services of the app and what runs in the dark; reads only."""
        ...

    def release(self) -> Release:
        """Return the release whose services are placed now; reads only."""
        ...

    def settle(self, claim: Claim) -> None:
        """No command that an earlier process of this run began is at work any more; may be repeated."""
        ...

    def halt(self, claim: Claim) -> None:
        """No service of the app runs, and none comes back by itself; may be repeated; a failure may leave some running."""
        ...

    def place(self, release: Release, *, services: tuple[ServiceState, ...], claim: Claim) -> None:
        """
        The app's services are those of `release`, with the restart policies of `services`, not running and without traffic.

        May be repeated; a failure may leave some services of the one and some of the other release, none running.
        """
        ...

    def open(self, services: tuple[ServiceState, ...], *, claim: Claim) -> None:
        """
        The placed services that `services` names as running do run, with their own configuration, and have their traffic.

        May be repeated.
        """
        ...

    def start(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """
        `release` runs in the dark on `database`: reachable for probes, without a published port, unable to reach the outside.

        Not to be repeated without a look. A failure may leave a part of it until `stop`.
        """
        ...

    def stop(self, claim: Claim) -> None:
        """Nothing that this run started in the dark is left; may be repeated."""
        ...
