"""A database on "another host": reachable by address alone, in no Compose project."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.kit.docker.command import CommandFailed, run
from tests.kit.docker.engine import Engine
from tests.kit.docker.images import POSTGRES
from tests.kit.docker.place import free_port

START_SECONDS = 30
PASSWORD = "only-for-tests"  # an address that is gone with the test


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A running server with one database, reachable at the same address from this machine and from every container."""

    engine: Engine
    container: str
    address: str
    port: int
    database: str

    @property
    def url(self) -> str:
        """What DATABASE_URL must be."""
        return f"postgresql://{self.database}:{PASSWORD}@{self.address}:{self.port}/{self.database}"

    def sql(self, text: str) -> str:
        """Return what psql says, unaligned and without headings."""
        words = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.url, "-c", text]
        return self.engine.docker("exec", self.container, *words)


@contextlib.contextmanager
def external_database(engine: Engine, *, database: str = "ocn") -> Iterator[External]:
    """
    A server listens on the address that this machine has on the engine's bridge; it is gone after the context.

    It shares the machine's network: an engine lets no container reach a port published by another network's container.
    """
    address = _address_of(engine.slot.bridge)
    port = free_port()
    settings = [f"POSTGRES_USER={database}", f"POSTGRES_DB={database}", f"POSTGRES_PASSWORD={PASSWORD}"]
    variables = [word for setting in settings for word in ("--env", setting)]
    options = ["-c", f"listen_addresses={address}", "-c", f"port={port}"]
    container = engine.docker("run", "--detach", "--network=host", *variables, POSTGRES, *options)
    server = External(engine=engine, container=container, address=address, port=port, database=database)
    try:
        _wait(server)
        yield server
    finally:
        engine.docker("rm", "--force", "--volumes", container)


def _address_of(bridge: str) -> str:
    (link,) = json.loads(run(["ip", "-json", "-4", "address", "show", "dev", bridge]))
    return str(link["addr_info"][0]["local"])


def _wait(server: External) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.sql("SELECT 1")
            return
        except CommandFailed:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)
