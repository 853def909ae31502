"""A service of a release, started by its own entrypoint in the dark, for as long as it takes to migrate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from amankan.adapters.runtimes.compose.errand import Errand, errand_project, hidden
from amankan.adapters.runtimes.compose.night import stop_dark
from amankan.adapters.runtimes.compose.project import Project, compose, from_rendered
from amankan.adapters.runtimes.compose.seen import GOING
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.adapters.runtimes.compose.told import told
from amankan.model.claim import Claim
from amankan.model.secret import Secret
from amankan.proc.docker import ERRAND, ROLE_LABEL, RUN_LABEL, Docker
from amankan.proc.heard import heard
from amankan.proc.run import run

MOST_LINES: Final = 1000


@contextmanager
def boot_errand(settings: ComposeSettings, project: Project, *, errand: Errand, claim: Claim) -> Iterator[Boot]:
    """
    The service runs by the image's own entrypoint, or the one that the project gives it, until the context is left.

    Afterwards nothing of the run is left in the dark. `words` of the errand are not used.

    Raises:
        RuntimeFailed: it could not be started, or not be removed.
        TimedOut: the start took too long.
    """
    try:
        with told("start the new image"):
            made = errand_project(settings, project, errand=errand, claim=claim)
            words = (*from_rendered(made), "up", "--detach", "--no-build", "--pull=never")
            command = compose(settings, *words, limit_seconds=errand.limit_seconds, claim=claim)
            command = replace(command, secrets=hidden(project, made, errand=errand))
            run(command, given=made.text())
        yield Boot(docker=settings.docker, run=claim.run, secrets=command.secrets)
    finally:
        with told("remove what ran in the new image"):
            stop_dark(settings, claim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """A service that was started by its own entrypoint."""

    docker: Docker
    run: str
    secrets: tuple[Secret, ...]

    def status(self) -> int | None:
        """Return its exit status, or None while it runs."""
        with told("look at what runs in the new image"):
            for container in self._containers():
                if container["State"]["Status"] in GOING:
                    return None
                return int(container["State"]["ExitCode"])
        return None

    def words(self) -> str:
        """Return the newest lines that it wrote, of both streams, without secrets."""
        with told("read what the new image says"):
            for container in self._containers():
                command = self.docker.command("container", "logs", f"--tail={MOST_LINES}", container["Id"])
                return heard(replace(command, secrets=self.secrets))
        return ""

    def _containers(self) -> tuple[dict[str, Any], ...]:
        return self.docker.containers(f"{RUN_LABEL}={self.run}", f"{ROLE_LABEL}={ERRAND}")
