"""The release that is wished for, bound to digests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from amankan.adapters.clocks.system import SystemChance, SystemClock
from amankan.adapters.registries.docker.reference import Reference, parse_reference
from amankan.adapters.registries.docker.registry import DockerRegistry
from amankan.adapters.runtimes.compose.build import build_release
from amankan.adapters.runtimes.compose.seen import NOT_ONE_OFF, PROJECT_LABEL, SERVICE_LABEL
from amankan.config.settings import Settings
from amankan.errors import ConfigurationFault, Refused
from amankan.model.claim import Claim
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.operations.plans.names import run_name
from amankan.wiring.apps import RunningProject

# A build on a small server compiles for as long as it needs; who waits longer has a build that hangs.
BUILD_SECONDS: Final = 3600.0
USUAL_TAG: Final = "latest"


def resolve_target(settings: Settings, compose: RunningProject, *, tag: str, image: str, build: bool) -> Release:
    """
    Return the release to update to; of the app nothing was changed, and of the engine only what a build leaves in it.

    Args:
        settings: of which the app's name counts.
        compose: the project.
        tag: another tag of the images that the services have; empty for the tags that the file names.
        image: another image in full, for the services that have one of its repository, or for all where they have the same.
        build: whether the services' own sources make the images.
    Raises:
        ConfigurationFault: more than one of the three is wished for, or a reference cannot be read.
        Refused: the repository is not one that this app uses, a service names no image, or it names nothing to build from.
        RegistryFailed: the registry does not answer, has no such image, or none for this machine.
        RuntimeFailed: the build failed.
    """
    if sum(map(bool, (tag, image, build))) > 1:
        raise ConfigurationFault(say("cannot take more than one of --tag, --image and --build"))
    project, carrying = compose.project, compose.settings.services
    if build:
        clock = SystemClock()
        run = run_name(settings.app.name, clock.now(), token=SystemChance().token())
        claim = Claim(run=run, epoch=0)
        release = build_release(compose.settings, app=settings.app.name, claim=claim, limit_seconds=BUILD_SECONDS)
    else:
        registry = DockerRegistry(compose.settings.docker, app=settings.app.name, clock=SystemClock())
        wished = _wished(compose, tag=tag, image=image)
        allowed = {reference.place for reference in _running(compose)} or {
            reference.place for reference in _named(compose).values()
        }
        if image:
            allowed.add(parse_reference(image).place)
        references = tuple((service, str(reference)) for service, reference in sorted(wished.items()))
        release = registry.resolve(references, allowed=frozenset(allowed))
    return replace(
        release,
        file_digest=project.digest(carrying=carrying),
        environment_digest=project.environment_digest(carrying),
    )


def _wished(compose: RunningProject, *, tag: str, image: str) -> dict[str, Reference]:
    """Return, by service, the reference that is wished for."""
    named = _named(compose)
    if tag:
        # Read again as a whole, so that a tag can be no other part of the name.
        return {name: parse_reference(f"{each.repository}:{tag}", place="--tag") for name, each in named.items()}
    if not image:
        return named
    reference = parse_reference(image)
    places = {each.place for each in named.values()}
    if len(places) == 1:
        return dict.fromkeys(named, reference)
    if reference.place not in places:
        raise Refused(
            say(
                "cannot tell which service gets {image}: they have images of {count} repositories",
                image=image,
                count=len(places),
            ),
            next=say("write a repository that one of them has, or change the Compose file"),
        )
    return {name: reference if each.place == reference.place else each for name, each in named.items()}


def _named(compose: RunningProject) -> dict[str, Reference]:
    """Return, by service, the image that the Compose file names now."""
    return {service: _named_by(compose, service) for service in compose.settings.services}


def _named_by(compose: RunningProject, service: str) -> Reference:
    text = str(compose.project.services[service].get("image") or "")
    if not text:
        raise Refused(
            say("cannot tell which image {service} gets: its Compose file builds it", service=service),
            next=say("aman update --build"),
        )
    return _read(text.replace("$$", "$"), place=compose.settings.files[0])


def _read(text: str, *, place: str) -> Reference:
    tagged = ":" in text.rpartition("/")[2] or "@" in text
    return parse_reference(text if tagged else f"{text}:{USUAL_TAG}", place=place)


def _running(compose: RunningProject) -> Iterator[Reference]:
    """Return the references that the services' containers were made from; what was built here has none."""
    for container in compose.settings.docker.containers(f"{PROJECT_LABEL}={compose.project.name}", NOT_ONE_OFF):
        if container["Config"]["Labels"].get(SERVICE_LABEL) not in compose.settings.services:
            continue
        text = str(container["Config"]["Image"])
        if not text.startswith("sha256:"):
            yield _read(text, place="docker")
