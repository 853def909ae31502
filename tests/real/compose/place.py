"""The runtime and its project, for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.kit.docker.examples import Project
from tests.kit.docker.place import cache_folder

from amankan.adapters.clocks.system import SystemChance, SystemClock
from amankan.adapters.disks.local import LocalDisk
from amankan.adapters.runtimes.compose.runtime import ComposeRuntime
from amankan.adapters.runtimes.compose.settings import ComposeSettings, Reach, Variables
from amankan.model.claim import Claim
from amankan.model.release import Image, Release
from amankan.model.secret import Secret
from amankan.proc.docker import Docker

# Whoever else tests on this machine must not end the commands of this one, another worker of the same session neither; a
# process that is begun by a test has the same run.
RUN = os.environ.setdefault(
    f"AMANKAN_TEST_RUN_{os.environ.get('PYTEST_XDIST_WORKER', '')}", f"20260105T101500Z-shop-{os.getpid():08x}"
)
CLAIM = Claim(run=RUN, epoch=1)
CLONE = "ocn_clone"


def docker_of(project: Project) -> Docker:
    """Return the engine of a project, as the product speaks to it."""
    folder = cache_folder()
    return Docker(
        address=project.engine.address, program=str(folder / "bin" / "docker"), settings_folder=str(folder / "config")
    )


def reach_of(url: str) -> Reach:
    """Return where a database is, told by one variable."""
    parts = urlsplit(url)

    def variables(host: str, port: int, database: str) -> Variables:
        place = f"{parts.username}:{parts.password}@{host}:{port}"
        changed = parts._replace(netloc=place, path=f"/{database}")
        return (("DATABASE_URL", Secret(urlunsplit(changed))),)

    return Reach(host=parts.hostname or "", port=parts.port or 5432, variables=variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A running project, its runtime, and the releases of its image."""

    project: Project
    settings: ComposeSettings
    runtime: ComposeRuntime
    release: Callable[[str], Release]

    @property
    def docker(self) -> Docker:
        """The engine."""
        return self.settings.docker

    def with_files(self, *files: str) -> ComposeSettings:
        """Return the settings with other files."""
        return replace(self.settings, files=files)

    def runtime_of(self, *files: str) -> ComposeRuntime:
        """Return the runtime for other files."""
        return runtime_of(self.with_files(*files))

    def containers(self, service: str) -> list[dict[str, Any]]:
        """Return what the engine knows of the containers of a service."""
        labels = (f"com.docker.compose.project={self.project.name}", f"com.docker.compose.service={service}")
        return list(self.docker.containers(*labels))

    def clone(self, name: str = CLONE) -> None:
        """A copy of the database stands beside it, made behind a fence of the test's own."""
        self.project.compose("exec", "-T", "db", "sh", "-c", f'createdb -U "$POSTGRES_USER" {name}')
        self.project.compose(
            "exec", "-T", "db", "sh", "-c", f'pg_dump -U "$POSTGRES_USER" ocn | psql -qX -U "$POSTGRES_USER" {name}'
        )

    def untouched(self) -> tuple[object, ...]:
        """Return what must be equal before and after of the database's container."""
        (database,) = self.containers("db")
        networks = {name: end["IPAddress"] for name, end in database["NetworkSettings"]["Networks"].items()}
        mounts = [(mount.get("Name"), mount["Destination"]) for mount in database["Mounts"]]
        return (database["Id"], database["State"]["StartedAt"], database["State"]["Pid"], mounts, networks)


def runtime_of(settings: ComposeSettings) -> ComposeRuntime:
    """Return the runtime, as one more process has it."""
    return ComposeRuntime(settings, disk=LocalDisk(settings.state, SystemChance()), clock=SystemClock())


def shop(project: Project, *, digest: Callable[[str], str], url: str, files: tuple[str, ...] = ("docker-compose.yml",)) -> Shop:
    """Return the runtime of a project; `digest` tells a tag's digest."""
    state = Path(project.folder) / ".amankan"
    settings = ComposeSettings(
        docker=docker_of(project),
        folder=project.folder,
        files=files,
        services=(project.service,),
        state=state,
        reach=reach_of(url),
        grace_seconds=2.0,
    )
    runtime = runtime_of(settings)
    name = next(
        line.partition("=")[2]
        for line in (project.folder / ".env").read_text().splitlines()
        if f"{project.prefix}_IMAGE=" in line
    )

    def release(tag: str) -> Release:
        return Release(label=tag, images=(Image(service=project.service, reference=f"{name}:{tag}", digest=digest(tag)),))

    return Shop(project=project, settings=settings, runtime=runtime, release=release)
