"""A Compose project as `docker compose config` shows it, which is the only truth."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.errors import RuntimeFailed
from amankan.model.claim import Claim
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.redact import secrets_among
from amankan.proc.run import run

Words = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project rendered whole: every variable filled in, every included file read; `$` stands there as `$$`."""

    model: Words

    @property
    def name(self) -> str:
        """The name that the engine knows the project by."""
        return str(self.model["name"])

    @property
    def services(self) -> Mapping[str, Words]:
        """What is said of each service, by its name."""
        services: Mapping[str, Words] = self.model.get("services") or {}
        return services

    def image_of(self, service: str) -> str:
        """Return the name of a service's image, given or, for one that is built, the one that Compose gives it."""
        return str(self.services[service].get("image") or f"{self.name}-{service}")

    def text(self) -> bytes:
        """Return the project as a file that Compose reads."""
        return json.dumps(self.model, indent=1, sort_keys=True).encode()

    def digest(self, *, carrying: tuple[str, ...]) -> str:
        """Return the digest of all that is said, but for the images of the services that carry the release."""
        services = {name: {**service, "image": ""} if name in carrying else service for name, service in self.services.items()}
        text = json.dumps({**self.model, "services": services}, sort_keys=True).encode()
        return f"sha256:{hashlib.sha256(text).hexdigest()}"

    def environment_digest(self, services: tuple[str, ...]) -> str:
        """Return the digest of the variables of these services."""
        variables = {name: self.services[name].get("environment") for name in services if name in self.services}
        return f"sha256:{hashlib.sha256(json.dumps(variables, sort_keys=True).encode()).hexdigest()}"

    def with_images(self, images: Mapping[str, str]) -> Project:
        """Return the project with other images, by service, that are never built nor pulled."""
        changed = {name: _with_image(service, images.get(name)) for name, service in self.services.items()}
        return replace(self, model={**self.model, "services": changed})

    def secrets(self) -> tuple[Secret, ...]:
        """Return the values of variables whose names say that nobody may see them."""
        variables = (pair for service in self.services.values() for pair in (service.get("environment") or {}).items())
        return secrets_among((name, value.replace("$$", "$")) for name, value in variables if value)

    def holder_of(self, host: str) -> str:
        """Return the service that answers to a host name inside the project; empty where none does."""
        return next((name for name, service in self.services.items() if host in _names_of(name, service)), "")

    def needed_by(self, services: tuple[str, ...]) -> tuple[str, ...]:
        """Return the services that these depend on, directly or not, without themselves, sorted."""
        found: set[str] = set()
        waiting = list(services)
        while waiting:
            depends = self.services.get(waiting.pop(), {}).get("depends_on") or {}
            waiting += [name for name in depends if name not in found]
            found |= set(depends)
        return tuple(sorted(found - set(services)))


def render(settings: ComposeSettings) -> Project:
    """Return the project as its user's files say it now; RuntimeFailed where they cannot be read."""
    outcome = run(compose(settings, *project_files(settings), "config", "--format", "json"))
    return read_project(outcome.output, services=settings.services)


def read_project(text: bytes, *, services: tuple[str, ...]) -> Project:
    """Return the project of a rendered file; RuntimeFailed where it is none, or lacks one of the services."""
    try:
        model = json.loads(text)
    except ValueError as fault:
        raise RuntimeFailed(say("cannot read the Compose project: what docker compose says is no JSON")) from fault
    project = Project(model=model)
    for service in services:
        if service not in project.services:
            known = ", ".join(sorted(project.services))
            sentence = say("cannot find the service {service}: the project has {known}", service=service, known=known)
            raise RuntimeFailed(sentence)
    return project


def compose(settings: ComposeSettings, *words: str, limit_seconds: float = 60.0, claim: Claim | None = None) -> Command:
    """Return a command of Compose that is told the project's folder and the variables of its user."""
    place = ("compose", "--project-directory", str(settings.folder))
    command = settings.docker.command(*place, *words, limit_seconds=limit_seconds, claim=claim)
    return replace(command, environment=(*settings.variables, *command.environment), folder=str(settings.folder))


def from_rendered(project: Project, file: str = "-") -> tuple[str, ...]:
    """
    Return the words by which Compose works from a rendered file and from nothing else.

    A `.env` beside the user's file may say COMPOSE_PROJECT_NAME, which would outweigh the name in the file: a release that
    is meant for the dark would then take production's place.
    """
    return ("--env-file", os.devnull, "--project-name", project.name, "--file", file)


def project_files(settings: ComposeSettings) -> Iterator[str]:
    """Yield the words that name the project and its files, as its user starts it."""
    if settings.name:
        yield from ("--project-name", settings.name)
    for file in settings.files:
        yield from ("--file", str(settings.folder / file))
    for profile in settings.profiles:
        yield from ("--profile", profile)


def _with_image(service: Words, image: str | None) -> Words:
    if image is None:
        return service
    kept = {name: value for name, value in service.items() if name not in ("build", "pull_policy")}
    return {**kept, "image": image}


def _names_of(name: str, service: Words) -> set[str]:
    networks = service.get("networks") or {}
    aliases = [alias for network in networks.values() for alias in (network or {}).get("aliases", ())]
    return {name, service.get("container_name", ""), service.get("hostname", ""), *aliases} - {""}
