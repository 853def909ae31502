"""What of a project runs, read from its containers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from amankan.model.runtime import DarkState, ServiceState
from amankan.proc.docker import APP, DATABASE_LABEL, DIGEST_LABEL, ROLE_LABEL, RUN_LABEL, Docker
from amankan.proc.images import digest_of

PROJECT_LABEL: Final = "com.docker.compose.project"
SERVICE_LABEL: Final = "com.docker.compose.service"
NUMBER_LABEL: Final = "com.docker.compose.container-number"
# A container of `docker compose run` is no part of the service.
NOT_ONE_OFF: Final = "com.docker.compose.oneoff=False"

GOING: Final = frozenset({"running", "restarting", "paused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """
    One container of a service; it has addresses while it runs, and ports whether or not anything listens there.

    `fresh` is one that never ran.
    """

    id: str
    name: str
    service: str
    number: int
    digest: str
    fresh: bool
    running: bool
    attached: bool
    restart: str
    addresses: tuple[str, ...]
    ports: tuple[int, ...]


def placed(docker: Docker, project: str, *, services: Iterable[str]) -> tuple[Placed, ...]:
    """Return the containers of these services, sorted by service and number; reads only."""
    wanted = set(services)
    found = [
        container
        for container in docker.containers(f"{PROJECT_LABEL}={project}", NOT_ONE_OFF)
        if _labels(container).get(SERVICE_LABEL) in wanted
    ]
    images = {image["Id"]: image for image in docker.inspect("image", sorted({each["Image"] for each in found}))}
    read = (_placed(container, images.get(container["Image"])) for container in found)
    return tuple(sorted(read, key=lambda each: (each.service, each.number, each.id)))


def states(containers: Iterable[Placed], *, services: Iterable[str]) -> tuple[ServiceState, ...]:
    """Return the state of each service, sorted; one without a container has no digest, one that is mixed has several."""
    containers = tuple(containers)
    return tuple(_state(name, [each for each in containers if each.service == name]) for name in sorted(services))


def dark(docker: Docker) -> tuple[DarkState, ...]:
    """Return what runs have started in the dark, sorted by run; a part of it counts."""
    found: dict[tuple[str, str], list[str]] = {}
    for container in docker.containers(RUN_LABEL, f"{ROLE_LABEL}={APP}"):
        labels = _labels(container)
        found.setdefault((labels[RUN_LABEL], labels.get(DATABASE_LABEL, "")), []).append(labels.get(DIGEST_LABEL, ""))
    return tuple(
        DarkState(run=run, database=database, digests=tuple(sorted(digests)))
        for (run, database), digests in sorted(found.items())
    )


def address_in(container: Mapping[str, Any], network: str) -> str:
    """Return the container's address in a network; empty where it has none."""
    endpoint = container["NetworkSettings"]["Networks"].get(network) or {}
    return str(endpoint.get("IPAddress") or endpoint.get("GlobalIPv6Address") or "")


def _state(name: str, containers: list[Placed]) -> ServiceState:
    return ServiceState(
        service=name,
        digest=" ".join(sorted({each.digest for each in containers})),
        running=any(each.running for each in containers),
        open=any(each.running and each.attached for each in containers),
        restart=" ".join(sorted({each.restart for each in containers})),
    )


def _placed(container: dict[str, Any], image: dict[str, Any] | None) -> Placed:
    labels, number = _labels(container), 0
    if labels.get(NUMBER_LABEL, "").isdigit():
        number = int(labels[NUMBER_LABEL])
    return Placed(
        id=container["Id"],
        name=str(container["Name"]).removeprefix("/"),
        service=labels[SERVICE_LABEL],
        number=number,
        digest=digest_of(container, image),
        fresh=container["State"]["Status"] == "created",
        running=container["State"]["Status"] in GOING,
        attached=bool(set(container["NetworkSettings"]["Networks"]) - {"none"}),
        restart=_restart(container["HostConfig"].get("RestartPolicy") or {}),
        addresses=tuple(filter(None, (address_in(container, name) for name in container["NetworkSettings"]["Networks"]))),
        ports=_ports(container),
    )


def _ports(container: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the TCP ports that the image exposes or the project publishes, sorted."""
    named = {*(container["Config"].get("ExposedPorts") or {}), *(container["HostConfig"].get("PortBindings") or {})}
    return tuple(sorted(int(name.partition("/")[0]) for name in named if name.partition("/")[2] in ("", "tcp")))


def _restart(policy: Mapping[str, Any]) -> str:
    name, count = policy.get("Name") or "no", policy.get("MaximumRetryCount") or 0
    return f"{name}:{count}" if count else str(name)


def _labels(container: Mapping[str, Any]) -> dict[str, str]:
    return dict(container["Config"].get("Labels") or {})


def doors_text(ports: Iterable[Mapping[str, Any]]) -> str:
    """Return the label that tells which published port leads to which port of the container."""
    pairs = [(str(port.get("published") or ""), str(port["target"])) for port in ports if port.get("protocol", "tcp") == "tcp"]
    return json.dumps(sorted(pairs))
