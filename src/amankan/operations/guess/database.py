"""How an app is told of its database, guessed from its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_URL: Final = re.compile(r"(?:postgres|postgresql)(?:\+[a-z0-9]+)?://", re.IGNORECASE)
_FOREIGN: Final = re.compile(
    r"(?:mysql|mysql2|mariadb|mongodb(?:\+srv)?|sqlserver|mssql|oracle)(?:\+[a-z0-9]+)?://", re.IGNORECASE
)
_PLACE: Final = re.compile(r"(?P<stem>(?:[A-Z0-9_]*_)?(?:DB|DATABASE|POSTGRES|POSTGRESQL|PG|SQL))_?(?P<what>[A-Z]+)")
_PARTS: Final = {
    "host": ("HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS"),
    "port": ("PORT",),
    "name": ("NAME", "DATABASE", "DB", "DBNAME"),
    "user": ("USER", "USERNAME", "LOGIN"),
    "password": ("PASSWORD", "PASS", "PWD"),
}
_USUAL: Final = ("DATABASE_URL", "POSTGRES_URL", "DB_URL", "DATABASE_URI", "SQLALCHEMY_DATABASE_URI", "POSTGRES_PRISMA_URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    The variables by which an app is told of its database.

    `templates` pairs each with its template; the first is the one that the address is read from. `host` is what it says.
    """

    templates: tuple[tuple[str, str], ...]
    host: str

    @property
    def first(self) -> str:
        """The variable that the address is read from."""
        return self.templates[0][0]

    @property
    def whole(self) -> bool:
        """Whether one variable holds the whole address."""
        return self.templates[0][1] == "{url}"


def told_by(variables: Mapping[str, str]) -> Told | None:
    """Return how these variables tell of a PostgreSQL database, or None where they do not."""
    urls = [name for name, value in variables.items() if _URL.match(value)]
    if urls:
        first = min(urls, key=lambda name: (_USUAL.index(name) if name in _USUAL else len(_USUAL), name))
        host = _host(variables[first])
        same = sorted(name for name in urls if name != first and _same(variables[name], variables[first]))
        return Told(templates=tuple((name, "{url}") for name in (first, *same)), host=host)
    return _in_parts(variables)


def foreign(variables: Mapping[str, str]) -> str:
    """Return the kind of another database that these variables tell of; empty where there is none."""
    found = next((match for value in variables.values() if (match := _FOREIGN.match(value))), None)
    return found[0].partition(":")[0].partition("+")[0].lower() if found else ""


def joined(variables: Mapping[str, str], templates: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return the parts of an address by what they are, read from the variables of templates that hold one part each."""
    return {
        template.strip("{}"): variables[name]
        for name, template in templates
        if template.strip("{}") in _PARTS and name in variables and variables[name]
    }


def _in_parts(variables: Mapping[str, str]) -> Told | None:
    stems: dict[str, dict[str, str]] = {}
    for name in variables:
        match = _PLACE.fullmatch(name)
        part = next((part for part, words in _PARTS.items() if match and match["what"] in words), None)
        if match and part:
            stems.setdefault(match["stem"], {}).setdefault(part, name)
    for found in stems.values():
        if {"host", "name", "user"} <= set(found) and variables[found["host"]].strip():
            pairs = tuple((found[part], f"{{{part}}}") for part in _PARTS if part in found)
            return Told(templates=pairs, host=variables[found["host"]])
    return None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _same(one: str, other: str) -> bool:
    """Tell whether two addresses lead to one database, whatever else they say."""
    try:
        first, second = urlsplit(one), urlsplit(other)
        return (first.hostname, first.port, first.path) == (second.hostname, second.port, second.path)
    except ValueError:
        return False
