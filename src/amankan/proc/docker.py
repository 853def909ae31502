"""One Docker Engine, and the words by which everything that a run makes there is found again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from amankan.errors import CommandFailed
from amankan.model.claim import Claim
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.daemon import listed, socket_of, told_of
from amankan.proc.run import attempt, run
from amankan.proc.stream import Stream

# Labels of everything that a run makes in the engine; nothing without the first one is ever removed.
RUN_LABEL: Final = "amankan.run"
ROLE_LABEL: Final = "amankan.role"
SERVICE_LABEL: Final = "amankan.service"
DATABASE_LABEL: Final = "amankan.database"
DIGEST_LABEL: Final = "amankan.digest"
DOORS_LABEL: Final = "amankan.doors"

# What a container of a run is for: the new release, a fresh copy of what it needs, the one way to the database, one command.
APP: Final = "app"
NEEDED: Final = "needed"
RELAY: Final = "relay"
ERRAND: Final = "errand"

# By this variable a command is found that outlived the process of its run.
RUN_VARIABLE: Final = "AMANKAN_RUN"

# An engine answers a question in milliseconds; on a machine that swaps it took ten seconds.
ASK_SECONDS: Final = 60.0

# A folder of an image is some hundred megabytes.
COPY_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """
    One engine by its address; the surroundings have no say in which.

    `settings_folder` holds the client's plugins and the credentials of registries; empty for the client's own rule.
    """

    address: str = "unix:///var/run/docker.sock"
    program: str = "docker"
    settings_folder: str = ""

    def command(self, *words: str, limit_seconds: float = ASK_SECONDS, claim: Claim | None = None) -> Command:
        """Return the client's command; with a claim, `settle` finds it when it outlives its process."""
        environment = [("DOCKER_HOST", self.address), ("COMPOSE_PROGRESS", "plain"), ("COMPOSE_ANSI", "never")]
        if self.settings_folder:
            environment.append(("DOCKER_CONFIG", self.settings_folder))
        if claim is not None:
            environment.append((RUN_VARIABLE, claim.run))
        return Command(words=(self.program, *words), limit_seconds=limit_seconds, environment=tuple(environment))

    def ask(self, *words: str, limit_seconds: float = ASK_SECONDS) -> str:
        """Return what a command that changes nothing wrote; raises CommandFailed, or TimedOut."""
        return run(self.command(*words, limit_seconds=limit_seconds)).output.decode(errors="replace").strip()

    def copied(self, container: str, path: str) -> Iterator[bytes]:
        """
        Yield a file or folder of a container as a tar, whether it runs or not; the path's last part begins every name.

        Raises:
            CommandFailed: it is not there, or what was yielded is not whole.
        """
        with Stream(self.command("cp", f"{container}:{path}", "-", limit_seconds=COPY_SECONDS)) as stream:
            yield from stream.pieces()
            stream.finish()

    def containers(self, *labels: str) -> tuple[dict[str, Any], ...]:
        """Return what the engine knows of the containers with all these labels, whether they run or not."""
        return self.inspect("container", self.labelled("container", *labels))

    def labelled(self, kind: str, *labels: str) -> tuple[str, ...]:
        """Return the names by which things of one kind (container, network, volume) with all these labels are asked for."""
        socket = socket_of(self.address)
        if socket:
            return listed(socket, kind, limit_seconds=ASK_SECONDS, label=list(labels))
        every = ("--all", "--no-trunc") if kind == "container" else ()
        filters = (word for label in labels for word in ("--filter", f"label={label}"))
        return tuple(self.ask(kind, "ls", *every, "--quiet", *filters).split())

    def inspect(self, kind: str, names: Iterable[str]) -> tuple[dict[str, Any], ...]:
        """Return what the engine knows of things of one kind; those that are gone are left out."""
        names = tuple(names)
        if not names:
            return ()
        socket = socket_of(self.address)
        if socket:
            told = (told_of(socket, kind, name=name, limit_seconds=ASK_SECONDS) for name in names)
            return tuple(each for each in told if each is not None)
        outcome = attempt(self.command(kind, "inspect", "--", *names))
        try:
            found = json.loads(outcome.output or b"[]")
        except ValueError:
            found = None
        if not isinstance(found, list) or (outcome.status != 0 and "no such" not in outcome.messages.lower()):
            raise CommandFailed(say("cannot ask the Docker Engine: {said}", said=outcome.messages.strip()))
        return tuple(found)
