"""Where the containers of an app take connections: one that merely runs may still be starting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amankan.adapters.runtimes.compose.seen import Placed
from amankan.proc.detached import listens


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A port at which a service took connections, and of which image it was."""

    service: str
    digest: str
    port: int


def open_doors(placed: Iterable[Placed]) -> tuple[Door, ...]:
    """Return where the running containers take connections now; nothing where this machine cannot reach them."""
    found = {
        Door(service=each.service, digest=each.digest, port=port)
        for each in placed
        if each.running
        for port in each.ports
        if _listens(each, port)
    }
    return tuple(sorted(found, key=lambda door: (door.service, door.digest, door.port)))


def shut_doors(doors: Iterable[Door], placed: Iterable[Placed]) -> tuple[Door, ...]:
    """Return those of the doors at which a container of their service takes no connections, whatever image it is of."""
    containers = tuple(placed)
    return tuple(door for door in doors if not _all_listen(door, containers))


def _all_listen(door: Door, placed: tuple[Placed, ...]) -> bool:
    own = [each for each in placed if each.service == door.service]
    return bool(own) and all(_listens(each, door.port) for each in own)


def _listens(container: Placed, port: int) -> bool:
    return any(listens(port, address) for address in container.addresses)
