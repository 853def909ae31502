"""The one server that a program in the airlock reaches, and how the program is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from amankan.model.secret import Secret
from amankan.proc.airlock.enclosed import Airlock

Variables = tuple[tuple[str, str | Secret], ...]


class Telling(Protocol):
    """How an app is told of its database."""

    def __call__(self, database: str, *, host: str, port: int) -> Variables:
        """Return the app's variables that lead to a database of the server at a host and port."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The airlock, and what is said inside of it; `telling` is asked for the place that the server has there."""

    airlock: Airlock
    telling: Telling

    def told(self, database: str) -> Variables:
        """Return what the program is told, so that it finds the database of the one server."""
        return self.telling(database, host=self.airlock.host_inside, port=self.airlock.port)
