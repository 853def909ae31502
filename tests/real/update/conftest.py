"""A store that runs in its first release, with others beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kit.aman import aman_for
from tests.kit.postgres.fixtures import Servers
from tests.kit.store import BROKEN, GOOD, LOSSY, Store, end_store

__all__ = ["store"]


@pytest.fixture
def store(postgres_servers: Servers, tmp_path: Path) -> Iterator[Store]:
    """The store runs, takes orders, and knows releases that are good and bad."""
    with postgres_servers.version(18).database() as database:
        made = Store(folder=tmp_path, database=database, aman=aman_for(tmp_path, database))
        made.begin()
        made.lay("v2", GOOD)
        made.lay("lossy", LOSSY)
        made.lay("broken", BROKEN)
        made.lay("sick", GOOD, signs=("sick",))
        made.lay("seeds", GOOD, signs=("seeds",))
        made.lay("crash", GOOD, crashes=0.5)
        made.aman.run("update", "--tag", "v1", "--yes", status=0)
        try:
            yield made
        finally:
            end_store(made)
