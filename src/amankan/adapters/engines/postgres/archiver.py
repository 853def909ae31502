"""Dump and load by PostgreSQL's own tools, every row hashed as it goes by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.beforehand import noted, zone_of
from amankan.adapters.engines.postgres.dump import Manner, RunningDump
from amankan.adapters.engines.postgres.hush import hush
from amankan.adapters.engines.postgres.load import Loading, load_archive
from amankan.adapters.engines.postgres.moved import steady_survey
from amankan.adapters.engines.postgres.pacing import pressure
from amankan.adapters.engines.postgres.schema import server_major
from amankan.adapters.engines.postgres.session import Session, connected
from amankan.adapters.engines.postgres.shelf import MACHINE, Shelf
from amankan.adapters.engines.postgres.survey import survey
from amankan.adapters.engines.postgres.tools import Tools
from amankan.model.fingerprint import Fingerprint
from amankan.model.pace import Pace
from amankan.ports.clock import Clock
from amankan.ports.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresArchiver:
    """
    The archiver of one server.

    `tools` are found on the `shelf` by the server's version where they are not given; `load_sessions` fill a database at once;
    `careless` tells that the server is thrown away with what is loaded, and ends when one of its processes crashes.
    """

    address: Address
    clock: Clock
    tools: Tools | None = None
    shelf: Shelf = MACHINE
    lock_seconds: float = 5.0
    load_sessions: int = 2
    careless: bool = False

    @contextmanager
    def dump(self, database: str, *, pace: Pace, progress: Progress) -> Iterator[RunningDump]:
        """Keep the promise of the port; tables are locked against changes of their form until the context is left."""
        address = self.address.at(database)
        zone = zone_of(address)
        with connected(address) as session:
            tools = self._tools(session)
            look = partial(survey, session, tools=tools, lock_seconds=self.lock_seconds)
            seen = steady_survey(session, look, address=address)
            seen = replace(seen, settings=noted(seen.settings, zone))
            manner = Manner(pressure=pressure(pace), lock_seconds=self.lock_seconds, progress=progress, clock=self.clock)
            yield RunningDump(address, seen, manner=manner)

    def load(self, pieces: Iterable[bytes], *, into: str, progress: Progress, total_bytes: int = 0) -> Fingerprint:
        """Keep the promise of the port: pg_restore fills the database, then every row is read back and hashed."""
        address = self.address.at(into)
        with connected(address) as session:
            tools = self._tools(session)
            address = hush(address, session)
        loading = Loading(
            address=address,
            tools=tools,
            sessions=self.load_sessions,
            progress=progress,
            total_bytes=total_bytes,
            careless=self.careless,
        )
        return load_archive(pieces, loading)

    def _tools(self, session: Session) -> Tools:
        return self.tools or self.shelf.client(server_major(session)[0])
