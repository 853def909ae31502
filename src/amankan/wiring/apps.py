"""What keeps an app running, where its images are, and how its database is reached from here."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urlsplit

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.telling import moved, told_variables
from amankan.adapters.runtimes.compose.project import Project, render
from amankan.adapters.runtimes.compose.seen import NOT_ONE_OFF, PROJECT_LABEL, SERVICE_LABEL
from amankan.adapters.runtimes.compose.settings import ComposeSettings, Reach
from amankan.adapters.runtimes.compose.way import find_way
from amankan.adapters.runtimes.process.notes import Notes
from amankan.adapters.runtimes.process.runtime import SERVICE, ProcessSettings
from amankan.config.references import AskContainer
from amankan.config.settings import ComposeSettings as Compose
from amankan.config.settings import ContainerReference, DatabaseSettings, EnvironmentReference, Settings
from amankan.config.settings import ProcessSettings as Process
from amankan.model.runtime import ServiceState
from amankan.model.secret import Secret
from amankan.operations.guess.database import joined
from amankan.proc.airlock.enclosed import Airlock
from amankan.proc.airlock.reach import Reach as DarkReach
from amankan.proc.airlock.reach import Variables
from amankan.proc.docker import Docker

STATE: Final = ".amankan"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningProject:
    """A Compose project as its user starts it, and what it says, rendered whole."""

    settings: ComposeSettings
    project: Project

    def container_of(self, service: str) -> Mapping[str, Any] | None:
        """Return what the engine knows of the first container of a service, or None where it has none."""
        labels = (f"{PROJECT_LABEL}={self.project.name}", f"{SERVICE_LABEL}={service}", NOT_ONE_OFF)
        return next(iter(self.settings.docker.containers(*labels)), None)


def compose_of(settings: Settings, app: Address | None) -> RunningProject | None:
    """Return the Compose project of the configuration, or None; raises RuntimeFailed where it cannot be read."""
    if not isinstance(settings.runtime, Compose):
        return None
    found = _compose(settings, settings.runtime, app=app)
    return RunningProject(settings=found, project=render(found))


def process_reach(settings: Settings, app: Address, *, server: Address | None = None) -> DarkReach:
    """
    Return how a process in the dark comes to the databases of one server, and to nothing else.

    Args:
        settings: those of the app.
        app: how the app comes in, and where production is.
        server: the one server, if not production's.
    """
    place = server or app

    def telling(database: str, *, host: str, port: int) -> Variables:
        elsewhere = moved(app, host=host, port=port, database=database)
        return told_variables(templates(settings), _inside(app, place=place, elsewhere=elsewhere))

    found = dict(place.parameters).get("hostaddr", "")
    hidden = (app.host,) if app.host.startswith("/") else ()
    name = place.host if found else ""
    return DarkReach(airlock=Airlock(host=found or place.host, port=place.port, name=name, hidden=hidden), telling=telling)


def _compose(settings: Settings, compose: Compose, *, app: Address | None) -> ComposeSettings:
    """Return a project as its user starts it: the file, and the one that Compose itself puts beside it."""
    file = settings.folder / compose.file
    beside = file.with_name(f"{file.stem}.override{file.suffix}")

    def variables(*place: str | int) -> tuple[tuple[str, Secret], ...]:
        host, port, database = place
        if app is None:
            return ()
        elsewhere = moved(app, host=str(host), port=int(port), database=str(database))
        return told_variables(templates(settings), elsewhere)

    return ComposeSettings(
        docker=docker_here(),
        folder=file.parent,
        files=(file.name, *((beside.name,) if beside.exists() else ())),
        services=compose.services,
        state=settings.folder / STATE,
        reach=Reach(host=app.host if app else "", port=app.port if app else 0, variables=variables),
    )


def docker_here() -> Docker:
    """Return the engine of this machine, or the one that the user's own client speaks to."""
    usual = Docker()
    host, config = os.environ.get("DOCKER_HOST"), os.environ.get("DOCKER_CONFIG")
    return Docker(address=host or usual.address, settings_folder=config or usual.settings_folder)


def container_asked(settings: Settings) -> AskContainer | None:
    """Return what says of a variable of a service what the Compose file, rendered whole, says; None without a project."""
    compose = settings.runtime
    if not isinstance(compose, Compose):
        return None

    def ask(service: str, name: str) -> str | None:
        project = render(_compose(settings, compose, app=None))
        said = (project.services.get(service, {}).get("environment") or {}).items()
        variables = {key: str(value).replace("$$", "$") for key, value in said if value is not None}
        if dict(settings.database.environment).get(name, "{url}") == "{host}":
            return _put_together(joined(variables, settings.database.environment))
        return variables.get(name)

    return ask


def _put_together(parts: Mapping[str, str]) -> str | None:
    """Return the address of which an app is told in parts, or None where one of them is missing."""
    if not {"host", "name", "user"} <= set(parts):
        return None
    user, password, name = (quote(parts.get(part, ""), safe="") for part in ("user", "password", "name"))
    host = f"[{parts['host']}]" if ":" in parts["host"] else parts["host"]
    return f"postgresql://{user}{f':{password}' if password else ''}@{host}:{parts.get('port', '5432')}/{name}"


def reachable(compose: RunningProject | None, address: Address) -> Address:
    """Return the address as this machine reaches it: a name inside a Compose project is that of a container."""
    if compose is None or address.is_socket or not compose.project.holder_of(address.host):
        return address
    reach = Reach(host=address.host, port=address.port, variables=compose.settings.reach.variables)
    way = find_way(replace(compose.settings, reach=reach), compose.project)
    return moved(address, host=way.address, port=address.port, database=address.database)


def process_state(settings: Settings) -> ServiceState:
    """Return how an app stands that is one process."""
    note = Notes(settings.folder / STATE / "process").read(SERVICE)
    runs = note is not None and note.runs
    return ServiceState(service=SERVICE, digest="" if note is None else note.digest, running=runs, open=runs, restart="")


def process_settings(settings: Settings, process: Process) -> ProcessSettings:
    """Return how the process of a configuration is kept."""
    return ProcessSettings(
        root=settings.folder / process.folder,
        state=settings.folder / STATE / "process",
        start=tuple(shlex.split(process.command)),
        port=urlsplit(process.address).port or 80,
    )


def _inside(app: Address, *, place: Address, elsewhere: Address) -> Address:
    """Return the address as it is inside: without words that lead around the host or ask a socket for what networks have."""
    left = {"host", "hostaddr", "port"} | ({"sslmode", "requirepeer", "channel_binding"} if place.is_socket else set())
    return replace(
        elsewhere,
        given=tuple(each for each in app.given if each[0] not in left),
        parameters=tuple(each for each in app.parameters if each[0] not in left),
    )


def templates(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return how the app is told of its database; where nothing is said, by the variable that its address is read from."""
    match settings.database:
        case DatabaseSettings(environment=(), url=EnvironmentReference(name=name) | ContainerReference(name=name)):
            return ((name, "{url}"),)
        case database:
            return database.environment
