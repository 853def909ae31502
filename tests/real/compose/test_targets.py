"""The release that is wished for is bound to digests, and compares well with the one that runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.kit.docker.engine import Engine
from tests.kit.docker.fixtures import MakeProject
from tests.kit.docker.place import free_port
from tests.kit.docker.registry import Registry
from tests.real.compose.conftest import URL
from tests.real.compose.place import Shop, shop
from tests.real.compose.test_update import document, ready

from amankan.adapters.runtimes.compose.project import render
from amankan.config.read import example, read
from amankan.config.settings import Settings
from amankan.errors import ConfigurationFault, Refused, RegistryFailed
from amankan.model.release import Release
from amankan.wiring.apps import RunningProject
from amankan.wiring.targets import resolve_target

pytestmark = pytest.mark.real


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of an app; of these only its name counts."""
    file = tmp_path / "amankan.toml"
    file.write_text(example())
    return read(file)


def running(shop: Shop, *files: str) -> RunningProject:
    """Return the project as the wiring has it."""
    chosen = shop.with_files(*files) if files else shop.settings
    return RunningProject(settings=chosen, project=render(chosen))


def target(shop: Shop, settings: Settings, *, tag: str = "", image: str = "", build: bool = False) -> Release:
    """Return the release that is wished for."""
    return resolve_target(settings, running(shop), tag=tag, image=image, build=build)


def test_a_tag_and_the_file_s_own(ocn: Shop, settings: Settings, registry: Registry) -> None:
    """Without a wish it is what the file names now, equal to what runs; a tag changes the images and nothing else."""
    before = ocn.runtime.release()
    assert before == target(ocn, settings)
    after = target(ocn, settings, tag="v2")
    assert (before.file_digest, before.environment_digest) == (after.file_digest, after.environment_digest)
    assert [("app", registry.digest("ocn", "v2"))] == [(image.service, image.digest) for image in after.images]
    assert after.images == target(ocn, settings, image=ocn.release("v2").images[0].reference).images
    ocn.project.use("v3")
    assert [registry.digest("ocn", "v3")] == [image.digest for image in target(ocn, settings).images]


def test_strangers_are_refused(ocn: Shop, settings: Settings) -> None:
    """An edited file cannot bring in another repository; a tag cannot be anything else; the user can name one."""
    for tag in ("v2@sha256:x", "../x", "-v2", "v 2", "v2:x"):
        with pytest.raises(ConfigurationFault):
            target(ocn, settings, tag=tag)
    with pytest.raises(ConfigurationFault):
        target(ocn, settings, tag="v2", build=True)
    with pytest.raises(RegistryFailed):
        target(ocn, settings, tag="never")
    stranger = ocn.release("v2").images[0].reference.replace("/ocn:", "/stranger:")
    (ocn.project.folder / "moved.yml").write_text(f"services:\n  app:\n    image: {stranger}\n")
    moved = running(ocn, "docker-compose.yml", "moved.yml")
    with pytest.raises(Refused):
        resolve_target(settings, moved, tag="", image="", build=False)
    with pytest.raises(RegistryFailed):
        target(ocn, settings, image=stranger)


def test_what_is_built_here(ocn: Shop, settings: Settings) -> None:
    """A service with a build is built beside what runs; without one the build is refused, and so is a tag with one."""
    with pytest.raises(Refused):
        target(ocn, settings, build=True)
    context = ocn.project.folder / "source"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {ocn.release('v1').images[0].reference}\nLABEL built=here\n")
    (ocn.project.folder / "built.yml").write_text("services:\n  app:\n    build: {context: ./source}\n    image: !reset null\n")
    built = running(ocn, "docker-compose.yml", "built.yml")
    with pytest.raises(Refused):
        resolve_target(settings, built, tag="v2", image="", build=False)
    services = ocn.runtime.inventory().services
    release = resolve_target(settings, built, tag="", image="", build=True)
    (found,) = ocn.docker.inspect("image", (release.images[0].digest,))
    assert "here" == found["Config"]["Labels"]["built"]
    assert release.file_digest == ocn.runtime_of("docker-compose.yml", "built.yml").release().file_digest
    assert services == ocn.runtime.inventory().services


def test_what_no_registry_has_but_this_machine(
    make_project: MakeProject, registry: Registry, *, docker_engine: Engine, ocn_image: str, settings: Settings
) -> None:
    """An image that was made here and pushed nowhere is a release, by its number; where no registry answers it is none."""
    local, gone = f"{registry.address}/ocn-local", f"127.0.0.1:{free_port()}/ocn-local"
    for tag in ("v1", "v2"):
        for name in (local, gone):
            docker_engine.docker("tag", f"{ocn_image}:{tag}", f"{name}:{tag}")
    project = make_project("ocn", image=local)
    project.compose("up", "--detach", "--wait", "db")
    project.in_image("npx", "prisma", "migrate", "deploy")
    project.compose("up", "--detach", "--wait")
    made = shop(project, digest=lambda tag: registry.digest("ocn", tag), url=URL)
    with pytest.raises(RegistryFailed):
        target(made, settings, image=f"{gone}:v2")
    with pytest.raises(RegistryFailed):
        target(made, settings, tag="v9")
    found = target(made, settings, tag="v2")
    number = docker_engine.docker("image", "inspect", "--format", "{{.Id}}", f"{local}:v2")
    assert (f"{local}:v2 (made here)", number) == (found.label, found.images[0].digest)
    aman = ready(made)
    assert "updated" == document(aman, "update", "--tag", "v2", "--yes", status=0)["update"]["outcome"]
    assert "v2" == project.ask("GET", "/version")[1]["version"]
    document(aman, "rollback", "--yes", status=0)
    assert "v1" == project.ask("GET", "/version")[1]["version"]
