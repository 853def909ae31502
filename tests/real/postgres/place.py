"""What the tests of dump and load have in common."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.kit.postgres.database import Database, Role
from tests.kit.postgres.server import Server

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address, parse_address
from amankan.adapters.engines.postgres.archiver import PostgresArchiver
from amankan.adapters.engines.postgres.beforehand import prepare, settle
from amankan.adapters.engines.postgres.dump import RunningDump
from amankan.adapters.engines.postgres.script import make_database, run_script
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.adapters.engines.postgres.tools import Tools, ask
from amankan.model.dumped import Dumped
from amankan.model.fingerprint import Fingerprint
from amankan.model.pace import Pace
from amankan.model.secret import Secret


class Silent:
    """A progress that shows nothing."""

    def begin(self, title: str, *, total_bytes: int = 0, total_rows: int = 0) -> None:
        """Show nothing."""

    def advance(self, *, done_bytes: int = 0, done_rows: int = 0) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


def tools_of(server: Server) -> Tools:
    """Return the client programs that go with a server of the kit, and its own programs."""
    tools = ask(str(server.client_dir))
    assert tools is not None
    return replace(tools, server_folder=str(server.bin_dir))


def address_of(database: Database, role: Role | None = None) -> Address:
    """Return the address of a database, as the superuser where no role is named."""
    return parse_address(Secret(database.url if role is None else database.url_for(role)))


def archiver_of(database: Database, role: Role | None = None, *, lock_seconds: float = 5.0) -> PostgresArchiver:
    """Return the archiver of a database's server."""
    tools = tools_of(database.server)
    return PostgresArchiver(clock=SystemClock(), address=address_of(database, role), tools=tools, lock_seconds=lock_seconds)


def dump_to(path: Path, database: Database, *, pace: Pace = Pace.FAST) -> tuple[RunningDump, Dumped]:
    """Leave a dump in a file and return it with what it turned out to be."""
    with archiver_of(database).dump(database.name, pace=pace, progress=Silent()) as dump:
        with path.open("wb") as file:
            for piece in dump.pieces():
                file.write(piece)
        return dump, dump.finish()


def prove(
    servers: ThrowawayServers, run: str, *, archive: Path, dumped: tuple[RunningDump, Dumped], tools: Tools
) -> Fingerprint:
    """Return what a throwaway server holds that was filled from a dump and nothing else."""
    dump, facts = dumped
    assert facts.making is not None
    address = servers.make(run, tools, superuser="postgres")
    run_script(address, tools, script=dump.globals)
    target = address.at(facts.making.name)
    make_database(target, facts.making, major=int(facts.server_version.partition(".")[0]))
    target = prepare(target, tools, settings=dump.settings)
    archiver = PostgresArchiver(clock=SystemClock(), address=address, tools=tools, careless=True)
    with archive.open("rb") as file:
        found = archiver.load(iter(lambda: file.read(1 << 20), b""), into=target.database, progress=Silent())
    settle(target, tools, settings=dump.settings)
    return found
