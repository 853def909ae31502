"""Backup and restore from outside: `aman` as a process, on real PostgreSQL servers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.kit.aman import aman_for
from tests.kit.postgres.database import Database
from tests.kit.shop import CONTENT

from amankan.adapters.clocks.system import SystemChance
from amankan.adapters.disks.local import LocalDisk
from amankan.journal.lock import Holder, hold

pytestmark = pytest.mark.real


def databases_of(shop: Database) -> list[tuple[str, int]]:
    """Return the names and numbers of all databases of a server."""
    with shop.server.connect() as connection:
        return connection.execute("select datname, oid from pg_database order by 1").fetchall()


@contextmanager
def sampled_words() -> Iterator[set[str]]:
    """Lend a set into which the words of every process of the machine are gathered while the context lasts."""
    seen: set[str] = set()
    ended = threading.Event()

    def sample() -> None:
        while not ended.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.update(path.read_bytes().decode(errors="replace").split("\0"))
                except OSError:
                    continue
            time.sleep(0.005)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield seen
    finally:
        ended.set()
        sampler.join()


def test_a_dropped_table_comes_back(shop: Database, tmp_path: Path) -> None:
    """Backup, listing, a table dropped, restore: everything is as it was, and nobody saw the password."""
    aman, password = aman_for(tmp_path, shop), shop.server.admin.password
    aman.seal()
    with sampled_words() as words:
        taken = aman.run("backup", "--label", "before the fall", "--json", status=0)
        before = shop.rows(CONTENT)
        shop.execute("drop table orders cascade; delete from customers where id > 10")
        restored = aman.run("restore", "--yes", "--json", status=0)
    assert before == shop.rows(CONTENT)
    snapshot = taken.document["backup"]["snapshot"]
    listed = aman.run("backups", "--json", status=0).document["snapshots"][0]
    assert (snapshot["id"], "before the fall", True, True, 7000) == (
        *(listed[key] for key in ("id", "label", "proved", "encrypted")),
        listed["rows"],
    )
    document = restored.document["restore"]
    assert (snapshot["id"], "done") == (document["snapshot"], document["outcome"])
    assert 0 < document["downtime_seconds"] < 30
    forms = {password, quote(password, safe="")}
    assert [] == [word for word in words if any(form in word for form in forms)]
    assert [] == [said for said in (taken, restored) if any(form in said.out + said.err for form in forms)]
    kept = [path for path in (tmp_path / ".amankan").rglob("*") if path.is_file()]
    assert [] == [path for path in kept if any(form.encode() in path.read_bytes() for form in forms)]
    assert {"0o600"} == {oct(path.stat().st_mode & 0o777) for path in kept}


def test_a_number_is_not_given_out_twice(any_shop: Database, tmp_path: Path) -> None:
    """After a restore identities go on behind every value that users may have seen."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    aman.run("backup", "--no-prove", status=0)
    seen = any_shop.value("insert into customers (name) select 'later' from generate_series(1, 100) returning id")
    identity = aman.run("backups", "--json", status=0).document["snapshots"][0]["id"]
    aman.run("restore", identity, "--yes", status=0)
    assert any_shop.value("insert into customers (name) values ('after') returning id") > seen


def test_what_was_there_is_kept(any_shop: Database, tmp_path: Path) -> None:
    """A restore leaves what was live in a database beside, and as a snapshot in the vault."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    aman.run("backup", status=0)
    any_shop.execute("insert into customers (name) values ('only here')")
    document = aman.run("restore", "--yes", "--json", status=0).document["restore"]
    kept = Database(server=any_shop.server, name=document["kept"])
    with any_shop.server.connect() as connection:
        connection.execute(f'alter database "{kept.name}" allow_connections true')
    assert 1 == kept.value("select count(*) from customers where name = 'only here'")
    snapshots = aman.run("backups", "--json", status=0).document["snapshots"]
    assert document["safety"] in {each["id"] for each in snapshots}


def test_another_empty_database_is_filled(any_shop: Database, tmp_path: Path) -> None:
    """`--into` fills an empty database and swaps nothing; one that has something in it is refused."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    aman.run("backup", status=0)
    with any_shop.server.database() as other:
        aman.environment["OTHER"] = other.url
        said = aman.run("restore", "--into", "env:OTHER", "--json", status=0)
        assert 7000 == said.document["restore"]["rows"]
        assert any_shop.rows(CONTENT) == other.rows(CONTENT)
        assert aman.run("restore", "--into", "env:OTHER", status=3).lines[0].startswith("cannot restore into")
    aman.environment["OTHER"] = any_shop.url
    assert "the app's own database" in aman.run("restore", "--into", "env:OTHER", status=3).lines[0]


def test_a_drill_leaves_a_receipt(any_shop: Database, tmp_path: Path) -> None:
    """A drill restores elsewhere, compares, and leaves a document and a page; production is not touched."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    aman.run("backup", "--no-prove", status=0)
    databases = databases_of(any_shop)
    identity = aman.run("backups", "--json", status=0).document["snapshots"][0]["id"]
    document = aman.run("drill", identity, "--json", status=0).document["drill"]
    assert document["recovery_seconds"] > 0
    assert document["age_seconds"] > 0
    page = Path(document["page"])
    assert "customers" in page.read_text()
    assert 7000 == json.loads(page.with_suffix(".json").read_text())["snapshot"]["rows"]
    assert databases == databases_of(any_shop)
    assert aman.run("backups", "--json", status=0).document["snapshots"][0]["proved"]


def test_a_pinned_snapshot_stays(any_shop: Database, tmp_path: Path) -> None:
    """What is pinned for a reason is listed so and kept by retention; unpinned, retention decides again."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    ids = [aman.run("backup", "--json", status=0).document["backup"]["snapshot"]["id"] for _ in range(2)]
    assert 2 == aman.run("backups", "--pin", ids[0]).status
    assert 10 == aman.run("backups", "--pin", "nothing", "--why", "the audit").status
    said = aman.run("backups", "--pin", ids[0], "--why", "the audit", "--json", status=0)
    assert [True, False] == [each["pinned"] for each in said.document["snapshots"]]
    kept = {each["id"]: each["reason"] for each in aman.run("prune", "--json", status=0).document["prune"]["kept"]}
    assert "pinned" in kept[ids[0]]
    said = aman.run("backups", "--unpin", ids[0], "--json", status=0)
    assert [False, False] == [each["pinned"] for each in said.document["snapshots"]]


def test_the_doctor_tells_what_was_taken_out_of_the_vault(any_shop: Database, tmp_path: Path) -> None:
    """A snapshot removed by hand is told with a remedy, from the middle of the chain, from its end, and when all are gone."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    ids = [aman.run("backup", "--no-prove", "--json", status=0).document["backup"]["snapshot"]["id"] for _ in range(3)]

    def chain() -> dict[str, str]:
        checks = aman.run("doctor", "--json").document["doctor"]["checks"]
        return next(each for each in checks if each["id"] == "chain")

    assert "ok" == chain()["level"]
    for gone in (ids[1], ids[2], ids[0]):
        shutil.rmtree(tmp_path / "backups" / gone)
        told = chain()
        assert "ok" != told["level"]
        assert "aman backup" in told["remedy"]
        assert "snapshot number" in told["sentence"]


def test_each_refusal_has_its_status(any_shop: Database, tmp_path: Path) -> None:
    """What cannot be done is refused with its own status and three lines, before any database is made."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    assert 10 == aman.run("restore", "--yes").status
    aman.run("backup", status=0)
    identity = aman.run("backups", "--json", status=0).document["snapshots"][0]["id"]
    aman.run("key", "new", "other.key", status=0)
    databases = databases_of(any_shop)
    refusals = [
        (3, ("restore",)),
        (2, ("restore", "--yess")),
        (2, ("restore", "--yes", "--yes")),
        (2, ("restore", "2026", "--yes", "--config", "nowhere.toml")),
        (10, ("restore", "nothing", "--yes")),
        (10, ("drill", "nothing")),
        (12, ("restore", "--yes", "--key", "other.key")),
        (12, ("drill", "--key", "other.key")),
        (12, ("drill", "--key", "missing.key")),
    ]
    for status, words in refusals:
        said = aman.run(*words, "--json", status=status)
        error = said.document["error"]
        assert status == error["status"], words
        assert [error["cannot"], f"production: {error['production']}", f"next: {error['next']}"] == said.lines, words
        assert error["cannot"].startswith("cannot "), words
    damage(tmp_path / "backups" / identity)
    for words in (("restore", "--yes"), ("drill",)):
        assert 13 == aman.run(*words, identity, "--json").document["error"]["status"]
    assert databases == databases_of(any_shop)


def damage(snapshot: Path) -> None:
    """The dump of a snapshot is cut in the middle."""
    [dump] = snapshot.glob("dump.*")
    with dump.open("r+b") as file:
        file.truncate(dump.stat().st_size // 2)


def test_two_at_a_time_are_refused(any_shop: Database, tmp_path: Path) -> None:
    """While somebody holds the lock the other is told who, since when and why, with status 11."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    disk = LocalDisk(tmp_path / ".amankan", SystemChance())
    note = Holder(who="eva@shop", pid=os.getpid(), since="2026-01-05T02:00:00Z", why="backup")
    held = hold(disk, note)
    try:
        said = aman.run("backup", status=11)
    finally:
        held.release()
        disk.close()
    assert [] == [word for word in ("eva@shop", "2026-01-05T02:00:00Z", "backup") if word not in said.lines[0]]


def test_a_server_that_is_away_is_told(any_shop: Database, tmp_path: Path) -> None:
    """Without an answer nothing is begun, and the way out says so."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    aman.environment["DATABASE_URL"] = "postgresql://eva:secret-canary@127.0.0.1:1/shop"
    said = aman.run("backup", "--json", status=6)
    assert "unchanged" == said.document["error"]["production"]
    assert "secret-canary" not in said.out + said.err


def wait_for(path: Path, pattern: str) -> None:
    """Wait until something below a folder has a name of that pattern."""
    limit = time.monotonic() + 60
    while not list(path.glob(pattern)):
        assert time.monotonic() < limit, pattern
        time.sleep(0.01)


@pytest.fixture
def large_shop(any_shop: Database) -> Database:
    """A shop whose backup takes seconds."""
    any_shop.execute(
        "create table photos as select n, md5(n::text) || repeat(md5(n::text), 40) as p from generate_series(1, 200000) n"
    )
    return any_shop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_backup_leaves_nothing(large_shop: Database, tmp_path: Path, number: signal.Signals) -> None:
    """The first signal ends the operation in order, in the middle of a step; nothing is left and nothing is unfinished."""
    aman = aman_for(tmp_path, large_shop)
    aman.seal()
    running = aman.start("backup", "--json")
    wait_for(tmp_path / "backups", "*/.*.part")
    running.send_signal(signal.SIGHUP)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert 130 == running.returncode, err
    assert "exactly as before" == json.loads(out)["error"]["production"]
    assert [] == aman.run("backups", "--json", status=0).document["snapshots"]
    assert None is aman.run("status", "--json", status=0).document["unfinished"]


def test_a_killed_backup_is_recovered(large_shop: Database, tmp_path: Path) -> None:
    """After kill -9 other operations are refused, `recover` undoes what was begun, and then all goes on; twice is as once."""
    aman = aman_for(tmp_path, large_shop)
    aman.seal()
    running = aman.start("backup")
    wait_for(tmp_path / "backups", "*/.*.part")
    running.kill()
    running.communicate()
    said = aman.run("backup", "--json", status=3)
    assert ("run-unfinished", "aman recover") == tuple(said.document["error"][key] for key in ("code", "next"))
    assert not aman.run("status", "--json", status=0).document["unfinished"]["running"]
    [recovered] = aman.run("recover", "--json", status=0).document["recovered"]
    assert "as-before" == recovered["outcome"]
    assert [] == aman.run("recover", "--json", status=0).document["recovered"]
    assert [] == [path for path in (tmp_path / "backups").rglob("*") if path.is_file()]
    aman.run("backup", "--no-prove", status=0)


def test_the_journal_is_shown(any_shop: Database, tmp_path: Path) -> None:
    """`history` lists what was done and `show` each step with what it left, also by a part of the id."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    identity = aman.run("backup", "--no-prove", "--json", status=0).document["backup"]["id"]
    [listed] = aman.run("history", "--json", status=0).document["operations"]
    assert (identity, "backup", "done") == tuple(listed[key] for key in ("id", "operation", "outcome"))
    shown = aman.run("show", identity.rpartition("-")[2], "--json", status=0).document["operation"]
    assert ["backup", "close"] == [step["name"] for step in shown["steps"]]
    assert {"done"} == {step["status"] for step in shown["steps"]}
    assert 7000 == shown["steps"][0]["evidence"]["rows"]
    assert "stored_bytes" in aman.run("show", "--step", "backup", "--follow", status=0).out
    assert 2 == aman.run("show", "--step", "nothing").status
    assert 10 == aman.run("show", "nothing").status


def test_a_newest_snapshot_that_was_taken_away_is_told(any_shop: Database, tmp_path: Path) -> None:
    """The journal knows the end of the chain: a vault that lost its newest snapshot is not believed to be whole."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    aman.run("backup", "--no-prove", "--quiet", status=0)
    newest = aman.run("backup", "--no-prove", "--json", status=0).document["backup"]["snapshot"]["id"]
    told = "snapshot number 2, seen before, is not in the vault"
    assert told not in aman.run("backups", status=0).err
    shutil.rmtree(tmp_path / "backups" / newest)
    for words in (("backups",), ("prune", "--dry-run"), ("backup", "--no-prove")):
        assert told in " ".join(aman.run(*words, status=0).err.split())
    assert told not in aman.run("backups", status=0).err


def test_the_key_opens_the_newest(any_shop: Database, tmp_path: Path) -> None:
    """`key check` proves the recovery key on the newest snapshot, and refuses another one; no database is needed."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    identity = aman.run("backup", "--no-prove", "--json", status=0).document["backup"]["snapshot"]["id"]
    del aman.environment["DATABASE_URL"]
    assert identity == aman.run("key", "check", "--json", status=0).document["key"]["opens"]
    aman.run("key", "new", "other.key", status=0)
    assert 12 == aman.run("key", "check", "--key", "other.key").status
    assert 12 == aman.run("key", "check", "--key", "missing.key").status
