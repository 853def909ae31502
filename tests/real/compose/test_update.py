"""`aman plan`, `update` and `rollback`, as a user sees them, on an ERP with real Prisma migrations in Docker Compose."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.kit.aman import Aman, kill_at
from tests.kit.docker.examples import EXAMPLES, Project, set_variable
from tests.real.compose.place import Shop
from tests.real.compose.test_cli import aman_beside
from tests.real.compose.test_life import starts_with

pytestmark = pytest.mark.real

LIMIT_SECONDS = 600.0
MORE = """
migrate = "{migrate}"
seed = "npm run db:seed"
[checks]
http = ["http://127.0.0.1:{port}/health"]
log_errors = ["ERROR", "Unhandled"]
watch_seconds = 1
[limits]
downtime_seconds = 300
"""


@dataclass(slots=True)
class Payments:
    """Pays without a pause (or writes numbered rows of another app), and remembers what was acknowledged."""

    project: Project
    path: str = "/payments"
    more: tuple[tuple[str, object], ...] = (("amount", 5),)
    acknowledged: set[int] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Pay until told to stop."""
        number = int(time.time())
        while not self._stop.is_set():
            number += 1
            with suppress(OSError):
                status, _ = self.project.ask("POST", self.path, {"number": number, **dict(self.more)})
                if status == 201:
                    self.acknowledged.add(number)
            time.sleep(0.05)

    def stop(self) -> None:
        """Pay no more."""
        self._stop.set()


@contextmanager
def paying(project: Project) -> Iterator[Payments]:
    """Lend somebody who pays while the context lasts."""
    with writing(Payments(project)) as payments:
        yield payments


@contextmanager
def writing(payments: Payments) -> Iterator[Payments]:
    """Lend a writer that writes while the context lasts."""
    thread = threading.Thread(target=payments.run, daemon=True)
    thread.start()
    try:
        yield payments
    finally:
        payments.stop()
        thread.join(60)


def kept(project: Project) -> set[int]:
    """Return the numbers of all payments in the database."""
    return {int(line) for line in project.sql("select number from payments").split()}


def ready(shop: Shop, *, migrate: str = "npx prisma migrate deploy") -> Aman:
    """Return `aman`, configured for updates."""
    aman = aman_beside(shop)
    path = aman.folder / "amankan.toml"
    database, rest = MORE.format(migrate=migrate, port=shop.project.port).split("[checks]")
    path.write_text(path.read_text().replace("[vault]", f"{database}[vault]") + f"[checks]{rest}")
    return aman


def document(aman: Aman, *words: str, status: int) -> dict[str, Any]:
    """Return what a command told to scripts."""
    answer: dict[str, Any] = aman.run(*words, "--json", status=status, limit_seconds=LIMIT_SECONDS).document
    return answer


def test_good_updates_and_the_way_back(ocn: Shop) -> None:
    """Two releases come one after the other, one with a data migration, and one goes back; no acknowledged payment is lost."""
    aman, project, untouched = ready(ocn), ocn.project, ocn.untouched()
    with paying(project) as payments:
        for tag in ("v2", "v3"):
            said = document(aman, "update", "--tag", tag, "--yes", status=0)["update"]
            assert ("updated", tag) == (said["outcome"], project.ask("GET", "/version")[1]["version"])
        said = document(aman, "rollback", "--yes", status=0)["rollback"]
        assert ("updated", "v2") == (said["outcome"], project.ask("GET", "/version")[1]["version"])
        time.sleep(1)
    assert len(payments.acknowledged) > 0
    assert payments.acknowledged <= kept(project)
    assert untouched == ocn.untouched()


def patiently(shop: Shop) -> None:
    """The app is not called unhealthy within any time that matters here."""
    path = shop.project.folder / "docker-compose.yml"
    path.write_text(path.read_text().replace("retries: 10\n", "retries: 1000\n"))
    shop.project.compose("up", "--detach", "--wait", "app")


def test_bad_releases_are_refused(ocn: Shop) -> None:
    """A broken, a lossy, a failing and a crashing release each stop before anybody waits, and say why."""
    # On a busy machine the engine may call a container unhealthy before it was asked for what it answers.
    patiently(ocn)
    aman, project, untouched = ready(ocn), ocn.project, ocn.untouched()
    project.sql((EXAMPLES / "ocn" / "fill.sql").read_text(), variables={"rows": "200"})
    with paying(project) as payments:
        document(aman, "update", "--tag", "v3", "--yes", status=0)
        broken = document(aman, "plan", "--tag", "v4", status=4)
        lossy = document(aman, "plan", "--tag", "v5", status=4)
        error = document(aman, "plan", "--tag", "v7", status=4)
        path = aman.folder / "amankan.toml"
        path.write_text(path.read_text().replace("watch_seconds = 1", "watch_seconds = 22"))
        crash = document(aman, "update", "--tag", "v8", "--yes", status=4)
    assert "cannot migrate" in broken["error"]["cannot"]
    assert "loss-found" == lossy["error"]["code"]
    assert "answers 500" in error["error"]["cannot"]
    assert ("refused", 0.0) == (crash["update"]["outcome"], crash["update"]["downtime_seconds"])
    assert "v3" == project.ask("GET", "/version")[1]["version"]
    assert payments.acknowledged <= kept(project)
    assert untouched == ocn.untouched()


def test_an_entrypoint_that_seeds_is_refused(ocn: Shop) -> None:
    """A release whose entrypoint migrates and then empties the shop is refused with the rows that would go."""
    aman, project = ready(ocn, migrate="entrypoint"), ocn.project
    set_variable(project.folder / ".env", "MIGRATE_ON_START", "1")
    project.compose("up", "--detach", "--wait")
    with paying(project):
        document(aman, "update", "--tag", "v3", "--yes", status=0)
        plan = document(aman, "plan", "--tag", "v6", status=4)["plan"]
    assert any(table["lost"] > 0 for table in plan["data"])
    assert "unsafe" == plan["verdict"]


def test_killed_between_fence_and_swap(ocn: Shop) -> None:
    """Killed behind the fence, `aman recover` brings the old release back, with every payment, and the next update succeeds."""
    aman, project = ready(ocn), ocn.project
    with paying(project) as payments:
        with aman.start("update", "--tag", "v2", "--yes") as running:
            kill_at(running, "start")
        aman.run("recover", status=0, limit_seconds=LIMIT_SECONDS)
        assert "v1" == project.ask("GET", "/version")[1]["version"]
        said = document(aman, "update", "--tag", "v2", "--yes", status=0)["update"]
    assert "updated" == said["outcome"]
    assert payments.acknowledged <= kept(project)


def test_an_old_release_that_does_not_come_back(ocn: Shop) -> None:
    """With a state in its container it starts once: the recovery stops and says so, and ends it once the app can start."""
    starts_with(ocn, "while test -e /tmp/deaf; do sleep 0.2; done; touch /tmp/deaf")
    aman, project = ready(ocn), ocn.project
    with paying(project) as payments:
        with aman.start("update", "--tag", "v2", "--yes") as running:
            kill_at(running, "clone")
        said = aman.run("recover", status=6, limit_seconds=LIMIT_SECONDS)
        assert "nothing listens at port 3000" in said.lines[0]
        assert said.lines[1].endswith("does not come back: the database is open, no row is lost")
        assert said.lines[2].startswith("next: ")
        assert said.lines[2].endswith("type: aman recover")
        assert payments.acknowledged <= kept(project)
        ocn.docker.ask("container", "exec", ocn.containers("app")[0]["Id"], "rm", "/tmp/deaf")
        assert "exactly as before" in aman.run("recover", status=0, limit_seconds=LIMIT_SECONDS).out
    assert "v1" == project.ask("GET", "/version")[1]["version"]
    assert payments.acknowledged <= kept(project)
