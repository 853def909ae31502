"""The container image."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.kit.docker.command import run
from tests.kit.docker.engine import Engine
from tests.kit.docker.images import package_access

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[3]
BUILD_SECONDS = 900.0
NAME = "amankan-under-test"

# The stand-in that the kit has for the image that the Dockerfile begins with is of the release before.
BASE = "python:3.11-slim-bookworm"
PACKAGES = "docker.io util-linux"


@pytest.fixture(scope="module")
def image(docker_engine: Engine) -> str:
    """Return the name of the image, built from the Dockerfile."""
    with package_access() as access:
        secrets = {"pip_conf": access.get("BUILD_PIP_CONF", ""), "ca": access.get("BUILD_CA", "")}
        given = [word for id, source in secrets.items() if source for word in ("--secret", f"id={id},src={source}")]
        arguments = ["--build-arg", f"BASE={BASE}", "--build-arg", f"PACKAGES={PACKAGES}"]
        words = ["docker", "build", "--quiet", "--file", "packaging/Dockerfile", "--tag", NAME, *arguments, *given, "."]
        run(words, environment=docker_engine.environment() | access, folder=ROOT, limit_seconds=BUILD_SECONDS)
    return NAME


def test_it_is_the_command(docker_engine: Engine, image: str) -> None:
    """The image is the command `aman`, with the client of the engine beside it."""
    assert docker_engine.docker("run", "--rm", image, "--version").startswith("aman ")
    assert "Docker version" in docker_engine.docker("run", "--rm", "--entrypoint", "docker", image, "--version")


def test_it_carries_a_server_for_trials(docker_engine: Engine, image: str) -> None:
    """In the image there are PostgreSQL's programs, and an account that may run them."""
    program = "from amankan.adapters.engines.postgres.embedded import embedded_tools; print(embedded_tools().major)"
    assert "18" == docker_engine.docker("run", "--rm", "--entrypoint", "python", image, "-c", program)
    assert "amankan-sandbox" in docker_engine.docker("run", "--rm", "--entrypoint", "getent", image, "passwd")


def test_its_own_layer_is_no_place_for_a_journal(docker_engine: Engine, image: str, tmp_path: Path) -> None:
    """What lies in the container itself is known to go with it, a folder of the host and a volume are known to stay."""
    program = (
        "from pathlib import Path; from amankan.adapters.hosts.mounts import keeping_of;"
        "print(*(keeping_of(Path(place, '.amankan')).value for place in ('/app', '/host', '/volume', '/dev/shm')))"
    )
    places = ("--volume", f"{tmp_path}:/host", "--volume", "amankan-under-test:/volume")
    try:
        said = docker_engine.docker("run", "--rm", *places, "--entrypoint", "/opt/amankan/bin/python", image, "-c", program)
        assert "layer disk disk memory" == said
    finally:
        docker_engine.docker("volume", "rm", "amankan-under-test")
