"""The container that answers at an address is found by what the engine says of it."""

from __future__ import annotations

from typing import Any

import pytest

from amankan.adapters.engines.postgres.address import Address
from amankan.wiring.programs import answers


def container(*, ports: dict[str, Any] | None = None, addresses: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what the engine says of a container."""
    networks = {f"network {number}": {"IPAddress": address} for number, address in enumerate(addresses)}
    return {"NetworkSettings": {"Ports": ports, "Networks": networks}}


PUBLISHED = container(
    ports={"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "15432"}], "8080/tcp": None}, addresses=("10.0.0.2",)
)
OTHER = container(ports={"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "15432"}], "5432/tcp": None}, addresses=("", "10.0.0.3"))


@pytest.mark.parametrize(
    ("host", "port", "published", "other"),
    [
        ("127.0.0.1", 15432, True, False),
        ("localhost", 15432, True, False),
        ("::1", 15432, True, False),
        ("127.0.0.1", 5432, False, False),
        ("10.0.0.2", 5432, True, False),
        ("10.0.0.3", 5432, False, True),
        ("10.0.0.9", 5432, False, False),
        ("db.example.org", 15432, False, False),
        ("", 15432, False, False),
    ],
)
def test_answers(*, host: str, port: int, published: bool, other: bool) -> None:
    """By the port that is published here, or by an address in one of its networks; a port of something else is none."""
    address = Address(scheme="postgresql", host=host, port=port, user="a", password=None, database="a")
    assert (published, other) == (answers(PUBLISHED, address), answers(OTHER, address))
