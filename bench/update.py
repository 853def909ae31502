"""
An update by hand and by Amankan, side by side on the same database, judged by clients that write a hundred times a second.

Usage: python -m bench.update [MILLION] from the root of the repository, as root, on an idle machine. MILLION = 1 is about
2.7 GB. By hand means: stop the app, `pg_dump | gzip`, migrate, start; and for the way back `gunzip | psql` into a new database.
The database is on a file system that copies on write where one can be had, for both ways alike.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.kit.aman import aman_for
from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server
from tests.kit.store import GOOD, Recorder, Store, end_store

from bench.room import GIBI, reflinked

VERSION = 18
SETTINGS = {"shared_buffers": "'1GB'", "max_wal_size": "'8GB'", "checkpoint_timeout": "'30min'"}
CLIENTS = 2
LIMIT_SECONDS = 3600


@dataclass(slots=True)
class Crowd:
    """Clients that write without a pause, about a hundred times a second together."""

    url: str
    recorders: list[Recorder] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Crowd:
        self.recorders = [Recorder(self.url, number * 10_000_000) for number in range(1, CLIENTS + 1)]
        self._threads = [threading.Thread(target=each.run, daemon=True) for each in self.recorders]
        for thread in self._threads:
            thread.start()
        time.sleep(2)
        return self

    def __exit__(self, *fault: object) -> None:
        time.sleep(2)
        for recorder in self.recorders:
            recorder.stop()
        for thread in self._threads:
            thread.join(30)

    @property
    def gap_seconds(self) -> float:
        """The longest time in which one of them was not served."""
        return max(recorder.longest_gap_seconds for recorder in self.recorders)

    def lost(self, store: Store) -> int:
        """Return how many acknowledged orders are not there."""
        return len({number for each in self.recorders for number in each.acknowledged} - store.numbers())


def main() -> None:
    """Measure and print the table."""
    million = sys.argv[1] if len(sys.argv) > 1 else "0.9"
    folder = Path(tempfile.mkdtemp(prefix="aman-bench-"))
    with (
        reflinked(round((float(million) * 9 + 4) * GIBI)) as (room, what),
        Server(find_build(VERSION), settings=SETTINGS | ({"file_copy_method": "'clone'"} if room else {})) as server,
        placed(server, room=room) as database,
    ):
        store = Store(folder=folder, database=database, aman=aman_for(folder, database))
        begin(store, million=million)
        size = database.value("select pg_size_pretty(pg_database_size(current_database()))")
        print(
            f"{size} on disk, PostgreSQL {VERSION}, {what}; {CLIENTS} clients, about fifty requests a second each", flush=True
        )
        try:
            print(table(store))
        finally:
            end_store(store)


def begin(store: Store, *, million: str) -> None:
    """The store runs in its first release, kept running by Amankan, and its database is filled."""
    store.begin()
    for name in ("v2", "v3"):
        store.lay(name, GOOD)
    store.aman.run("update", "--tag", "v1", "--yes", status=0, limit_seconds=LIMIT_SECONDS)
    script = str(Path(__file__).with_name("data.sql"))
    words = ("-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-v", f"million={million}", "-f", script)
    store.database.run("psql", *words)


@contextmanager
def placed(server: Server, *, room: Path | None) -> Iterator[Database]:
    """Lend an empty database, in the room where there is one."""
    with server.connect() as connection:
        if room is not None:
            connection.execute(f"create tablespace room location '{room}'".encode())
        connection.execute(f"create database store{' tablespace room' if room is not None else ''}".encode())
    made = Database(server=server, name="store")
    try:
        yield made
    finally:
        made.drop()


def table(store: Store) -> str:
    """Return what each way costs its users."""
    asked_seconds, undone = taken_back(store)
    undone_seconds, databases_seconds = sum(undone.values()), sum(undone.values()) - undone["fence"]
    by_hand, hand_lost = measured(store, lambda: update_by_hand(store))
    back_seconds = restored_by_hand(store)
    store.database.execute("drop table coupons; alter table customers drop column email; drop index orders_number")
    store.database.execute("delete from schema_migrations where version = '0002'")
    ours, ours_lost = measured(store, lambda: update_by_us(store))
    lines = [
        "| way | longest gap for a writer, s | acknowledged rows lost | back before the opening, s |",
        "|---|---|---|---|",
        f"| stop, pg_dump and gzip, migrate, start | {by_hand:.1f} | {hand_lost} | {back_seconds:.1f} |",
        f"| aman update | {ours:.2f} | {ours_lost} | {undone_seconds:.2f} |",
        f"| ratio | {by_hand / ours:.1f} | | {back_seconds / max(undone_seconds, 0.01):.0f} |",
    ]
    back = (
        f"back before the opening: {asked_seconds:.2f} s after it was asked for, since the step that is under way ends first; "
        f"of the way back itself {undone['fence']:.2f} s for the fence and the start of the app, {databases_seconds:.2f} s for "
        f"all else: {back_seconds / max(databases_seconds, 0.001):.0f} times faster than gunzip and psql"
    )
    told = (back, foretold(store), steps(store), way_back(store))
    return "\n".join((*lines, "", *told))


def foretold(store: Store) -> str:
    """Return what the newest plan foretold of the wait, and what it was."""
    newest = store.aman.run("history", "--json", status=0).document["operations"][0]["id"]
    plan = json.loads((store.folder / ".amankan" / "plans" / f"{newest}.json").read_text())["plan"]
    said = store.aman.run("show", newest, "--json", status=0).document["operation"]["steps"]
    begun, ended = (next(each for each in said if each["name"] == name) for name in ("fence", "open"))
    first, last = (datetime.fromisoformat(each["begun"]) for each in (begun, ended))
    waited = (last - first).total_seconds() + ended["seconds"]
    expected = plan["downtime_seconds"]
    wrong = abs(expected - waited)
    return f"wait foretold {expected:.1f} s, measured {waited:.1f} s: {wrong:.1f} s or {wrong / waited:.0%} off"


def way_back(store: Store) -> str:
    """Return what going back with the database takes after the opening, and how the time of the file is in it."""
    with Crowd(store.url) as crowd:
        store.aman.run("rollback", "--database", "--yes", status=0, limit_seconds=LIMIT_SECONDS)
    shown = store.aman.run("show", "--json", status=0).document["operation"]["steps"]
    took = {each["name"]: each["seconds"] for each in shown}
    return (
        f"rollback with the database: longest gap {crowd.gap_seconds:.1f} s, of it {took['last-salvage']:.1f} s for the file "
        f"of the rows that go; before it {took['salvage']:.1f} s for the same file, {took['backup']:.1f} s for a backup"
    )


def measured(store: Store, act: Callable[[], None]) -> tuple[float, int]:
    """Return the longest gap while something was done, and how many acknowledged orders it lost."""
    with Crowd(store.url) as crowd:
        act()
    return crowd.gap_seconds, crowd.lost(store)


def update_by_us(store: Store) -> None:
    """Update as a user would."""
    store.aman.run("update", "--tag", "v2", "--yes", status=0, limit_seconds=LIMIT_SECONDS)


def update_by_hand(store: Store) -> None:
    """Do what the guide says, with the same app: it is stopped while the dump is made."""
    environment = {**os.environ, **store.aman.environment}
    release = store.folder / "app" / "releases" / "v3"
    stopped = running(store)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)  # nobody serves; whoever waits for an answer waits
    words = f"pg_dump '{store.database.url}' | gzip > {store.folder}/guide.sql.gz"
    subprocess.run(["bash", "-c", f"set -euo pipefail; {words}"], check=True, env=environment)
    subprocess.run([sys.executable, "migrate.py"], check=True, env=environment, cwd=release)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)


def restored_by_hand(store: Store) -> float:
    """Return how long the dump takes to be in a new database."""
    server = store.database.server
    with server.database() as other:
        environment = {**os.environ, **store.aman.environment}
        began = time.monotonic()
        words = f"gunzip -c {store.folder}/guide.sql.gz | psql -X -q -o /dev/null '{other.url}'"
        subprocess.run(["bash", "-c", f"set -euo pipefail; {words}"], check=True, env=environment)
        return time.monotonic() - began


def taken_back(store: Store) -> tuple[float, dict[str, float]]:
    """
    Return how long it takes until users are served again, when an update is interrupted just before the decision.

    Also what taking back each step takes of it, in seconds.
    """
    with store.aman.start("update", "--tag", "v2", "--yes") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("verify "):
                break
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        while not store.page():
            time.sleep(0.02)
        seconds = time.monotonic() - began
        process.stderr.read()
    assert store.page().startswith("v1 ")
    shown = store.aman.run("show", "--json", status=0).document["operation"]["steps"]
    return seconds, {each["name"]: each["undone_seconds"] for each in shown if each["undone_seconds"] is not None}


def steps(store: Store) -> str:
    """Return what the newest update took behind the fence, by step."""
    shown = store.aman.run("show", "--json", status=0).document["operation"]["steps"]
    behind = ("fence", "clone", "migrate", "start", "verify", "swap", "place", "open")
    return "behind the fence: " + ", ".join(
        f"{each['name']} {each['seconds']:.1f} s" for each in shown if each["name"] in behind
    )


def running(store: Store) -> list[int]:
    """Return the processes of the app."""
    mark = f"AMANKAN_PROCESS={(store.folder / '.amankan' / 'process').resolve()}/app".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


if __name__ == "__main__":
    main()
