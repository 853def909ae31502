"""`aman init` and `aman doctor` in a folder that nobody prepared, beside a running app."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.kit.aman import Aman, Said
from tests.kit.docker.engine import Engine
from tests.kit.docker.examples import EXAMPLES, Project, set_variable
from tests.kit.docker.external import External
from tests.kit.docker.fixtures import MakeProject
from tests.kit.docker.place import free_port
from tests.kit.postgres.build import find_build
from tests.real.compose.place import Shop

pytestmark = pytest.mark.real

LEDGER = "django_migrations"


def aman_in(project: Project) -> Aman:
    """Return `aman` in the project's folder, which has no configuration."""
    path = f"{find_build(15).client_dir}:{project.environment()['PATH']}"
    surroundings = {"HOME": os.environ["HOME"], "LANG": "C.UTF-8"}
    return Aman(folder=project.folder, environment=project.environment() | surroundings | {"PATH": path})


def written(aman: Aman) -> dict[str, Any]:
    """Return what the configuration says."""
    return tomllib.loads((aman.folder / "amankan.toml").read_text())


def checks(said: Said) -> dict[str, str]:
    """Return the level of each check."""
    return {each["id"]: each["level"] for each in said.document["doctor"]["checks"]}


def test_from_nothing_to_a_ready_app(ocn: Shop) -> None:
    """With three commands and no edit between them, the app is configured, has a key, and lacks nothing but a backup."""
    aman = aman_in(ocn.project)
    before = names_of(aman.folder)
    aman.run("init", status=0)
    assert {"amankan.toml"} == names_of(aman.folder) - before
    said = written(aman)
    assert ["app"] == said["runtime"]["compose"]["services"]
    assert {"container_env": ["app", "DATABASE_URL"]} == said["database"]["url"]
    assert "npx prisma migrate deploy" == said["database"]["migrate"]
    assert "npm run db:seed" == said["database"]["seed"]
    assert {"DATABASE_URL": "{url}"} == said["database"]["env"]
    assert [f"http://127.0.0.1:{ocn.project.port}/health"] == said["checks"]["http"]
    assert "only-an-example" not in (aman.folder / "amankan.toml").read_text()
    alone = aman.run("doctor", "--json", status=3)
    assert ["encryption"] == [name for name, level in checks(alone).items() if level == "fault"], alone.out
    assert "aman key new" == alone.document["error"]["next"]
    assert {"amankan.toml"} == names_of(aman.folder) - before
    aman.run("key", "new", status=0)
    ready = aman.run("doctor", "--json", status=0)
    assert "fault" not in checks(ready).values()
    assert {"ok"} == {checks(ready)[name] for name in ("database", "tools", "readable", "app", "app-told", "volume", "http")}


def test_an_app_that_is_told_in_parts(make_project: MakeProject, django_image: str) -> None:
    """Five variables instead of one: the address is put together from them, and the database answers."""
    project = make_project("notes-django", image=django_image)
    project.compose("up", "--detach", "--wait", "db")
    project.in_image("python", "manage.py", "migrate", "--noinput")
    project.compose("up", "--detach", "--wait")
    aman = aman_in(project)
    aman.run("init", status=0)
    said = written(aman)
    assert {"container_env": ["web", "DB_HOST"]} == said["database"]["url"]
    assert "{password}" == said["database"]["env"]["DB_PASSWORD"]
    assert "python manage.py migrate --noinput" == said["database"]["migrate"]
    aman.run("key", "new", status=0)
    found = aman.run("doctor", "--json", status=0)
    assert {"ok"} == {checks(found)[name] for name in ("database", "migrations", "app-told", "http", "volume")}
    assert LEDGER in found.out


def test_a_database_elsewhere(make_project: MakeProject, ocn_image: str, *, external: External) -> None:
    """The file that the user's own variables name is used, and the database outside of it is reached."""
    project = make_project("ocn", image=ocn_image)
    set_variable(project.folder / ".env", "COMPOSE_FILE", "docker-compose.external.yml")
    set_variable(project.folder / ".env", "EXTERNAL_DATABASE_URL", external.url)
    project.in_image("npx", "prisma", "migrate", "deploy")
    project.compose("up", "--detach", "--wait")
    aman = aman_in(project)
    guesses = aman.run("init", "--json", status=0).document["init"]["guesses"]
    assert any(external.address in guess for guess in guesses), guesses
    assert "docker-compose.external.yml" == written(aman)["runtime"]["compose"]["file"]
    aman.run("key", "new", status=0)
    found = checks(aman.run("doctor", "--json", status=0))
    assert ("ok", "ok") == (found["database"], found["app"])
    assert "volume" not in found


CARELESS = """
services:
  app:
    image: {image}:v1
    environment:
      DATABASE_URL: postgresql://shop:shop@db/shop
      MIGRATE_ON_START: "1"
    depends_on:
      - db
    ports:
      - "127.0.0.1:{port}:3000"
  db:
    image: postgres:15
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: shop
    ports:
      - "{open}:5432"
"""


def test_a_careless_project(make_project: MakeProject, ocn_image: str, tmp_path: Path) -> None:
    """Files in no volume, a port for the world, a usual password, an image of another version, an app that does not run."""
    project = make_project("ocn", image=ocn_image)
    (project.folder / ".env").write_text(f"COMPOSE_PROJECT_NAME={project.name}\n")
    text = CARELESS.format(image=ocn_image, port=project.port, open=free_port())
    file = project.folder / "docker-compose.yml"
    file.write_text(text)
    (project.folder / "docker-compose.external.yml").unlink()
    project.compose("up", "--detach", "--wait", "db")
    project.compose("up", "--detach")
    aman = aman_in(project)
    aman.run("init", status=0)
    assert "entrypoint" == written(aman)["database"]["migrate"]
    first = aman.run("doctor", "--json", status=3)
    found = checks(first)
    careless = ("volume", "database-port", "password", "encryption")
    assert dict.fromkeys(careless, "fault") == {name: found[name] for name in careless}, first.out
    assert "ok" == found["database-unchanged"]
    file.write_text(text.replace("postgres:15", "postgres:17"))
    project.compose("stop", "app")
    found = checks(aman.run("doctor", "--json", status=3))
    assert {"fault"} == {found[name] for name in ("database-unchanged", "app", "http")}
    file.write_text(text.replace("POSTGRES_PASSWORD: shop", "POSTGRES_PASSWORD: other"))
    assert "warn" == checks(aman.run("doctor", "--json", status=3))["database-unchanged"]
    file.write_text(text.replace("DATABASE_URL:", "OTHER_URL:"))
    found = checks(aman.run("doctor", "--json", status=3))
    assert ("fault", "warn", "warn") == tuple(found[name] for name in ("database", "password", "volume"))
    file.write_text(text)
    project.compose("stop", "db")
    found = checks(aman.run("doctor", "--json", status=3))
    assert ("fault", "warn", "warn") == (found["database"], found["readable"], found["room"])


def test_init_without_an_engine(docker_engine: Engine, tmp_path: Path) -> None:
    """Where no engine answers, the files beside the Compose file tell; a file that cannot be read is refused with a command."""
    shutil.copytree(EXAMPLES / "ocn", tmp_path / "shop")
    environment = docker_engine.environment() | {"LANG": "C.UTF-8", "DOCKER_HOST": f"unix://{tmp_path}/nobody.sock"}
    aman = Aman(folder=tmp_path / "shop", environment=environment)
    aman.run("init", status=0)
    said = written(aman)["database"]
    assert ("npx prisma migrate deploy", "npm run db:seed") == (said["migrate"], said["seed"])
    (aman.folder / "amankan.toml").unlink()
    (aman.folder / "docker-compose.yml").write_text("services: [")
    error = aman.run("init", "--json", status=3).document["error"]
    assert "docker compose --file" in error["next"]
    assert not (aman.folder / "amankan.toml").exists()


def names_of(folder: Path) -> set[str]:
    """Return the names in a folder."""
    return {path.name for path in folder.iterdir()}
