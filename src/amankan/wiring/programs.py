"""PostgreSQL's programs for the work on one app: the machine's, and those of the container that its database runs in."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.programs.carried import carried
from amankan.adapters.engines.postgres.shelf import Shelf
from amankan.adapters.engines.postgres.throwaway.account import account
from amankan.adapters.engines.postgres.throwaway.server import own_folder
from amankan.adapters.engines.postgres.tools import Owner, Tools
from amankan.errors import CommandFailed, TimedOut
from amankan.proc.docker import Docker
from amankan.wiring.apps import RunningProject, docker_here

# For all apps of the machine: many run from one image.
CACHE: Final = "/var/cache/amankan/programs"

# Programs of an image that no backup was proved with for so long are not needed any more.
UNUSED_SECONDS: Final = 90 * 86_400.0

SERVER_PORT: Final = "5432/tcp"
HERE: Final = frozenset({"localhost", "host.docker.internal"})


def shelf_of(compose: RunningProject | None, address: Address, *, given: Address, cache: Path = Path(CACHE)) -> Shelf:
    """
    Return where programs for an app's database are found.

    Args:
        compose: its project, where it has one.
        address: as this machine reaches the database.
        given: as the app names it.
        cache: where programs out of images are kept.
    """

    def image(major: int) -> Tools | None:
        # Programs out of an image are foreign code: only root can have them run as an account that owns nothing.
        if os.geteuid() != 0 or address.is_socket:
            return None
        return _taken(compose, address, given=given, major=major, cache=cache)

    return Shelf(image=image)


def _taken(compose: RunningProject | None, address: Address, *, given: Address, major: int, cache: Path) -> Tools | None:
    docker = docker_here() if compose is None else compose.settings.docker
    container = _container(docker, compose, address=address, given=given)
    if container is None:
        return None
    for folder in (cache.parent, cache):
        own_folder(folder)
    whose = account()
    into = cache / f"{major}-{str(container['Image']).removeprefix('sha256:')[:16]}"
    found = carried(
        lambda path: docker.copied(str(container["Id"]), path),
        major=major,
        into=into,
        owner=Owner(uid=whose.uid, gid=whose.gid),
    )
    os.utime(into)
    _tidy(cache, now=SystemClock().now().timestamp())
    return found


def _container(docker: Docker, compose: RunningProject | None, *, address: Address, given: Address) -> Mapping[str, Any] | None:
    """Return the container that the database runs in, or None where it is in none of this engine's."""
    holder = compose.project.holder_of(given.host) if compose is not None else ""
    if compose is not None and holder:
        return compose.container_of(holder)
    with contextlib.suppress(CommandFailed, TimedOut):  # most databases that are in no project are in no container at all
        running = [each for each in docker.containers() if each["State"]["Running"]]
        return next((each for each in running if answers(each, address)), None)
    return None


def answers(container: Mapping[str, Any], address: Address) -> bool:
    """Tell whether a container is what answers at an address of this machine, or of a network of the engine's."""
    network = container["NetworkSettings"]
    published: Iterable[Mapping[str, str]] = (network.get("Ports") or {}).get(SERVER_PORT) or ()
    if _is_here(address.host):
        return any(each.get("HostPort") == str(address.port) for each in published)
    return address.host in {str(each.get("IPAddress")) for each in network["Networks"].values() if each.get("IPAddress")}


def _is_here(host: str) -> bool:
    if host in HERE:
        return True
    with contextlib.suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _tidy(cache: Path, *, now: float) -> None:
    """Programs that nobody used for long are gone, and so is what a death left half carried."""
    for folder in cache.iterdir():
        with contextlib.suppress(OSError):
            if now - folder.stat().st_mtime > UNUSED_SECONDS:
                shutil.rmtree(folder)
