"""Throwaway servers with an inspector, one of each version."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kit.postgres.fixtures import Servers
from tests.real.inspector.place import Bench
from tests.real.postgres.place import tools_of

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers

# The oldest, the newest, and what most run.
VERSIONS = (14, 15, 18)


@pytest.fixture(scope="session")
def benches() -> Iterator[ThrowawayServers]:
    """Throwaway servers below a folder that their account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="aman-inspected-"))
    folder.chmod(0o711)
    made = ThrowawayServers(folder=folder, clock=SystemClock())
    yield made
    for run in made.runs():
        made.remove(run)
    shutil.rmtree(folder)


@pytest.fixture(params=VERSIONS, ids=lambda version: f"postgres{version}")
def bench(request: pytest.FixtureRequest, postgres_servers: Servers, benches: ThrowawayServers) -> Bench:
    """The throwaway server of each version in turn; it stays until the tests end."""
    server = postgres_servers.version(request.param)
    run = f"bench-{server.version}"
    address = benches.address(run) if benches.exists(run) else benches.make(run, tools_of(server), superuser="boss")
    return Bench(address)
