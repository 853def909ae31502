"""A database survives dump and load on every version, whatever is in it and whoever writes meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server
from tests.kit.postgres.zoo import load_zoo
from tests.real.postgres.place import dump_to, prove, tools_of

from amankan.adapters.engines.postgres.schema import definitions
from amankan.adapters.engines.postgres.session import connected
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.model.fingerprint import compare
from amankan.model.pace import Pace

pytestmark = pytest.mark.real

# No client programs of 14 can be had here, and those of 15 take the rights of everybody on `public` for those of 15.
KNOWN = {14: {"public"}}


@contextmanager
def writing(database: Database) -> Iterator[None]:
    """Insert rows and take numbers from sequences until the end of the block."""
    stop = threading.Event()

    def write() -> None:
        with database.connect() as connection:
            while not stop.is_set():
                connection.execute("insert into busy (note) values ('written meanwhile')")

    database.execute("create table busy (number bigint generated always as identity primary key, note text)")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


@pytest.fixture
def zoo(postgres: Server) -> Iterator[Database]:
    """A database with every kind of object, on each version in turn."""
    with postgres.database() as database:
        load_zoo(database)
        yield database


@pytest.mark.parametrize("pace", Pace)
def test_zoo_survives(zoo: Database, servers: ThrowawayServers, tmp_path: Path, pace: Pace) -> None:
    """Every row and every definition of the zoo is back after dump and load, while somebody writes."""
    archive = tmp_path / "zoo.pgc"
    with writing(zoo):
        dumped = dump_to(archive, zoo, pace=pace)
    found = prove(servers, "zoo", archive=archive, dumped=dumped, tools=tools_of(zoo.server))
    restored = servers.address("zoo").at(zoo.name)
    with connected(restored) as session:
        changed = set(dumped[0].definitions) ^ set(definitions(session))
    differences = compare(dumped[1].fingerprint, found)
    servers.remove("zoo")
    assert KNOWN.get(zoo.server.version, set()) == {definition.object for definition in changed}
    assert [] == [difference for difference in differences if difference.what != "schema" or not changed]
