"""A throwaway server for each run, in which a snapshot is restored and looked at."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from amankan.adapters.engines.postgres.archiver import PostgresArchiver
from amankan.adapters.engines.postgres.beforehand import prepare, settle
from amankan.adapters.engines.postgres.script import make_database, run_script
from amankan.adapters.engines.postgres.shelf import MACHINE, Shelf
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.errors import RehearsalFailed
from amankan.model.boot import Boot
from amankan.model.fingerprint import Fingerprint
from amankan.model.rehearsal import Rehearsal
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.ports.progress import Progress
from amankan.ports.sealed import SealedReader

# What a server of our own is ruled by; roles of the snapshot come beside it.
SUPERUSER = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSandbox:
    """Keeps the promise of `ports.sandbox` with servers of this machine that have no network."""

    servers: ThrowawayServers
    reader: SealedReader
    progress: Progress
    shelf: Shelf = MACHINE

    def exists(self, run: str) -> bool:
        """Tell whether anything of the run's server is left."""
        return self.servers.exists(run)

    def restore(self, run: str, *, snapshot: str) -> Fingerprint:
        """Keep the promise of the port: roles, database and settings as they were, all of it read back from the store."""
        self.reader.examine(snapshot)
        major = int(self.reader.server_version(snapshot).partition(".")[0])
        tools = self.shelf.server(major)
        roles, settings = (b"".join(self.reader.read(snapshot, stem)) for stem in ("globals", "settings"))
        address = self.servers.make(run, tools, superuser=SUPERUSER)
        run_script(address, tools, script=roles)
        making = self.reader.making(snapshot)
        target = address.at(making.name)
        make_database(target, making, major=major)
        target = prepare(target, tools, settings=settings)
        archiver = PostgresArchiver(address=address, tools=tools, clock=self.servers.clock, careless=True)
        with closing(self.reader.read(snapshot)) as pieces:
            held = archiver.load(pieces, into=making.name, progress=self.progress)
            for _ in pieces:  # a tool may stop before the end of the stream, and only the end tells that it is whole
                pass
        settle(target, tools, settings=settings)
        return held

    def rehearse(self, run: str, *, before: Release, after: Release, limit_seconds: float) -> Rehearsal:
        """Refuse: without a runtime no release can be started."""
        raise RehearsalFailed(say("cannot rehearse: the app has no runtime in which a release could be started"))

    def boot(self, run: str, *, release: Release, limit_seconds: float) -> Boot:
        """Refuse: without a runtime no release can be started."""
        raise RehearsalFailed(say("cannot start a release: the app has no runtime"))

    def remove(self, run: str) -> None:
        """Nothing of the run's server is left; may be repeated."""
        self.servers.remove(run)
