"""The way from the dark to the database, found without touching either."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from typing import Final

from amankan.adapters.runtimes.compose.dark import Way
from amankan.adapters.runtimes.compose.project import Project
from amankan.adapters.runtimes.compose.seen import NOT_ONE_OFF, PROJECT_LABEL, SERVICE_LABEL, address_in
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.errors import RuntimeFailed
from amankan.model.sentence import say

# The engine's own word for the machine as its containers see it.
THIS_MACHINE: Final = "host-gateway"


def find_way(settings: ComposeSettings, project: Project) -> Way:
    """Return how a relay comes to the database; RuntimeFailed where nobody answers to its name, or no socket is there."""
    reach = settings.reach
    if reach.socket:
        if not Path(reach.socket).is_socket():
            raise RuntimeFailed(say("cannot reach the database: {socket} is no socket", socket=reach.socket))
        return Way(network="", address="", host=reach.host, port=reach.port, socket=reach.socket)
    holder = project.holder_of(reach.host)
    if holder:
        network, address = _in_project(settings, project, holder=holder)
    else:
        network, address = "", _outside(settings, project)
    return Way(network=network, address=address, host=reach.host, port=reach.port)


def _in_project(settings: ComposeSettings, project: Project, *, holder: str) -> tuple[str, str]:
    """Return a network that the database's container is in, and its address there."""
    labels = (f"{PROJECT_LABEL}={project.name}", f"{SERVICE_LABEL}={holder}", NOT_ONE_OFF)
    for container in settings.docker.containers(*labels):
        for network in sorted(container["NetworkSettings"]["Networks"]):
            address = address_in(container, network)
            if address:
                return network, address
    raise stands_nowhere(project, holder)


def stands_nowhere(project: Project, service: str) -> RuntimeFailed:
    """
    Return what a user is told who may have started the database under another name of the project.

    To start it now would make a new and empty one beside it.
    """
    return RuntimeFailed(
        say(
            "cannot reach the database: the service {service} of the project {project} does not run",
            service=service,
            project=project.name,
        ),
        next=say("docker compose ls --all"),
    )


def _outside(settings: ComposeSettings, project: Project) -> str:
    """Return the address that the app's containers have for the host, as its file or this machine's resolver says."""
    host = settings.reach.host
    for service in settings.services:
        for name, address in _extra_hosts(project.services[service].get("extra_hosts")):
            if name == host:
                return address
    if host in ("localhost", "host.docker.internal"):
        return THIS_MACHINE
    try:
        address = str(socket.getaddrinfo(host, settings.reach.port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as fault:
        raise RuntimeFailed(say("cannot reach the database: no address is known for {host}", host=host)) from fault
    return THIS_MACHINE if ipaddress.ip_address(address.partition("%")[0]).is_loopback else address


def _extra_hosts(said: object) -> list[tuple[str, str]]:
    if isinstance(said, dict):
        return [(str(name), str(value)) for name, address in said.items() for value in _each(address)]
    words = said if isinstance(said, list) else []
    return [(word.replace("=", ":", 1).partition(":")[0], word.replace("=", ":", 1).partition(":")[2]) for word in words]


def _each(address: object) -> list[object]:
    return address if isinstance(address, list) else [address]
