"""Databases that updates keep aside: told of, kept, and dropped when their time is over."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from tests.kit.aman import kill_at
from tests.kit.store import GOOD, Store

pytestmark = pytest.mark.real

MORE = "create table labels (id int generated always as identity primary key, text text not null);\n"


def later(store: Store, days: int) -> subprocess.Popen[str]:
    """Return the removal of what is due, so many days from now, as a process that runs."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.real.update.later", str(store.folder), str(days)],
        env={**store.aman.environment, "PYTHONPATH": ":".join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def gone_after(store: Store, days: int) -> set[str]:
    """Return the databases that were dropped so many days from now."""
    with later(store, days) as running:
        out, err = running.communicate(timeout=120)
    assert 0 == running.returncode, err
    return {line.split()[0] for line in out.splitlines() if line.endswith("True")}


def kept_twice(store: Store) -> tuple[str, str]:
    """Two updates were opened; returns the names of what they kept."""
    store.lay("v3", GOOD, MORE)
    for tag in ("v2", "v3"):
        store.aman.run("update", "--tag", tag, "--yes", status=0)
    told = store.aman.run("status", "--json", status=0).document["kept"]
    assert [False, True] == [each["until"] is None for each in told][-2:]
    return told[-2]["name"], told[-1]["name"]


def test_old_databases_go_when_their_time_is_over(store: Store) -> None:
    """Nothing goes before its time; then all goes but the way back of the last update, what somebody opened, and strangers."""
    first, last = kept_twice(store)
    assert f"kept: {last}, the way back of the last update" in store.aman.run("show", status=0).out
    told = store.aman.run("prune", "--dry-run", "--json", status=0).document["prune"]["databases"]
    assert {first, last} <= {each["name"] for each in told}
    assert all(each["size_bytes"] > 1_000_000 and not each["due"] for each in told)
    assert set() == gone_after(store, 29)
    stranger = f"{store.database.name}_old_12345678"
    with store.database.server.connect() as connection:
        connection.execute(f'create database "{stranger}"')
        connection.execute(f'alter database "{first}" allow_connections true')
    assert first not in gone_after(store, 31)
    with store.database.server.connect() as connection:
        connection.execute(f'alter database "{first}" allow_connections false')
    assert first in gone_after(store, 31)
    assert {last, stranger} <= store.relatives()
    assert first not in store.relatives()
    assert set() == gone_after(store, 4000)
    assert "prune" in {each["operation"] for each in store.aman.run("history", "--json").document["operations"]}
    assert [last] == [each["name"] for each in store.aman.run("status", "--json", status=0).document["kept"]]
    store.aman.run("rollback", "--database", "--yes", status=0)
    assert store.page().startswith("v2 ")


def test_killed_while_one_is_dropped(store: Store) -> None:
    """Killed in the middle of it, nothing is left behind but the database, whole or gone, and the next one drops it."""
    first, last = kept_twice(store)
    with later(store, 31) as running:
        kill_at(running, "discard")
    store.aman.run("recover", status=0)
    time.sleep(0.5)
    gone_after(store, 31)
    assert first not in store.relatives()
    assert last in store.relatives()
    assert store.page().startswith("v3 ")
