"""
Fixtures over real PostgreSQL servers; a conftest names this module in `pytest_plugins`.

A version that cannot be had is an error, never a skip.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.postgres.build import VERSIONS, find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server

# The version of tests for which one is as good as another: the fastest to copy a database.
ANY_VERSION = 17


class Servers:
    """At most one shared server per major version, started when first asked for."""

    def __init__(self) -> None:
        self._running: dict[int, Server] = {}

    def version(self, version: int) -> Server:
        """Return the running server of a major version."""
        if version not in self._running:
            self._running[version] = Server(find_build(version))
        server = self._running[version]
        server.start()
        return server

    def close(self) -> None:
        """End them all."""
        while self._running:
            self._running.popitem()[1].close()


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A folder that every account may enter and read; pytest's own are closed to all but their owner."""
    with tempfile.TemporaryDirectory(prefix="amankan-open-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def postgres_servers() -> Iterator[Servers]:
    """Servers by major version, shared by the whole session: a test leaves behind no role and no database."""
    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda version: f"postgres{version}")
def postgres(request: pytest.FixtureRequest, postgres_servers: Servers) -> Server:
    """The shared server of each version in turn."""
    return postgres_servers.version(request.param)


@pytest.fixture(scope="session")
def any_postgres(postgres_servers: Servers) -> Server:
    """One shared server, where the version does not matter."""
    return postgres_servers.version(ANY_VERSION)


@pytest.fixture
def database(postgres: Server) -> Iterator[Database]:
    """A new empty database on each version in turn, dropped after the test."""
    with postgres.database() as made:
        yield made


@pytest.fixture
def any_database(any_postgres: Server) -> Iterator[Database]:
    """A new empty database, where the version does not matter."""
    with any_postgres.database() as made:
        yield made
