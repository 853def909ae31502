"""The same services as another project, in which nothing but the database can be reached: a pure reading of the first."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from amankan.adapters.runtimes.compose.project import Project, Words
from amankan.adapters.runtimes.compose.relay import PROGRAM, SOCKET, TARGET, program, socket_service
from amankan.adapters.runtimes.compose.relay import service as program_service
from amankan.adapters.runtimes.compose.seen import doors_text
from amankan.adapters.runtimes.compose.settings import Environment
from amankan.model.release import Release
from amankan.model.secret import Secret
from amankan.proc.docker import (
    APP,
    DATABASE_LABEL,
    DIGEST_LABEL,
    DOORS_LABEL,
    NEEDED,
    RELAY,
    ROLE_LABEL,
    RUN_LABEL,
    SERVICE_LABEL,
)

RELAY_SERVICE: Final = "amankan-relay"
# How the dark services call the database where its own name is none that a network can give: an address, or this machine.
DATABASE_ALIAS: Final = "amankan-database"

# What travels; everything else (ports, names, rights, devices, other networks, the machine's own namespaces) stays behind.
KEPT: Final = frozenset(
    {
        *("command", "cpus", "entrypoint", "environment", "healthcheck", "init", "mem_limit", "memswap_limit", "pids_limit"),
        *("platform", "read_only", "shm_size", "stop_grace_period", "stop_signal", "sysctls", "tmpfs", "ulimits", "user"),
        *("working_dir", "configs", "secrets"),
    }
)

# An address for documentation (RFC 5737), to which no way leads. Not one of 127.0.0.0/8: an engine may leave that out and ask
# its usual resolvers instead. An older engine says nothing when it cannot ask, so the wait is cut short on our side.
NO_RESOLVER: Final = {"dns": ["192.0.2.1"], "dns_opt": ["timeout:1", "attempts:1"]}

_NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    How the relay comes to the database: through which network of the engine (empty: its own), to which address.

    Where `socket` is given, it is led to that unix socket of this machine, and has no network but the dark one.
    """

    network: str
    address: str
    host: str
    port: int
    socket: str = ""

    @property
    def alias(self) -> str:
        """The name by which the dark services call the database."""
        return alias_of(self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What a release in the dark is made from: names of images and mounts by service are those of the engine."""

    run: str
    database: str
    release: Release
    images: Mapping[str, str]
    mounts: Mapping[str, tuple[Words, ...]]
    variables: Environment
    way: Way


def alias_of(host: str) -> str:
    """Return how the dark services call the database of a host: by the usual name, wherever a network can give it."""
    return host if _NAME.fullmatch(host) and host != "localhost" else DATABASE_ALIAS


def dark_name(run: str) -> str:
    """Return the name of the run's own project."""
    return f"amankan-{hashlib.sha256(run.encode()).hexdigest()[:12]}"


def dark_project(project: Project, night: Night) -> Project:
    """Return the project of the release in the dark."""
    apps = {image.service: image.digest for image in night.release.images}
    services = {name: _service(project, name, night=night) for name in night.images}
    for name, digest in apps.items():
        service = services[name]
        service["labels"] |= {ROLE_LABEL: APP, DIGEST_LABEL: digest, DATABASE_LABEL: night.database}
        service["environment"] = _environment(service.get("environment"), night.variables)
    model: Words = {
        "name": dark_name(night.run),
        "services": {**services, RELAY_SERVICE: _relay(night)},
        "networks": _networks(night),
        "volumes": _volumes(night),
        **{kind: project.model[kind] for kind in ("configs", "secrets") if kind in project.model},
    }
    return Project(model=model)


def _service(project: Project, name: str, *, night: Night) -> Words:
    said = project.services[name]
    depends = {other: how for other, how in (said.get("depends_on") or {}).items() if other in night.images}
    return {
        **{word: value for word, value in said.items() if word in KEPT},
        "image": night.images[name],
        "labels": {
            **_labels(night.run),
            ROLE_LABEL: NEEDED,
            SERVICE_LABEL: name,
            DOORS_LABEL: doors_text(said.get("ports") or ()).replace("$", "$$"),
        },
        "networks": {"dark": {"aliases": sorted(_aliases(said) - {night.way.alias})}},
        "depends_on": {**depends, RELAY_SERVICE: {"condition": "service_started", "required": True}},
        "volumes": list(night.mounts.get(name, ())),
        **NO_RESOLVER,
        "restart": "no",
        "security_opt": ["no-new-privileges:true"],
    }


def _aliases(said: Words) -> set[str]:
    networks = (said.get("networks") or {}).values()
    aliases = {alias for network in networks for alias in (network or {}).get("aliases", ())}
    return aliases | ({said["container_name"]} if said.get("container_name") else set())


def _environment(said: Mapping[str, str | None] | None, variables: Environment) -> dict[str, str | None]:
    opened = {name: value.reveal() if isinstance(value, Secret) else value for name, value in variables}
    return dict(said or {}) | {name: value.replace("$", "$$") for name, value in opened.items()}


def _relay(night: Night) -> Words:
    port, here = str(night.way.port), {"dark": {"aliases": [night.way.alias]}}
    common: Words = {"labels": {**_labels(night.run), ROLE_LABEL: RELAY}, **NO_RESOLVER}
    if night.way.socket:
        return {**socket_service(night.way.socket), **common, "entrypoint": program(PROGRAM, port, SOCKET), "networks": here}
    return {
        **program_service(),
        **common,
        "entrypoint": program(PROGRAM, port, TARGET, port),
        "networks": {**here, "way": None},
        "extra_hosts": {TARGET: night.way.address},
    }


def _networks(night: Night) -> dict[str, Any]:
    dark = {
        "internal": True,
        # Without it the machine itself has an address in the network, and whatever listens on it could be reached.
        "driver_opts": {"com.docker.network.bridge.inhibit_ipv4": "true"},
        "labels": _labels(night.run),
    }
    if night.way.socket:
        return {"dark": dark}
    way = {"external": True, "name": night.way.network} if night.way.network else {"labels": _labels(night.run)}
    return {"dark": dark, "way": way}


def _volumes(night: Night) -> dict[str, Any]:
    mounts = (mount for mounts in night.mounts.values() for mount in mounts if mount["type"] == "volume")
    sources = {str(mount["source"]) for mount in mounts if "source" in mount}
    return {source: {"external": True, "name": source} for source in sorted(sources)}


def _labels(run: str) -> dict[str, str]:
    return {RUN_LABEL: run}
