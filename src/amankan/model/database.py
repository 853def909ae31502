"""One database of a server, as its catalogue shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

from amankan.model.marker import Marker

# What every new database has, though its user may drop it, and no dump tells that it is gone.
BORN_WITH: Final[tuple[tuple[str, LiteralString], ...]] = (
    ("extension plpgsql", "DROP EXTENSION IF EXISTS plpgsql"),
    ("schema public", "DROP SCHEMA IF EXISTS public"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """
    A database by name.

    `oid` goes along when it is renamed. `mark` is the run that made it, written only when it was complete, and goes
    along too; empty for those that no run made. `admits` tells whether the server lets anybody connect. `marker` says
    which app it belongs to, None where nobody said so.
    """

    name: str
    oid: int
    admits: bool
    mark: str = ""
    marker: Marker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """
    What a migration tool recorded in a database: migrations applied, in order, and those begun and never finished.
    """

    applied: tuple[str, ...]
    failed: tuple[str, ...] = ()

    def holds(self, expected: tuple[str, ...]) -> bool:
        """
        Tell whether all that is expected was applied and nothing failed.

        More may be there, and in another order: tools keep rows of what was replaced or removed since, and apply what
        was merged late after what is newer.
        """
        return not self.failed and set(expected) <= set(self.applied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """
    What `CREATE DATABASE` must be told so that a dump of `name` fits into the new database; empty where nothing is.

    `provider` is the server's word for where the locale comes from (`libc`, `icu`, `builtin`); `locale` and `rules` are
    that provider's own. `without` names what every new database has and this one lacks: words of `BORN_WITH`.
    """

    name: str
    owner: str = ""
    encoding: str = "UTF8"
    provider: str = "libc"
    collate: str = ""
    ctype: str = ""
    locale: str = ""
    rules: str = ""
    without: tuple[str, ...] = ()

    @property
    def drops(self) -> tuple[LiteralString, ...]:
        """The statements that take out of a new database what the original lacks."""
        return tuple(statement for word, statement in BORN_WITH if word in self.without)
