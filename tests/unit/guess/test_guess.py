"""What is guessed of an app from what was seen of it."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amankan.adapters.migrators.recognise import recognise
from amankan.config.check import check
from amankan.errors import Refused
from amankan.model.sentence import Sentence, say
from amankan.operations.guess import compose, process
from amankan.operations.guess.database import told_by
from amankan.operations.guess.migration import migration, seeding
from amankan.operations.guess.proposal import Proposal, text_of
from amankan.operations.guess.rest import app_name
from amankan.operations.guess.seen import Contents, SeenFolder, SeenPort, SeenProject, ServiceSeen

SECRET = "hunter2-very-secret"
URL = f"postgresql://shop:{SECRET}@db:5432/shop"
DB = ServiceSeen(name="db", image="postgres:15", variables={"POSTGRES_PASSWORD": SECRET}, names=frozenset({"db"}))
APP = ServiceSeen(
    name="app",
    image="shop:v1",
    variables={"DATABASE_URL": URL},
    begins=("node", "server.js"),
    ports=(SeenPort(host="", published=8080, target=3000),),
    names=frozenset({"app"}),
    contents=Contents(files=("package.json", "prisma/schema.prisma")),
)


def recognised(contents: Contents) -> tuple[str, Sentence] | None:
    """Return the tool that the files speak for, as the product does."""
    found = recognise(contents.files, ())
    return None if found is None else (found.name, found.why)


def document(proposal: Proposal) -> dict[str, Any]:
    """Return what the file of a proposal says; the product itself can read it, and no secret is in it."""
    text = text_of(proposal, say("none found"), tell=str)
    assert SECRET not in text
    content = tomllib.loads(text)
    check(content, folder=Path("/"), place="amankan.toml")
    return content


def project(*services: ServiceSeen) -> dict[str, Any]:
    """Return what is guessed of a project."""
    return document(compose.propose(SeenProject(name="shop", file="compose.yaml", services=services), recognised))


def test_an_ordinary_project_is_guessed_whole() -> None:
    """The app's service, its address, its migration tool and its health address are found."""
    said = project(APP, DB)
    assert {"file": "compose.yaml", "services": ["app"]} == said["runtime"]["compose"]
    assert {"container_env": ["app", "DATABASE_URL"]} == said["database"]["url"]
    assert "npx prisma migrate deploy" == said["database"]["migrate"]
    assert {"DATABASE_URL": "{url}"} == said["database"]["env"]
    assert ["http://127.0.0.1:8080/"] == said["checks"]["http"]
    assert ("production", []) == (said["app"]["environment"], said["vault"]["recipients"])


def test_services_with_the_same_image_go_together() -> None:
    """A worker of the same image carries the release too; a database, a cache and a proxy never do."""
    others = [ServiceSeen(name=name, image=name, variables={"DATABASE_URL": URL}) for name in ("redis", "nginx", "pgadmin4")]
    worker = replace(APP, name="worker", ports=())
    assert ["app", "worker"] == project(APP, worker, DB, *others)["runtime"]["compose"]["services"]


def test_an_app_that_is_told_in_parts() -> None:
    """Each variable gets its template, and the address is read from them."""
    parts = {"DB_HOST": "db", "DB_PORT": "5432", "DB_NAME": "shop", "DB_USER": "shop", "DB_PASSWORD": SECRET, "DEBUG": "1"}
    said = project(replace(APP, variables=parts), DB)["database"]
    assert {"container_env": ["app", "DB_HOST"]} == said["url"]
    assert {
        "DB_HOST": "{host}",
        "DB_PORT": "{port}",
        "DB_NAME": "{name}",
        "DB_USER": "{user}",
        "DB_PASSWORD": "{password}",
    } == said["env"]


@pytest.mark.parametrize(
    ("variables", "first"),
    [
        ({"POSTGRES_URL": URL, "DATABASE_URL": URL}, "DATABASE_URL"),
        ({"SQLALCHEMY_DATABASE_URI": URL.replace("://", "+psycopg://")}, "SQLALCHEMY_DATABASE_URI"),
        ({"PGHOST": "db", "PGDATABASE": "shop", "PGUSER": "shop"}, "PGHOST"),
        ({"POSTGRES_HOST": "db", "POSTGRES_DB": "shop", "POSTGRES_USER": "shop"}, "POSTGRES_HOST"),
        ({"WORDPRESS_DB_HOST": "db", "WORDPRESS_DB_NAME": "a", "WORDPRESS_DB_USER": "a"}, "WORDPRESS_DB_HOST"),
    ],
)
def test_the_usual_names_are_known(variables: dict[str, str], first: str) -> None:
    """The variable that tells of the database is found by its value or by its name."""
    told = told_by(variables)
    assert told is not None
    assert (first, "db") == (told.first, told.host)


@pytest.mark.parametrize("variables", [{}, {"REDIS_URL": "redis://a"}, {"DB_HOST": "db"}, {"DATABASE_URL": "mysql://a@b/c"}])
def test_what_tells_of_no_database_is_refused(variables: dict[str, str]) -> None:
    """Nothing is written for an app in which nothing was found to protect, and the next step is told."""
    with pytest.raises(Refused) as refused:
        project(replace(APP, variables=variables), DB)
    assert "aman config" in str(refused.value.next)


def test_another_kind_of_database_is_named() -> None:
    """Somebody with MySQL learns that it is not known, not that nothing was found."""
    with pytest.raises(Refused, match="mysql"):
        project(replace(APP, variables={"DATABASE_URL": "mysql://a@b/c"}))


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"begins": ("sh", "-c", "npx prisma migrate deploy && node server.js")}, "entrypoint"),
        ({"begins": ("npm", "run", "start")}, "entrypoint"),
        ({"script": "#!/bin/sh\nalembic -c a.ini upgrade head\nexec $@"}, "entrypoint"),
        ({"script": '#!/bin/sh\nif [ "$MIGRATE" = 1 ]; then\n  python manage.py migrate\nfi\n'}, "npx prisma migrate deploy"),
        ({"script": '#!/bin/sh\nif [ "$UP" = "1" ]; then\n  rake db:migrate\nfi\n', "variables": {"UP": "1"}}, "entrypoint"),
        ({"script": "#!/bin/sh\n# npx prisma migrate deploy\nexec $@"}, "npx prisma migrate deploy"),
        ({"begins": ("node", "server.js")}, "npx prisma migrate deploy"),
    ],
)  # fmt: skip
def test_an_entrypoint_that_migrates_is_seen(changes: dict[str, Any], value: str) -> None:
    """Whatever runs the tool when the service starts is the entrypoint; what would not run is none."""
    package = '{"scripts": {"start": "prisma migrate deploy && node server.js"}}'
    service = replace(APP, contents=Contents(files=("package.json",), texts={"package.json": package}), **changes)
    assert value == migration(service, "prisma", because=say("none found")).value


def test_without_a_tool_nothing_is_guessed() -> None:
    """The file then says so in a comment, and the configuration is whole."""
    assert "migrate" not in project(replace(APP, contents=Contents()), DB)["database"]


@pytest.mark.parametrize(
    ("package", "value"),
    [
        ('{"scripts": {"db:seed": "x", "start": "y"}}', "npm run db:seed"),
        ('{"prisma": {"seed": "node seed.js"}}', "npx prisma db seed"),
        ('{"scripts": {"seedling": "x"}}', ""),
        ("[]", ""),
        ("{", ""),
    ],
)
def test_seeds_are_found(package: str, value: str) -> None:
    """A script that seeds is named, so that it can be refused in production."""
    assert value == seeding(Contents(texts={"package.json": package})).value


@pytest.mark.parametrize(
    ("port", "health", "http"),
    [
        (SeenPort(host="127.0.0.1", published=80, target=3000), "curl -f http://localhost:3000/health", ["http://127.0.0.1:80/health"]),
        (SeenPort(host="0.0.0.0", published=80, target=3000), "", ["http://127.0.0.1:80/"]),
        (SeenPort(host="192.0.2.1", published=80, target=3000), "", None),
    ],
)  # fmt: skip
def test_health_addresses(port: SeenPort, health: str, http: list[str] | None) -> None:
    """The health check's path is asked at the port that this machine reaches."""
    assert http == project(replace(APP, ports=(port,), health=health), DB)["checks"].get("http")


@pytest.mark.parametrize(("text", "name"), [("My_Shop", "my-shop"), ("2048", "app-2048"), ("a" * 50, "a" * 39), ("--", "app")])
def test_names_fit(text: str, name: str) -> None:
    """Whatever the project is called, the app's name is one that the configuration takes."""
    assert name == app_name(text)


def test_a_folder_of_releases() -> None:
    """An app without containers is started as its package says, at the port and database of the surroundings."""
    package = '{"scripts": {"start": "node server.js"}}'
    contents = Contents(files=("alembic.ini", "package.json"), texts={"package.json": package})
    folder = SeenFolder(name="shop", release="releases/v1", contents=contents, variables={"PORT": "4000", "DB_URL": URL})
    said = document(process.propose(folder, recognised))
    expected = {"command": "node server.js", "folder": ".", "address": "http://127.0.0.1:4000/"}
    assert expected == said["runtime"]["process"]
    assert ({"env": "DB_URL"}, "alembic upgrade head") == (said["database"]["url"], said["database"]["migrate"])
