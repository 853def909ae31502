"""How an app is told of its database: by variables whose values are made from an address."""

from __future__ import annotations

from dataclasses import replace

from amankan.adapters.engines.postgres.address import Address
from amankan.model.secret import Secret

Templates = tuple[tuple[str, str], ...]


def told_variables(templates: Templates, address: Address) -> tuple[tuple[str, Secret], ...]:
    """Return each variable with its template filled: {url}, {host}, {port}, {name}, {user} and {password}."""
    facts = {
        "url": address.url().reveal(),
        "host": address.host,
        "port": str(address.port),
        "name": address.database,
        "user": address.user,
        "password": "" if address.password is None else address.password.reveal(),
    }
    return tuple((name, Secret(template.format_map(facts))) for name, template in templates)


def moved(address: Address, *, host: str, port: int, database: str) -> Address:
    """Return the address with another place, for the same role and with the same parameters."""
    return replace(address, host=host, port=port, database=database)
