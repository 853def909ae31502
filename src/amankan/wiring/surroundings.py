"""What is around an app's database, looked at: its project, its containers and images, the disks, the files with secrets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan import wiring
from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.hosts.folder import texts_of
from amankan.adapters.hosts.git import secrets_in_git
from amankan.adapters.hosts.room import free_bytes
from amankan.adapters.hosts.secrets import open_secrets
from amankan.adapters.probes.containers import Containers
from amankan.adapters.registries.docker.reference import parse_reference
from amankan.adapters.registries.docker.registry import DockerRegistry
from amankan.adapters.runtimes.compose import seen
from amankan.adapters.runtimes.compose.condition import condition
from amankan.adapters.runtimes.compose.contents import image_of
from amankan.adapters.runtimes.process.runtime import placed_in
from amankan.config.settings import ProcessSettings, Settings
from amankan.errors import AmankanError, CommandFailed
from amankan.model.sentence import Sentence, say
from amankan.operations.preflight.looks import (
    ContainerLook,
    ImageLook,
    PasswordLook,
    Room,
    RuntimeLook,
    SecretsLook,
    ServerLook,
    Unseen,
)
from amankan.proc.docker import Docker
from amankan.proc.images import repository_of
from amankan.wiring.apps import RunningProject, compose_of, process_state, templates
from amankan.wiring.keeping import vault_folder

# A clone is as large as what it is a copy of; while it is filled, the server writes down what it does.
CLONE_SHARE: Final = 1.2
FLOOR_BYTES: Final = 64 << 20

# Passwords that are tried first, by whoever finds a port.
USUAL_PASSWORDS: Final = frozenset(
    {
        *("postgres", "postgresql", "password", "passw0rd", "pass", "secret", "admin", "root", "test", "example", "changeme"),
        *("change_me", "changethis", "default", "docker", "letmein", "qwerty", "123", "1234", "12345", "123456", "12345678"),
        *("user", "mysecretpassword", "mypassword", "supersecret", "dbpassword", "db", "database", "dev", "development"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """An app by its configuration, with its Compose project where it has one, rendered whole."""

    settings: Settings
    compose: RunningProject | None
    app: Address | None

    @classmethod
    def of(cls, settings: Settings, app: Address | None) -> Around:
        """Return what is around the app; RuntimeFailed where its Compose file cannot be read."""
        return cls(settings=settings, compose=compose_of(settings, app), app=app)


def runtime_look(around: Around) -> RuntimeLook:
    """
    Return how the app's services stand, and which variables of the configuration they do not have.

    Raises:
        RuntimeFailed: nothing is placed where the configuration says that releases are.
    """
    if around.compose is None:
        if isinstance(around.settings.runtime, ProcessSettings):
            placed_in(around.settings.folder / around.settings.runtime.folder)
        state = process_state(around.settings)
        return RuntimeLook(services=(state,), process=True, never=not state.digest)
    project, settings = around.compose.project, around.compose.settings
    placed = seen.placed(settings.docker, project.name, services=settings.services)
    states = seen.states(placed, services=settings.services)
    has = {name for service in settings.services for name in _variables(settings.docker, around.compose, service=service)}
    untold = tuple(name for name, _ in templates(around.settings) if name not in has)
    return RuntimeLook(services=states, untold=untold)


def container_look(around: Around, server: ServerLook | Unseen) -> ContainerLook | None:
    """Return how the database's container stands; None where the database is in none of the project."""
    if around.compose is None or around.app is None:
        return None
    project, settings = around.compose.project, around.compose.settings
    holder = project.holder_of(around.app.host)
    if not holder:
        return None
    found = condition(settings, project, service=holder)
    major = found.file_major if isinstance(server, Unseen) else server.facts.version
    return ContainerLook(
        service=holder,
        folder=found.folder,
        kept=found.kept,
        published=found.published,
        changed=found.changed,
        image=found.image,
        file_major=found.file_major,
        major=major or 0,
    )


def image_looks(around: Around) -> tuple[ImageLook, ...] | None:
    """Return what the registries say of the app's images; None without containers."""
    if around.compose is None:
        return None
    project, settings = around.compose.project, around.compose.settings
    references = sorted({project.image_of(service) for service in settings.services})
    return tuple(_image(settings.docker, reference, app=around.settings.app.name) for reference in references)


def log_lines(around: Around) -> tuple[str, ...]:
    """Return the newest lines of the app's log."""
    if around.compose is None:
        text = texts_of(wiring.state_folder(around.settings) / "process", ("app.log",)).get("app.log", "")
        return tuple(line for line in text.splitlines() if line.strip())
    project, settings = around.compose.project, around.compose.settings
    return Containers(docker=settings.docker, project=project.name, services=settings.services).lines()


def rooms(settings: Settings, *, server: ServerLook, around: Around | Unseen) -> tuple[Room, ...]:
    """Return the room where a clone, a dump and its proof will be; what is on one disk is added up."""
    size = server.facts.size_bytes
    clone = round(size * CLONE_SHARE) + FLOOR_BYTES
    found = [Room(place=_server_place(around), need_bytes=clone, free_bytes=_server_room(server, around))]
    disks: dict[int, Room] = {}
    place = wiring.place(settings)
    wanted = [(Path(wiring.SANDBOXES.format(uid="*")).parent, clone)]
    if not place.remote:
        wanted.append((vault_folder(settings), size + FLOOR_BYTES))
    for folder, need in wanted:
        disk = free_bytes(folder)
        if disk is None:
            found.append(Room(place=str(folder), need_bytes=need))
            continue
        number, free = disk
        before = disks.get(number)
        shown = str(folder) if before is None else f"{before.place}, {folder}"
        disks[number] = Room(place=shown, need_bytes=need + (before.need_bytes if before else 0), free_bytes=free)
    return (*found, *disks.values())


def password_look(settings: Settings, app: Address) -> PasswordLook:
    """Return whether the app's password is one that everybody tries first."""
    return PasswordLook(guessable=_guessable(app, settings.app.name))


def secrets_look(settings: Settings) -> SecretsLook:
    """Return what of the app's secrets others may see."""
    try:
        git = secrets_in_git(settings.folder)
    except CommandFailed as fault:
        if not any((folder / ".git").exists() for folder in (settings.folder, *settings.folder.parents)):
            git = None  # no git on this machine, and none in the folder
        else:
            raise fault
    return SecretsLook(
        tracked=git.tracked if git else (),
        historic=git.historic if git else (),
        open=open_secrets(settings.folder),
        git=git is not None,
    )


def _guessable(app: Address, name: str) -> Sentence | None:
    if app.password is None or app.is_socket:
        return None
    password = app.password.reveal().lower()
    if not password:
        return say("the database's password is empty")
    if password in {app.user.lower(), app.database.lower(), name}:
        return say("the database's password is the name of its role, its database or the app")
    return say("the database's password is one that everybody tries first") if password in USUAL_PASSWORDS else None


def _variables(docker: Docker, compose: RunningProject, *, service: str) -> set[str]:
    said = compose.project.services[service].get("environment") or {}
    image = image_of(docker, compose.project.image_of(service)) or {}
    return {*said, *(pair.partition("=")[0] for pair in (image.get("Config") or {}).get("Env") or ())}


def _image(docker: Docker, reference: str, *, app: str) -> ImageLook:
    known = image_of(docker, reference)
    repository = repository_of(reference)
    digests = [str(each).partition("@")[0] for each in (known or {}).get("RepoDigests") or ()]
    if known is not None and repository not in digests:
        return ImageLook(reference=reference, built=True)
    try:
        parsed = parse_reference(reference)
        DockerRegistry(docker, app=app, clock=SystemClock()).resolve((("app", reference),), allowed=frozenset({parsed.place}))
    except AmankanError as fault:
        return ImageLook(reference=reference, why=fault.cannot)
    return ImageLook(reference=reference)


def _server_place(around: Around | Unseen) -> str:
    holder = (
        ""
        if isinstance(around, Unseen) or around.compose is None or around.app is None
        else (around.compose.project.holder_of(around.app.host))
    )
    return f"database ({holder})" if holder else "database"


def _server_room(server: ServerLook, around: Around | Unseen) -> int | None:
    if server.facts.free_bytes is not None or isinstance(around, Unseen) or around.compose is None or around.app is None:
        return server.facts.free_bytes
    holder = around.compose.project.holder_of(around.app.host)
    if not holder:
        return None
    return condition(around.compose.settings, around.compose.project, service=holder).free_bytes
