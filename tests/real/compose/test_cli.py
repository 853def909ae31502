"""`aman` as a process, beside an app that Docker Compose keeps running."""

from __future__ import annotations

import os

import pytest
from tests.kit.aman import Aman
from tests.kit.postgres.build import find_build
from tests.real.compose.place import Shop

pytestmark = pytest.mark.real

CONFIGURATION = """
[app]
name = "ocn"
environment = "production"
[runtime.compose]
file = "docker-compose.yml"
services = ["app"]
[database]
url = {{ container_env = ["app", "DATABASE_URL"] }}
[vault]
location = "backups"
recipients = {recipients}
"""


def aman_beside(shop: Shop) -> Aman:
    """Return `aman` in the project's folder, with a recovery key."""
    project = shop.project
    path = f"{find_build(15).client_dir}:{project.environment()['PATH']}"
    surroundings = {"HOME": os.environ["HOME"], "LANG": "C.UTF-8"}
    aman = Aman(folder=project.folder, environment=project.environment() | surroundings | {"PATH": path})
    written = project.folder / "amankan.toml"
    written.write_text(CONFIGURATION.format(recipients="[]"))
    recipient = aman.run("key", "new", "--json", status=0).document["key"]["recipient"]
    written.write_text(CONFIGURATION.format(recipients=f'["{recipient}"]'))
    return aman


def test_a_restore_stops_the_app_and_brings_it_back(ocn: Shop) -> None:
    """The release is in the snapshot, the rows are back, the app runs as before, its database was not touched."""
    aman, project = aman_beside(ocn), ocn.project
    snapshot = aman.run("backup", "--json", status=0).document["backup"]["snapshot"]
    assert project.name in snapshot["release"] or "ocn" in snapshot["release"]
    before, database = project.sql("select count(*) from customers"), ocn.untouched()
    services = ocn.runtime.inventory().services
    project.sql("drop table customers cascade")
    said = aman.run("restore", "--yes", "--json", status=0).document["restore"]
    assert ["fence", "advance", "swap", "place", "open"] == [
        step["name"] for step in said["steps"] if step["name"] in {"fence", "advance", "swap", "place", "open"}
    ]
    assert before == project.sql("select count(*) from customers")
    assert services == ocn.runtime.inventory().services
    assert database == ocn.untouched()
    assert 200 == project.ask("GET", "/health")[0]


def test_a_drill_starts_the_release_on_the_copy(ocn: Shop) -> None:
    """The release runs in containers of the drill's own, which are gone afterwards; the app and its database are as before."""
    aman, project = aman_beside(ocn), ocn.project
    aman.run("backup", status=0)
    before, services = ocn.untouched(), ocn.runtime.inventory().services
    said = aman.run("drill", "--json", status=0).document["drill"]
    assert (True, True) == (said["boot"]["tried"], said["boot"]["works"])
    assert said["boot"]["seconds"] > 0
    assert said["boot"]["looked_at"]
    assert ["no page was asked for: [checks] http is empty"] == said["boot"]["not_looked_at"][:1]
    assert (before, services, ()) == (ocn.untouched(), ocn.runtime.inventory().services, ocn.runtime.inventory().dark)
    assert 200 == project.ask("GET", "/health")[0]
