"""A release in the dark: begun, asked for one command, and gone without a trace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from amankan.adapters.runtimes.compose.dark import Night, dark_project
from amankan.adapters.runtimes.compose.mounts import app_mounts, needed_mounts
from amankan.adapters.runtimes.compose.project import Project, compose, from_rendered
from amankan.adapters.runtimes.compose.relay import ensure_image
from amankan.adapters.runtimes.compose.settings import ComposeSettings, Environment
from amankan.adapters.runtimes.compose.way import find_way
from amankan.errors import RuntimeFailed
from amankan.model.claim import Claim
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.proc.docker import ERRAND, ROLE_LABEL, RUN_LABEL
from amankan.proc.images import find
from amankan.proc.run import run

REMOVE_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    Which release is to run in the dark, and on which database: empty where `environment` tells it, which wins anyway.
    """

    release: Release
    database: str
    limit_seconds: float
    environment: Environment = ()


def start_dark(settings: ComposeSettings, project: Project, *, wanted: Wanted, claim: Claim) -> None:
    """The release runs in a project of the run's own; a failure may leave a part of it."""
    ensure_image(settings.docker)
    made = dark_project(project, night_of(settings, project, wanted=wanted, claim=claim))
    words = (*from_rendered(made), "up", "--detach", "--no-build", "--pull=never")
    command = compose(settings, *words, limit_seconds=wanted.limit_seconds, claim=claim)
    run(replace(command, secrets=(*project.secrets(), *made.secrets())), given=made.text())


def stop_dark(settings: ComposeSettings, claim: Claim) -> None:
    """No container, network or volume with the run's label is left."""
    docker, label = settings.docker, f"{RUN_LABEL}={claim.run}"
    for kind, *remove in (("container", "rm", "--force", "--volumes"), ("network", "rm"), ("volume", "rm", "--force")):
        found = docker.labelled(kind, label)
        if found:
            run(docker.command(kind, *remove, *found, limit_seconds=REMOVE_SECONDS, claim=claim))


def end_errands(settings: ComposeSettings, claim: Claim) -> None:
    """No container of the run that was there for a single command is left."""
    docker = settings.docker
    found = docker.labelled("container", f"{RUN_LABEL}={claim.run}", f"{ROLE_LABEL}={ERRAND}")
    if found:
        run(docker.command("container", "rm", "--force", "--volumes", *found, limit_seconds=REMOVE_SECONDS, claim=claim))


def night_of(settings: ComposeSettings, project: Project, *, wanted: Wanted, claim: Claim) -> Night:
    """Return all that a project in the dark is made from; small mounts are copied, nothing else is changed."""
    way = find_way(settings, project)
    holder = project.holder_of(settings.reach.host)
    apps = tuple(image.service for image in wanted.release.images)
    # Of services that carry the image, those that the release leaves out would come along with the image of now.
    needed = [name for name in project.needed_by(apps) if name != holder and name not in settings.services]
    images = {name: project.image_of(name) for name in needed}
    mounts = {name: needed_mounts(project, service=name) for name in needed}
    for image in wanted.release.images:
        found = find(settings.docker, image)
        if found is None:
            raise RuntimeFailed(say("cannot start {image}: it is not on this machine", image=image.digest))
        images[image.service] = found.name
        mounts[image.service] = app_mounts(settings, project, service=image.service, claim=claim)
    told_database = settings.reach.variables(way.alias, way.port, wanted.database) if wanted.database else ()
    return Night(
        run=claim.run,
        database=wanted.database,
        release=wanted.release,
        images=images,
        mounts=mounts,
        variables=(*told_database, *wanted.environment),
        way=way,
    )
