"""The guard of an app's database, and how one comes to it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import psycopg

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.condition import marker_in
from amankan.adapters.engines.postgres.maintenance import session_name
from amankan.adapters.engines.postgres.session import connected
from amankan.adapters.engines.postgres.settings import guard_options
from amankan.adapters.guards.postgres.guard import PostgresGuard
from amankan.model.claim import Claim
from amankan.model.marker import Marker
from amankan.model.secret import Secret
from amankan.model.sentence import Sentence

APPLICATION = "amankan/guard"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPlace:
    """The guard, the database that it stands in, and the role that the app connects as; `secrets` were opened for it."""

    guard: PostgresGuard
    address: Address
    app_role: str
    secrets: tuple[Secret, ...]
    remarks: tuple[Sentence, ...]

    @property
    def database(self) -> str:
        """The name of the database."""
        return self.address.database

    def marker(self) -> Marker | None:
        """Return which app the database says that it belongs to; EngineFailed where it does not answer."""
        with connected(self.address) as session:
            return marker_in(session)


def guard_at(address: Address) -> PostgresGuard:
    """Return the guard of the databases of a server, reached as the role of an address."""

    def lend(database: str, claim: Claim | None) -> AbstractContextManager[psycopg.Connection[Any]]:
        name = session_name(claim) if claim is not None else APPLICATION
        return connected(address.at(database), options=guard_options(), application_name=name)

    return PostgresGuard(lend)
