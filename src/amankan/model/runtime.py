"""What of the app runs, as the runtime shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """
    One service of the app.

    `restart` is the runtime's own word for its restart policy; `open` tells whether traffic from outside can reach it.
    """

    service: str
    digest: str
    running: bool
    open: bool
    restart: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DarkState:
    """A release that a run started in the dark: on a database of its own choice, unreachable from outside."""

    run: str
    database: str
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeState:
    """All services of the app, sorted by name, and what is started in the dark."""

    services: tuple[ServiceState, ...]
    dark: tuple[DarkState, ...] = ()
