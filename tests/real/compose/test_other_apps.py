"""Updates and ways back of other apps: Django, Alembic, and a database that is on another host."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from tests.kit.aman import Aman
from tests.kit.docker.examples import Project, set_variable
from tests.kit.docker.external import External
from tests.kit.docker.fixtures import MakeProject
from tests.kit.postgres.build import find_build
from tests.real.compose.place import docker_of
from tests.real.compose.test_update import Payments, document, writing

pytestmark = pytest.mark.real

CONFIGURATION = """
[app]
name = "{name}"
environment = "production"
[runtime.compose]
file = "{file}"
services = ["{service}"]
[database]
url = {url}
migrate = "{migrate}"
{variables}
[vault]
location = "backups"
recipients = {recipients}
[checks]
http = ["http://127.0.0.1:{port}/health"]
log_errors = ["ERROR", "Traceback"]
watch_seconds = 2
[limits]
downtime_seconds = 300
"""

DJANGO = """
[database.env]
DB_HOST = "{host}"
DB_PORT = "{port}"
DB_NAME = "{name}"
DB_USER = "{user}"
DB_PASSWORD = "{password}"
"""
NOTE = (("text", "one word"),)
TAGGED = "select count(*) from information_schema.columns where column_name = 'tag'"


def aman_for(project: Project, *, url: str, migrate: str, variables: str = "", file: str = "docker-compose.yml") -> Aman:
    """Return `aman` beside a project, configured for updates."""
    path = f"{find_build(15).client_dir}:{project.environment()['PATH']}"
    surroundings = {"HOME": os.environ["HOME"], "LANG": "C.UTF-8"}
    aman = Aman(folder=project.folder, environment=project.environment() | surroundings | {"PATH": path})

    def configure(recipients: str) -> None:
        text = CONFIGURATION.format(
            name=project.prefix.lower(),
            file=file,
            service=project.service,
            url=url,
            migrate=migrate,
            variables=variables,
            recipients=recipients,
            port=project.port,
        )
        (project.folder / "amankan.toml").write_text(text)

    configure("[]")
    configure(f'["{aman.run("key", "new", "--json", status=0).document["key"]["recipient"]}"]')
    return aman


def there_and_back(aman: Aman, writer: Payments, *, held: Callable[[], set[int]]) -> None:
    """
    The second release comes and goes with its database, while somebody writes.

    Every row that was acknowledged before the way back began is in the database or in the file of the rows that went, and
    every one that is in neither was not acknowledged.
    """
    project = writer.project
    with writing(writer) as written:
        said = document(aman, "update", "--tag", "v2", "--yes", status=0)["update"]
        assert ("updated", "v2") == (said["outcome"], project.ask("GET", "/version")[1]["version"])
        time.sleep(0.5)
        before_the_way_back = set(written.acknowledged)
        assert before_the_way_back <= held()
        told = document(aman, "rollback", "--database", "--plan", status=0)["plan"]
        assert sum(table["inserted"] for table in told["gone"]) > 0
        assert "v2" == project.ask("GET", "/version")[1]["version"]
        said = document(aman, "rollback", "--database", "--yes", status=0)["rollback"]
        assert ("updated", "v1") == (said["outcome"], project.ask("GET", "/version")[1]["version"])
        time.sleep(0.5)
    went = written.acknowledged - held()
    file = (project.folder / ".amankan" / "journal" / said["id"] / "last-salvage.sql").read_text()
    assert len(went) > 0
    assert set() == {number for number in went if f"\t{number}\t" not in file}


def ready(project: Project, *migrate: str) -> tuple[object, ...]:
    """The first release runs, migrated; returns what must be equal before and after of the database's container."""
    project.compose("up", "--detach", "--wait", "db")
    project.in_image(*migrate)
    project.compose("up", "--detach", "--wait")
    return database_of(project)


def database_of(project: Project) -> tuple[object, ...]:
    """Return what is known of the database's container: who it is, and since when it runs."""
    labels = (f"com.docker.compose.project={project.name}", "com.docker.compose.service=db")
    (found,) = docker_of(project).containers(*labels)
    return (found["Id"], found["State"]["StartedAt"], [mount.get("Name") for mount in found["Mounts"]])


def notes(project: Project, table: str) -> set[int]:
    """Return the numbers of all notes."""
    return {int(line) for line in project.sql(f"select number from {table}").split()}


def test_django(make_project: MakeProject, django_image: str) -> None:
    """An app with Django's own migrations, told of its database by five variables, comes and goes; no note is lost."""
    project = make_project("notes-django", image=django_image)
    untouched = ready(project, "python", "manage.py", "migrate")
    address = project.folder / "database.url"
    address.write_text("postgresql://notes:only-an-example@db:5432/notes\n")
    address.chmod(0o600)
    aman = aman_for(project, url='{ file = "database.url" }', migrate="python manage.py migrate", variables=DJANGO)
    there_and_back(aman, Payments(project, path="/notes", more=NOTE), held=lambda: notes(project, "notes_note"))
    assert "0" == project.sql(TAGGED)
    assert untouched == database_of(project)


def test_alembic(make_project: MakeProject, alembic_image: str) -> None:
    """An app with Alembic's migrations, told of its database by one address, comes and goes; no note is lost."""
    project = make_project("notes-alembic", image=alembic_image)
    untouched = ready(project, "alembic", "upgrade", "head")
    aman = aman_for(project, url='{ container_env = ["app", "DATABASE_URL"] }', migrate="alembic upgrade head")
    there_and_back(aman, Payments(project, path="/notes", more=NOTE), held=lambda: notes(project, "notes"))
    assert "0" == project.sql(TAGGED)
    assert untouched == database_of(project)


def test_a_database_on_another_host(make_project: MakeProject, external: External, *, ocn_image: str) -> None:
    """An app whose database is in no project comes and goes; its server goes on with what else it has."""
    project = make_project("ocn", image=ocn_image, tag="v1")
    set_variable(project.folder / ".env", "COMPOSE_FILE", "docker-compose.external.yml")
    set_variable(project.folder / ".env", "EXTERNAL_DATABASE_URL", external.url)
    project.in_image("npx", "prisma", "migrate", "deploy")
    project.compose("up", "--detach", "--wait")
    external.sql("create database neighbour")
    aman = aman_for(
        project,
        url='{ container_env = ["app", "DATABASE_URL"] }',
        migrate="npx prisma migrate deploy",
        file="docker-compose.external.yml",
    )
    there_and_back(
        aman, Payments(project), held=lambda: {int(line) for line in external.sql("select number from payments").split()}
    )
    assert "neighbour" in external.sql("select datname from pg_database").split()
