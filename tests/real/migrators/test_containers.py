"""Real releases of a shop, migrated in containers of their own images."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.cases import CLAIM
from tests.kit.docker.examples import Project
from tests.kit.docker.fixtures import MakeProject
from tests.real.migrators.place import release

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.migrators.books import PostgresBooks
from amankan.adapters.migrators.container import ContainerTool
from amankan.adapters.migrators.entrypoint import EntrypointMigrator
from amankan.adapters.migrators.prisma import PrismaMigrator
from amankan.adapters.migrators.site import Site
from amankan.errors import MigrationFailed, TimedOut
from amankan.model.secret import Secret

pytestmark = pytest.mark.real

LIMIT_SECONDS = 120.0
NAME = "amankan-test-migrate"
INIT = "20250901080000_init"
REGIONS = "20251015080000_regions"


@pytest.fixture
def shop(make_project: MakeProject, ocn_image: str) -> Iterator[Project]:
    """Yield the shop with its database alone; at the end no container of the migrator is left."""
    made = make_project("ocn", image=ocn_image)
    made.compose("up", "--detach", "--wait", "db")
    yield made
    assert "" == made.engine.docker("ps", "--all", "--quiet", "--filter", f"name={NAME}").strip()


def site(shop: Project, image: str, *, surroundings: tuple[tuple[str, str], ...] = ()) -> Site:
    """Return where the shop's releases migrate: in the project's network, by the database's name in it."""
    container = shop.compose("ps", "--quiet", "db").strip()
    host = shop.engine.docker(
        "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container
    ).strip()
    docker = {name: value for name, value in shop.environment().items() if name.startswith("DOCKER_")}
    return Site(
        tool=ContainerTool(
            lambda asked: f"{image}:{asked.label}",
            name=NAME,
            network=f"{shop.name}_default",
            surroundings=surroundings,
            docker=tuple(docker.items()),
        ),
        books=PostgresBooks(lambda name: Secret(f"postgresql://ocn:only-an-example@{host}/{name}")),
        environment=lambda name: (("DATABASE_URL", Secret(f"postgresql://ocn:only-an-example@db:5432/{name}")),),
        stands=lambda _: None,
    )


def test_releases_migrate_until_one_fails(shop: Project, ocn_image: str) -> None:
    """Each release brings its own migrations; the one that fails is explained, and a release behind sees strangers."""
    for tag in ("v1", "v2", "v3"):
        shop.engine.docker("pull", "--quiet", f"{ocn_image}:{tag}", limit_seconds=120)
    shop.engine.docker("pull", "--quiet", f"{ocn_image}:v4", limit_seconds=120)
    migrator = PrismaMigrator(site(shop, ocn_image))
    for tag in ("v1", "v2", "v3"):
        migrator.migrate(release(tag), database="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        assert migrator.expected(release(tag)) == migrator.ledger("ocn").applied
    before = migrator.ledger("ocn")
    assert before.applied[1:] == migrator.strangers(before, release=release("v1"))
    with pytest.raises(MigrationFailed, match="P3018") as failure:
        migrator.migrate(release("v4"), database="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert "already exists" in str(failure.value)
    assert (before.applied, (REGIONS,)) == (migrator.ledger("ocn").applied, migrator.ledger("ocn").failed)


def test_a_limit_leaves_no_container(shop: Project, ocn_image: str) -> None:
    """A command that does not end is ended with its container, and not only its client."""
    shop.engine.docker("pull", "--quiet", f"{ocn_image}:v1", limit_seconds=120)
    migrator = PrismaMigrator(site(shop, ocn_image), ("sleep", "1000"))
    with pytest.raises(TimedOut):
        migrator.migrate(release("v1"), database="ocn", claim=CLAIM, limit_seconds=3)
    absent = PrismaMigrator(site(shop, ocn_image), ("no-such-program",))
    with pytest.raises(MigrationFailed, match="no-such-program"):
        absent.migrate(release("v1"), database="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)


def test_an_image_that_migrates_by_itself(shop: Project, ocn_image: str) -> None:
    """The image starts by its own entrypoint, migrates, and is gone again before anybody could use it."""
    shop.engine.docker("pull", "--quiet", f"{ocn_image}:v1", limit_seconds=120)
    place = site(shop, ocn_image, surroundings=(("MIGRATE_ON_START", "1"),))
    migrator = EntrypointMigrator(place, PrismaMigrator(place), clock=SystemClock())
    migrator.migrate(release("v1"), database="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert (INIT,) == migrator.ledger("ocn").applied
