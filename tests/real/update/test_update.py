"""`aman plan`, `update` and `rollback` as a user sees them, while somebody goes on ordering."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Self

import psycopg
import pytest
from tests.kit.aman import kill_at
from tests.kit.store import Store, recording

pytestmark = pytest.mark.real


class Job(threading.Thread):
    """A job that connects each time it has something to write, past the app; it remembers when each row was acknowledged."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.over = url, threading.Event()
        self.written: dict[int, float] = {}
        self.refusals: set[str] = set()

    def run(self) -> None:
        """Write until told to stop."""
        number = 50_000_000
        while not self.over.wait(0.05):
            number += 1
            try:
                with psycopg.connect(self.url, autocommit=True) as session:
                    session.execute("insert into orders (number) values (%s)", (number,))
                self.written[number] = time.time()
            except psycopg.Error as refusal:
                self.refusals.add(str(refusal))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join(30)


def test_a_good_update(store: Store) -> None:
    """The new release runs on migrated data, every acknowledged order is there, and nothing is left but the original."""
    with recording(store) as recorder:
        said = store.aman.run("update", "--tag", "v2", "--yes", "--json", status=0).document["update"]
        time.sleep(0.5)
    assert ("updated", "v2") == (said["outcome"], said["release"])
    assert store.page().startswith("v2 ")
    assert len(recorder.acknowledged) > 0
    assert set(recorder.acknowledged) <= store.numbers()
    assert 50 == store.database.value("select count(*) from customers where email is not null")
    assert set() == store.leftovers()
    again = store.aman.run("update", "--tag", "v2", "--yes", status=0)
    assert "runs already" in again.out


@pytest.mark.parametrize("tag", ["lossy", "broken", "sick", "crash"])
def test_a_bad_release_is_refused(store: Store, tag: str) -> None:
    """What the rehearsal finds stops the update before anybody waits; production is not touched."""
    with recording(store) as recorder:
        said = store.aman.run("update", "--tag", tag, "--yes", "--json", status=4)
    assert "refused" == said.document["update"]["outcome"]
    assert "unchanged" == said.document["error"]["production"]
    assert 0 == said.document["update"]["downtime_seconds"]
    assert set(recorder.acknowledged) <= store.numbers()
    assert store.page().startswith("v1 ")
    assert set() == store.leftovers()


def test_a_job_that_comes_behind_the_fence_cannot_write(store: Store) -> None:
    """A superuser's job that connects anew each time writes nothing while the fence stands, and loses nothing it wrote."""
    with recording(store) as recorder, Job(store.database.url) as job:
        said = store.aman.run("update", "--tag", "v2", "--yes", "--json", status=0).document["update"]
        time.sleep(0.5)
    begun, ended = (next(each for each in said["steps"] if each["name"] == name) for name in ("clone", "open"))
    first, last = (datetime.fromisoformat(each["begun"]).timestamp() for each in (begun, ended))
    assert [] == [at for at in job.written.values() if first < at < last]
    assert any("not currently accepting connections" in refusal for refusal in job.refusals)
    assert set(job.written) | set(recorder.acknowledged) <= store.numbers()
    assert len([at for at in job.written.values() if at > last]) > 0


def test_a_plan_tells_the_loss(store: Store) -> None:
    """A plan names the rows and values that would go, ends with status 4, and is kept; production is not changed."""
    said = store.aman.run("plan", "--tag", "lossy", "--json", status=4).document
    plan = said["plan"]
    customers = next(table for table in plan["data"] if table["table"] == "public.customers")
    assert ("unsafe", 10) == (plan["verdict"], customers["lost"])
    assert [{"column": "phone", "changed_rows": 200}] == customers["emptied_columns"]
    assert "loss-found" == said["error"]["code"]
    kept = json.loads((store.folder / ".amankan" / "plans" / f"{plan['id']}.json").read_text())
    assert plan == kept["plan"]
    refused = store.aman.run("update", "--plan", plan["id"], "--yes", status=3)
    assert refused.lines[0].startswith("cannot use the plan")


def test_a_seed_at_the_start_is_seen(store: Store) -> None:
    """A release that empties a table when it starts is refused by the rows that it would take."""
    with recording(store):
        time.sleep(1)
    said = store.aman.run("plan", "--tag", "seeds", "--json", status=4).document["plan"]
    assert [True] == [table["lost"] > 0 for table in said["data"] if table["table"] == "public.orders"]


def test_a_plan_is_carried_out(store: Store) -> None:
    """A plan that is not stale is carried out without another rehearsal; one whose release has changed is refused."""
    plan = store.aman.run("plan", "--tag", "v2", "--json", status=0).document["plan"]
    assert "safe" == plan["verdict"]
    said = store.aman.run("update", "--plan", plan["id"], "--yes", "--json", status=0).document["update"]
    assert ("updated", "recall") == (said["outcome"], said["steps"][3]["name"])
    stale = store.aman.run("update", "--plan", plan["id"], "--yes", "--json", status=3).document
    assert "stale-plan" == stale["error"]["code"]


def test_nobody_is_asked_without_a_terminal(store: Store) -> None:
    """Without `--yes` and without a terminal nothing is begun."""
    said = store.aman.run("update", "--tag", "v2", "--json", status=3).document
    assert "consent-missing" == said["error"]["code"]


def test_the_way_back(store: Store) -> None:
    """Back to the old release at once where it runs on the new data; with its database where that is asked for."""
    store.aman.run("update", "--tag", "v2", "--yes", status=0)
    with recording(store):
        time.sleep(0.5)
    orders = store.numbers()
    said = store.aman.run("rollback", "--yes", "--json", status=0).document["rollback"]
    assert ("updated", "v1") == (said["outcome"], said["release"])
    assert store.page().startswith("v1 ")
    assert orders == store.numbers()


def test_the_way_back_with_the_database(store: Store) -> None:
    """What was written since the update is named and kept, and the database is as it was when the fence stood."""
    before = store.numbers()
    store.aman.run("update", "--tag", "v2", "--yes", status=0)
    with recording(store) as recorder:
        time.sleep(0.5)
        foretold = store.aman.run("rollback", "--database", "--plan", "--json", status=0).document["plan"]
        assert store.page().startswith("v2 ")
        said = store.aman.run("rollback", "--database", "--yes", "--json", status=0)
        went = set(recorder.acknowledged) - store.numbers()
    assert "public.orders" in said.err
    assert before <= store.numbers()
    assert len(went) > 0
    assert "public.orders" in {table["table"] for table in foretold["gone"] if table["written"] > 0}
    assert "coupons" not in Path(foretold["file"]).read_text()
    [file] = (store.folder / ".amankan" / "journal" / said.document["rollback"]["id"]).glob("last-salvage.sql")
    store.load(file)
    assert set(recorder.acknowledged) <= store.numbers()
    assert 0 == store.database.value("select count(*) from information_schema.columns where column_name = 'email'")


def test_a_kept_database_that_is_open_is_refused(store: Store) -> None:
    """Who opened the database of before may have written into it: going back to it waits until somebody has looked."""
    run = store.aman.run("update", "--tag", "v2", "--yes", "--json", status=0).document["update"]["id"]
    [kept] = [name for name in store.relatives() if name.endswith(run.rpartition("-")[2])]
    server = store.database.server
    with server.connect() as session:
        session.execute(f'alter database "{kept}" allow_connections true'.encode())
    store.aman.run("rollback", "--database", "--plan", status=3)
    said = store.aman.run("rollback", "--database", "--yes", status=3)
    assert f"{kept}, the database as it was, is open to everybody" in said.lines[0]
    assert "production: unchanged" == said.lines[1]
    with server.connect() as session:
        session.execute(said.lines[2].partition("psql: ")[2].encode())
    store.aman.run("rollback", "--database", "--yes", status=0)
    assert store.page().startswith("v1 ")


def test_a_kept_database_that_a_death_left_open_is_shut(store: Store) -> None:
    """The next command is `aman recover`, not a statement to type; it shuts the database, and the way back is there again."""
    run = store.aman.run("update", "--tag", "v2", "--yes", "--json", status=0).document["update"]["id"]
    [kept] = [name for name in store.relatives() if name.endswith(run.rpartition("-")[2])]
    with store.aman.start("rollback", "--database", "--yes") as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("salvage "):
                running.kill()
        running.wait()
    server = store.database.server
    with server.connect() as session:
        session.execute(f'alter database "{kept}" allow_connections true'.encode())
    said = store.aman.run("rollback", "--database", "--yes")
    assert 0 != said.status
    assert "next: aman recover" == said.lines[2]
    store.aman.run("recover", status=0)
    with server.connect() as session:
        assert (False,) == session.execute("select datallowconn from pg_database where datname = %s", [kept]).fetchone()
    store.aman.run("rollback", "--database", "--yes", status=0)
    assert store.page().startswith("v1 ")


def test_a_role_that_cannot_rename_is_refused(store: Store) -> None:
    """Whoever may not create databases may not rename one either: nobody waits to find that out behind a fence."""
    role = store.database.server.role()
    store.database.execute(f'grant pg_read_all_data, pg_signal_backend to "{role.name}"')
    store.database.execute(f'alter database "{store.database.name}" owner to "{role.name}"')
    told = store.folder / "amankan.toml"
    told.write_text(told.read_text().replace("[database]\n", '[database]\nadmin_url = { env = "ADMIN_URL" }\n'))
    store.aman.environment["ADMIN_URL"] = store.database.url_for(role)
    said = store.aman.run("update", "--tag", "v2", "--yes", status=3)
    assert f"cannot update: role {role.name} may not create databases" in said.lines[0]
    assert ("production: unchanged", f'next: ALTER ROLE "{role.name}" CREATEDB') == tuple(said.lines[1:])
    store.database.execute(f'alter role "{role.name}" createdb')
    store.aman.run("update", "--tag", "v2", "--yes", status=0)


def test_what_is_not_there_is_named(store: Store) -> None:
    """A release that does not exist is refused with those that do, and a way back without an update with the history."""
    said = store.aman.run("update", "--tag", "nope", "--yes", status=2)
    assert "cannot find the release nope: there are" in said.lines[0]
    assert "next: aman plan --tag NAME" == said.lines[2]
    assert "v2" in said.lines[0]
    said = store.aman.run("rollback", "nope", "--yes", status=2)
    assert "cannot go back to before nope: it is no update that was opened" == said.lines[0]
    assert "next: aman history" == said.lines[2]


def test_seeds_are_refused_in_production(store: Store) -> None:
    """Neither the configured seed nor a command that is known to destroy is run in production, whatever is given."""
    assert "cannot seed" in store.aman.run("seed", "--yes", status=3).err
    assert "cannot" in store.aman.run("run", "--", "npx", "prisma", "migrate", "reset", "--force", status=3).lines[0]
    said = store.aman.run("run", "--", "python3", "-c", "print(6 * 7)", status=0)
    assert "42" == said.out.strip()


@pytest.mark.parametrize("step", ["rehearse", "clone", "migrate", "start", "verify", "swap", "open", "watch"])
def test_killed_in_the_middle(store: Store, step: str) -> None:
    """Killed at any step, `aman recover` leads to the new release or to exactly the old one, with every order."""
    with recording(store) as recorder:
        with store.aman.start("update", "--tag", "v2", "--yes") as running:
            kill_at(running, step)
        between = store.aman.run("status", status=0)
        assert "next: aman recover" in between.out
        assert "cannot" not in between.err
        store.aman.run("recover", status=0)
        time.sleep(0.3)
    assert set(recorder.acknowledged) <= store.numbers()
    ended_new = store.page().startswith("v2 ")
    has_column = store.database.value("select count(*) from information_schema.columns where column_name = 'email'") == 1
    assert ended_new == has_column
    assert store.page()[:3] in {"v1 ", "v2 "}
    assert set() == store.leftovers()
    assert "nothing was left behind" in store.aman.run("recover", status=0).out
