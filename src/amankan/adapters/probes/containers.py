"""A release that runs in containers, as the probes see it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult

from amankan.adapters.probes.asking import ask, path_of, web
from amankan.errors import ProbeFailed
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.proc.docker import APP, DIGEST_LABEL, DOORS_LABEL, RELAY, ROLE_LABEL, RUN_LABEL, SERVICE_LABEL, Docker
from amankan.proc.heard import heard
from amankan.proc.images import digest_of
from amankan.proc.redact import secrets_among

MOST_LINES: Final = 5000
MOST_SECRET_BYTES: Final = 1 << 16

# Where Compose lays the files of its `secrets` inside.
SECRET_FILES: Final = "/run/secrets/"

PROJECT_LABEL: Final = "com.docker.compose.project"
COMPOSE_SERVICE_LABEL: Final = "com.docker.compose.service"

# Asks one address for one path and says the status; runs inside, where nobody else can ask.
ASK: Final = """
import http.client, sys
host, port, name, scheme, path = sys.argv[1:]
link = http.client.HTTPConnection(host, int(port), timeout=10)
link.request('GET', path, headers={'Host': name, 'X-Forwarded-Proto': scheme, 'User-Agent': 'amankan', 'Connection': 'close'})
answer = link.getresponse()
answer.read(65536)
print(answer.status)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Containers:
    """The containers of one app: `project` and `services` are Compose's own words for those that the world sees."""

    docker: Docker
    project: str
    services: tuple[str, ...]

    def ask_dark(self, url: str, *, run: str, release: Release) -> int:
        """Return the status that the new container itself answers with; ProbeFailed where nobody answers."""
        parts = web(url)
        container, port = _door(self._dark(run, release), parts)
        (relay,) = self.docker.containers(f"{RUN_LABEL}={run}", f"{ROLE_LABEL}={RELAY}") or ({},)
        if not relay:
            raise ProbeFailed(say("cannot ask {url}: the way into the dark is gone", url=url))
        address = _shared_address(container, relay)
        words = (address, port, parts.netloc.rpartition("@")[2], parts.scheme, path_of(parts))
        interpreter = relay["Config"]["Entrypoint"][0]
        said = self.docker.ask("exec", relay["Id"], interpreter, "-I", "-S", "-c", ASK, *words, limit_seconds=15.0)
        return int(said)

    def ask_live(self, url: str, *, release: Release) -> int:
        """Return the status that the world gets; ProbeFailed where a container of another release has the port."""
        parts = web(url)
        port = str(parts.port or (443 if parts.scheme == "https" else 80))
        numbers = self.docker.ask("container", "ls", "--no-trunc", "--quiet", "--filter", f"publish={port}").split()
        digests = {image.digest for image in release.images}
        for container in self.docker.inspect("container", numbers):
            images = self.docker.inspect("image", (container["Image"],))
            if self._is_app(container) and digest_of(container, next(iter(images), None)) not in digests:
                raise ProbeFailed(say("cannot trust {url}: a container of another release answers", url=url))
        return ask(parts)

    def conditions(self, *, run: str = "") -> tuple[tuple[str, str], ...]:
        """Return, of each container of the app (of a run in the dark, where given), its service and how it is; `ok` is well."""
        found = self._labelled(run)
        return tuple((_service(container), _condition(container)) for container in found)

    def lines(self, *, run: str = "") -> tuple[str, ...]:
        """Return the newest lines that the app's containers wrote, of both streams, without what they are told in secret."""
        said = (self._said(container) for container in self._labelled(run))
        return tuple(line for text in said for line in text.splitlines() if line.strip())

    def _said(self, container: dict[str, Any]) -> str:
        pairs = (pair.partition("=") for pair in container["Config"].get("Env") or ())
        files = (mount for mount in container.get("Mounts") or () if str(mount.get("Destination")).startswith(SECRET_FILES))
        told = (*((name, value) for name, _, value in pairs), *(("secret", _held(file)) for file in files))
        command = self.docker.command("container", "logs", f"--tail={MOST_LINES}", container["Id"])
        return heard(replace(command, secrets=secrets_among(told)))

    def _labelled(self, run: str) -> tuple[dict[str, Any], ...]:
        if run:
            return self.docker.containers(f"{RUN_LABEL}={run}", f"{ROLE_LABEL}={APP}")
        found = self.docker.containers(f"{PROJECT_LABEL}={self.project}", "com.docker.compose.oneoff=False")
        return tuple(container for container in found if self._is_app(container))

    def _dark(self, run: str, release: Release) -> list[dict[str, Any]]:
        digests = {image.digest for image in release.images}
        found = [each for each in self._labelled(run) if each["Config"]["Labels"].get(DIGEST_LABEL) in digests]
        running = [container for container in found if container["State"]["Status"] == "running"]
        if not running:
            raise ProbeFailed(say("cannot ask the new release: no container of it runs in the dark"))
        return running

    def _is_app(self, container: dict[str, Any]) -> bool:
        labels = container["Config"].get("Labels") or {}
        return labels.get(PROJECT_LABEL) == self.project and labels.get(COMPOSE_SERVICE_LABEL) in self.services


def _held(mount: dict[str, Any]) -> str:
    """Return what a file of Compose's `secrets` says, where this machine has it."""
    with suppress(OSError), Path(str(mount.get("Source"))).open("rb") as file:
        return file.read(MOST_SECRET_BYTES).decode(errors="replace").strip()
    return ""


def _door(containers: list[dict[str, Any]], parts: SplitResult) -> tuple[dict[str, Any], str]:
    """Return the container, and its port, that a published port leads to; the only one there is where no port says so."""
    doors = [
        (container, published, target)
        for container in containers
        for published, target in json.loads(container["Config"]["Labels"].get(DOORS_LABEL, "[]"))
    ]
    port = str(parts.port or (443 if parts.scheme == "https" else 80))
    for container, published, target in doors:
        if published == port:
            return container, target
    exposed = [
        (container, name.partition("/")[0])
        for container in containers
        for name in container["Config"].get("ExposedPorts") or {}
    ]
    targets = [(container, target) for container, _, target in doors] or exposed
    if len(targets) == 1:
        return targets[0]
    raise ProbeFailed(say("cannot tell which container answers at port {port}: no service publishes it", port=port))


def _shared_address(container: dict[str, Any], relay: dict[str, Any]) -> str:
    ends, others = container["NetworkSettings"]["Networks"], relay["NetworkSettings"]["Networks"]
    return next(str(end["IPAddress"] or end["GlobalIPv6Address"]) for name, end in ends.items() if name in others)


def _service(container: dict[str, Any]) -> str:
    labels = container["Config"].get("Labels") or {}
    return str(labels.get(SERVICE_LABEL) or labels.get(COMPOSE_SERVICE_LABEL) or container["Name"])


def _condition(container: dict[str, Any]) -> str:
    state = container["State"]
    if state["Status"] != "running":
        return f"{state['Status']}, exit status {state['ExitCode']}" + (", out of memory" if state.get("OOMKilled") else "")
    if container.get("RestartCount"):
        return f"restarted {container['RestartCount']} times"
    return "unhealthy" if (state.get("Health") or {}).get("Status") == "unhealthy" else "ok"
