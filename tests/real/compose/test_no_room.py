"""An engine whose disk has no room for the new image: the pull fails, and what runs goes on running."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.kit.docker.engine import Engine, running_engine
from tests.kit.docker.examples import project as lay_project
from tests.kit.docker.images import POSTGRES
from tests.kit.docker.place import slot
from tests.kit.docker.registry import Registry
from tests.real.compose.conftest import URL
from tests.real.compose.place import Shop, shop
from tests.real.compose.test_update import document, kept, paying, ready

pytestmark = pytest.mark.real

MEBI = 1 << 20
DISK_BYTES = 3 << 30
LAYER_BYTES = 160 * MEBI
LEFT_BYTES = 96 * MEBI


@contextmanager
def disk_at(folder: Path) -> Iterator[None]:
    """A folder is a file system of its own while the context lasts; what was in it before is there again afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0711", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        _unmount(folder)


def _unmount(folder: Path) -> None:
    """The engine's last mounts may be gone a moment after it."""
    limit = time.monotonic() + 30
    while subprocess.run(["umount", "--recursive", str(folder)], check=False, capture_output=True).returncode:
        assert time.monotonic() < limit, f"{folder} is still in use"
        time.sleep(0.5)


@pytest.fixture
def cramped(docker_engine: Engine, tmp_path: Path) -> Iterator[Engine]:
    """An engine with a small disk of its own, which has the database's image."""
    archive = tmp_path / "postgres.tar"
    docker_engine.docker("save", "--output", str(archive), POSTGRES, limit_seconds=300)
    with slot() as taken, disk_at(taken.kept_folder / "engine"), running_engine(taken) as engine:
        engine.docker("load", "--quiet", "--input", str(archive), limit_seconds=300)
        archive.unlink()
        yield engine


@pytest.fixture
def large(docker_engine: Engine, registry: Registry, *, ocn_image: str, tmp_path: Path) -> str:
    """The name of an image in the registry whose v2 has one layer more, which is large."""
    name, context = f"{registry.address}/ocn-large", tmp_path / "context"
    context.mkdir()
    (context / "large").write_bytes(os.urandom(LAYER_BYTES))
    (context / "Dockerfile").write_text(f"FROM {ocn_image}:v2\nCOPY large /large\n")
    docker_engine.docker("tag", f"{ocn_image}:v1", f"{name}:v1")
    docker_engine.docker("build", "--quiet", "--tag", f"{name}:v2", str(context), limit_seconds=300)
    for tag in ("v1", "v2"):
        docker_engine.docker("push", "--quiet", f"{name}:{tag}", limit_seconds=300)
    (context / "large").unlink()
    return name


@pytest.fixture
def cramped_shop(cramped: Engine, registry: Registry, *, large: str, tmp_path: Path) -> Iterator[Shop]:
    """OCN runs in its first release beside the little room."""
    made = lay_project(cramped, tmp_path / "test-cramped", example="ocn", image=large)
    try:
        made.compose("up", "--detach", "--wait", "--quiet-pull", "db")
        made.in_image("npx", "prisma", "migrate", "deploy")
        made.compose("up", "--detach", "--wait")
        yield shop(made, digest=lambda tag: registry.digest("ocn-large", tag), url=URL)
    finally:
        made.down()


def test_no_room_for_the_new_image(cramped_shop: Shop, large: str) -> None:
    """The update ends before anybody waits, and the old image still starts; with room, what is pruned is pulled again."""
    aman, project, untouched = ready(cramped_shop), cramped_shop.project, cramped_shop.untouched()
    services = cramped_shop.runtime.inventory().services
    filler = project.engine.slot.kept_folder / "engine" / "filler"
    state = os.statvfs(filler.parent)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - LEFT_BYTES)
    with paying(project) as payments:
        said = aman.run("update", "--tag", "v2", "--yes", status=6)
        assert "no space left" in said.lines[-3]
        assert "production: unchanged" == said.lines[-2]
        assert f"next: docker pull {large}@" in said.lines[-1]
        assert not (aman.folder / ".amankan" / "journal").exists() or not list((aman.folder / ".amankan" / "journal").iterdir())
        assert (untouched, services) == (cramped_shop.untouched(), cramped_shop.runtime.inventory().services)
        project.compose("up", "--detach", "--wait", "--force-recreate", "--no-deps", "app")
        assert "v1" == project.ask("GET", "/version")[1]["version"]
        filler.unlink()
        plan = document(aman, "plan", "--tag", "v2", status=0)["plan"]
        (image,) = cramped_shop.release("v2").images
        project.engine.docker("image", "rm", f"{large}@{image.digest}")
        document(aman, "update", "--plan", plan["id"], "--yes", status=0)
        assert "v2" == project.ask("GET", "/version")[1]["version"]
    assert len(payments.acknowledged) > 0
    assert payments.acknowledged <= kept(project)
