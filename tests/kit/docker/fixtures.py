"""Fixtures: one engine and one registry for a session, a fresh project for a test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.docker.engine import Engine, running_engine
from tests.kit.docker.examples import Project, project, publish
from tests.kit.docker.external import External, external_database
from tests.kit.docker.images import make_stand_ins
from tests.kit.docker.place import prepare, slot
from tests.kit.docker.registry import Registry, running_registry

MakeProject = Callable[..., Project]


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Engine]:
    """An engine of this session's own, with `node`, `python` and `postgres:15`."""
    prepare()
    with slot() as taken, running_engine(taken) as engine:
        make_stand_ins(engine)
        yield engine


@pytest.fixture(scope="session")
def registry(docker_engine: Engine) -> Iterator[Registry]:
    """A registry on the loopback address. A test that moves tags publishes under a name of its own."""
    with running_registry(docker_engine.slot.kept_folder / "registry") as running:
        yield running


@pytest.fixture(scope="session")
def ocn_image(docker_engine: Engine, registry: Registry) -> str:
    """OCN's image without a tag; v1 to v8 are in the registry."""
    return publish(docker_engine, registry, "ocn")


@pytest.fixture(scope="session")
def django_image(docker_engine: Engine, registry: Registry) -> str:
    """The image of the Django example without a tag; v1 and v2 are in the registry."""
    return publish(docker_engine, registry, "notes-django")


@pytest.fixture(scope="session")
def alembic_image(docker_engine: Engine, registry: Registry) -> str:
    """The image of the Alembic example without a tag; v1 and v2 are in the registry."""
    return publish(docker_engine, registry, "notes-alembic")


@pytest.fixture
def make_project(docker_engine: Engine, tmp_path: Path) -> Iterator[MakeProject]:
    """Call it with an example, its image and a tag: a project below tmp_path, taken down after the test."""
    made: list[Project] = []

    def make(example: str, *, image: str, tag: str = "v1") -> Project:
        folder = tmp_path / f"test-{example}-{len(made)}"
        made.append(project(docker_engine, folder, example=example, image=image, tag=tag))
        return made[-1]

    yield make
    for each in made:
        each.down()


@pytest.fixture
def external(docker_engine: Engine) -> Iterator[External]:
    """A PostgreSQL 15 with the empty database `ocn`, outside every project."""
    with external_database(docker_engine) as server:
        yield server
