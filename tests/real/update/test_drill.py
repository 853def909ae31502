"""A drill of an app that is a process: its release is started on the restored copy."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from tests.kit.store import Store

pytestmark = pytest.mark.real


def test_the_release_runs_on_the_copy(store: Store) -> None:
    """The receipt names the release, what was looked at, and a recovery time that holds the start; users notice nothing."""
    store.aman.run("backup", status=0)
    said = store.aman.run("drill", "--json", status=0).document["drill"]
    boot = said["boot"]
    assert (True, True, None, []) == (boot["tried"], boot["works"], boot["why_not"], boot["not_looked_at"])
    assert boot["seconds"] > 0
    assert said["recovery_seconds"] == pytest.approx(said["load_seconds"] + boot["seconds"])
    assert {"running", "http"} <= {each["code"].partition(":")[0] for each in boot["looked_at"]}
    page = Path(said["page"])
    assert boot["release"] in page.read_text()
    assert json.loads(page.with_suffix(".json").read_text())["boot"] == boot
    assert store.page().startswith("v1")


def test_a_release_that_is_gone_is_told(store: Store) -> None:
    """Without the release of the snapshot the data are proved, and the receipt says that nothing was started."""
    store.aman.run("backup", status=0)
    store.aman.run("update", "--tag", "v2", "--yes", status=0)
    shutil.rmtree(store.folder / "app" / "releases" / "v1")
    first = store.aman.run("backups", "--json", status=0).document["snapshots"][0]["id"]
    said = store.aman.run("drill", first, "--json", status=0).document["drill"]
    assert (False, False, True) == (said["boot"]["tried"], said["boot"]["works"], said["equal"])
    assert "v1" in said["boot"]["why_not"]
    assert said["recovery_seconds"] == said["load_seconds"]


def test_a_release_that_does_not_work_fails_the_drill(store: Store) -> None:
    """What restores and cannot be used is no recovery: status 4, and the receipt says what spoke against it."""
    (store.folder / "app" / "releases" / "v1" / "app.py").write_text("raise SystemExit('no such module')\n")
    store.aman.run("backup", status=0)
    said = store.aman.run("drill", "--json", status=4)
    assert said.document["error"]["cannot"].startswith("cannot recover store with")
    receipts = sorted((store.folder / ".amankan" / "receipts").glob("*.json"))
    boot = json.loads(receipts[-1].read_text())["boot"]
    assert (True, False) == (boot["tried"], boot["works"])
    assert store.page().startswith("v1")


def test_a_death_while_the_release_runs_leaves_nothing(store: Store) -> None:
    """What a killed drill left running in the dark is ended by recovery, with its server."""
    store.aman.run("backup", status=0)
    before = store.leftovers()
    with store.aman.start("drill") as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("boot "):
                break
        for _ in range(200):
            if any(name.startswith("dark-") for name in store.leftovers() - before):
                break
            time.sleep(0.05)
        running.kill()
    store.aman.run("recover", status=0)
    assert before == store.leftovers()
    assert store.page().startswith("v1")
