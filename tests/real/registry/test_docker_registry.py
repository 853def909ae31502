"""The promise of `ports.registry`, kept by a real engine, whatever the registry does."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, RUN, RegistryCase
from tests.contract.test_registry import (
    test_images_are_kept_by_run,
    test_what_is_nowhere_cannot_be_pulled,
    test_what_was_pulled_is_here,
)
from tests.kit.docker.engine import Engine
from tests.kit.docker.place import cache_folder
from tests.kit.docker.registry import running_registry

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.registries.docker.reference import parse_reference
from amankan.adapters.registries.docker.registry import DockerRegistry
from amankan.errors import RegistryFailed, TimedOut
from amankan.model.release import Image, Release
from amankan.proc.docker import Docker

__all__ = ["test_images_are_kept_by_run", "test_what_is_nowhere_cannot_be_pulled", "test_what_was_pulled_is_here"]

pytestmark = pytest.mark.real

LIMIT_SECONDS = 60.0
DOCKERFILE = "FROM scratch\nLABEL of='{tag}'\nCOPY Dockerfile /\n"


class Place:
    """A registry of a test's own with the releases v1 and v2 of a tiny image, and the engine."""

    def __init__(self, engine: Engine, folder: Path, *, address: str) -> None:
        """Build and push into the registry at `address`."""
        cache = cache_folder()
        self.docker = Docker(
            address=engine.address, program=str(cache / "bin" / "docker"), settings_folder=str(cache / "config")
        )
        self.engine, self.folder, self.name = engine, folder, f"{address}/tiny"
        self.registry = DockerRegistry(self.docker, app="tiny", clock=SystemClock())
        self.allowed = frozenset({parse_reference(f"{self.name}:v1").place})

    def push(self, tag: str, *, content: str = "") -> None:
        """The registry has this content under the tag, and the engine has none of it."""
        (self.folder / "Dockerfile").write_text(DOCKERFILE.format(tag=content or tag))
        self.engine.docker("build", "--quiet", "--tag", f"{self.name}:{tag}", str(self.folder))
        self.engine.docker("push", "--quiet", f"{self.name}:{tag}")
        self.engine.docker("image", "rm", f"{self.name}:{tag}")

    def resolve(self, tag: str) -> Release:
        """Return the release that the tag means now."""
        return self.registry.resolve((("app", f"{self.name}:{tag}"),), allowed=self.allowed)

    def images(self) -> frozenset[str]:
        """Return every image of the engine, by name and number; the engine lists those of one second in any order."""
        listed = self.engine.docker(
            "image", "ls", "--all", "--digests", "--no-trunc", "--format", "{{.Repository}} {{.Tag}} {{.ID}}"
        )
        return frozenset(listed.splitlines())

    def clear(self) -> None:
        """The engine has nothing of it."""
        for line in self.images():
            repository, _, number = line.split()
            if repository == self.name or "/tiny" in repository:
                self.engine.docker("image", "rm", "--force", number)


@pytest.fixture
def place(docker_engine: Engine, tmp_path: Path) -> Iterator[Place]:
    """Yield a registry with two releases."""
    with running_registry(tmp_path / "registry") as running:
        made = Place(docker_engine, tmp_path, address=running.address)
        for tag in ("v1", "v2"):
            made.push(tag)
        yield made
    made.clear()


@pytest.fixture
def case(place: Place) -> RegistryCase:
    """Return a registry with both releases, the first of which is here."""
    before, after = place.resolve("v1"), place.resolve("v2")
    place.registry.pull(before, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    missing = replace(before, images=(replace(before.images[0], digest="sha256:" + "0" * 64),))
    return RegistryCase(registry=place.registry, before=before, after=after, missing=missing)


def test_resolving_changes_nothing(place: Place) -> None:
    """A tag becomes the digest that the registry has, and the engine has no image more than before."""
    before = place.images()
    release = place.resolve("v1")
    assert (f"{place.name}:v1", "app") == (release.images[0].reference, release.images[0].service)
    assert before == place.images()


def test_a_moved_tag_does_not_move_the_release(place: Place) -> None:
    """What is pulled after a tag was moved is what the tag meant before."""
    release = place.resolve("v1")
    place.push("v1", content="something else")
    assert release.images[0].digest != place.resolve("v1").images[0].digest
    place.registry.pull(release, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert place.registry.present(release)
    found = place.docker.inspect("image", (f"{place.name}@{release.images[0].digest}",))
    assert "v1" == found[0]["Config"]["Labels"]["of"]


def test_a_prune_leaves_what_is_kept(place: Place) -> None:
    """A prune of containers, networks and images without a name takes nothing that a run keeps, until it lets go."""
    release = place.resolve("v1")
    place.registry.pull(release, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    place.registry.keep(release, claim=CLAIM)
    place.engine.docker("system", "prune", "--force")
    assert (True, True) == (place.registry.present(release), place.registry.kept(release, run=RUN))
    place.registry.unkeep(CLAIM)
    assert (True, False) == (place.registry.present(release), place.registry.kept(release, run=RUN))
    place.engine.docker("image", "prune", "--all", "--force", "--filter", "label=of=v1")
    assert not place.registry.present(release)
    with pytest.raises(RegistryFailed):
        place.registry.keep(release, claim=CLAIM)


def test_what_was_built_here_is_kept_by_its_number(place: Place) -> None:
    """An image that no registry has is present and kept by the engine's own number for it."""
    (place.folder / "Dockerfile").write_text(DOCKERFILE.format(tag="built"))
    number = place.engine.docker("build", "--quiet", "--tag", "amankan/tiny:built", str(place.folder))
    release = Release(label="built", images=(Image(service="app", reference="amankan/tiny:built", digest=number),))
    place.registry.pull(release, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    place.registry.keep(release, claim=CLAIM)
    assert (True, True) == (place.registry.present(release), place.registry.kept(release, run=RUN))
    place.registry.unkeep(CLAIM)
    assert place.registry.present(release)


def test_a_registry_that_is_down_changes_nothing(docker_engine: Engine, tmp_path: Path) -> None:
    """Neither resolving nor pulling from a registry that went away does anything but fail."""
    with running_registry(tmp_path / "registry") as running:
        place = Place(docker_engine, tmp_path, address=running.address)
        place.push("v1")
        release = place.resolve("v1")
    before = place.images()
    with pytest.raises(RegistryFailed):
        place.resolve("v1")
    with pytest.raises(RegistryFailed):
        place.registry.pull(release, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert (before, False) == (place.images(), place.registry.present(release))


class Liar(http.server.BaseHTTPRequestHandler):
    """A registry that answers what its test says."""

    status = 200

    def do_GET(self) -> None:
        """Answer with the status, and with a manifest that is none."""
        if self.path != "/v2/" and self.status == 0:
            time.sleep(8)
            return
        words = b'{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {}, "layers": []}'
        self.send_response(200 if self.path == "/v2/" else self.status)
        self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        self.send_header("Content-Length", str(len(words)))
        self.send_header("Docker-Content-Digest", "sha256:" + "1" * 64)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(words)

    do_HEAD = do_GET  # noqa: N815 - the name that the server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("status", "expected"), [(200, RegistryFailed), (429, RegistryFailed), (500, RegistryFailed), (0, TimedOut)]
)
def test_a_registry_that_lies_or_dawdles_changes_nothing(
    docker_engine: Engine, tmp_path: Path, *, status: int, expected: type[Exception]
) -> None:
    """A manifest that is not the one asked for, a refusal, or silence: told within the limit, and nothing came."""
    handler = type("Answers", (Liar,), {"status": status})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = Place(docker_engine, tmp_path, address=f"127.0.0.1:{server.server_port}")
        before = place.images()
        image = Image(service="app", reference=f"{place.name}:v1", digest="sha256:" + "1" * 64)
        with pytest.raises(expected):
            place.registry.pull(Release(label="v1", images=(image,)), claim=CLAIM, limit_seconds=4.0)
        server.shutdown()
    assert before == place.images()
