"""An app whose old release does not come back when the fence is taken down, and one that was as ill before."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kit.aman import Aman, aman_for
from tests.kit.postgres.fixtures import Servers
from tests.kit.store import APP, GOOD, Store, end_store, recording

pytestmark = pytest.mark.real

# What an app may keep beside its database: here, what it does at its next start.
STATE = """
import pathlib, sys, time
state = pathlib.Path("{state}")
if state.exists() and state.read_text() == "refuse":
    sys.exit("ERROR another one is at work")
while state.exists() and state.read_text() == "deaf":
    time.sleep(0.1)
"""


@pytest.fixture
def store(postgres_servers: Servers, tmp_path: Path) -> Iterator[Store]:
    """A store whose first release has a state in a file, with a second one that has none."""
    with postgres_servers.version(18).database() as database:
        made = Store(folder=tmp_path, database=database, aman=aman_for(tmp_path, database))
        made.begin()
        (tmp_path / "app" / "releases" / "v1" / "app.py").write_text(STATE.format(state=tmp_path / "state") + APP)
        made.lay("v2", GOOD)
        made.aman.run("update", "--tag", "v1", "--yes", status=0)
        try:
            yield made
        finally:
            end_store(made)


def interrupted_at(aman: Aman, step: str) -> tuple[int, list[str]]:
    """An update is told to end at this step; returns its status and the three lines."""
    with aman.start("update", "--tag", "v2", "--yes") as running:
        assert running.stderr is not None
        told = []
        for line in running.stderr:
            told.append(line.strip())
            if line.startswith(f"{step} "):
                running.send_signal(signal.SIGINT)
        return running.wait(), told[-3:]


def test_an_old_release_that_does_not_come_back(store: Store) -> None:
    """The update stops, says that the app is down and the database open, and `aman recover` ends it once the app can start."""
    with recording(store) as recorder:
        (store.folder / "state").write_text("refuse")
        status, lines = interrupted_at(store.aman, "clone")
        assert 6 == status
        assert "nothing listens at port" in lines[0]
        assert "production: as before, but that v1 does not come back: the database is open, no row is lost" == lines[1]
        assert lines[2].startswith("next: ")
        assert lines[2].endswith("type: aman recover")
        assert "" == store.page()
        assert store.database.value("select count(*) from orders") >= len(recorder.acknowledged)
        assert "next: aman recover" in store.aman.run("status", status=0).out
        (store.folder / "state").unlink()
        assert "exactly as before" in store.aman.run("recover", status=0).out
        time.sleep(0.5)
    assert store.page().startswith("v1 ")
    assert set(recorder.acknowledged) <= store.numbers()
    assert 0 == store.database.value("select count(*) from information_schema.columns where column_name = 'email'")
    assert set() == store.leftovers()
    assert "nothing was left behind" in store.aman.run("recover", status=0).out
