"""The migration tools by name, and what a command says of its tool."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from amankan.adapters.migrators.alembic import AlembicMigrator
from amankan.adapters.migrators.command import CommandMigrator, UnrecordedMigrator
from amankan.adapters.migrators.django import DjangoMigrator
from amankan.adapters.migrators.entrypoint import EntrypointMigrator
from amankan.adapters.migrators.kinds import kind_of
from amankan.adapters.migrators.prisma import PrismaMigrator
from amankan.adapters.migrators.site import Notebook, Site
from amankan.errors import ConfigurationFault
from amankan.model.sentence import say
from amankan.ports.clock import Clock
from amankan.ports.migrator import Migrator

ENTRYPOINT: Final = "entrypoint"
COMMAND: Final = "command"

_OPERATORS: Final = frozenset({"&&", "||", ";", "|", "&", ">", "<", ">>"})
_PROGRAMS: Final = {
    "prisma": "prisma",
    "manage.py": "django",
    "django-admin": "django",
    "alembic": "alembic",
    "flask": "alembic",
    "rails": "rails",
    "rake": "rails",
    "artisan": "laravel",
    "knex": "knex",
    "typeorm": "typeorm",
    "typeorm-ts-node-commonjs": "typeorm",
    "typeorm-ts-node-esm": "typeorm",
    "sequelize": "sequelize",
    "sequelize-cli": "sequelize",
    "flyway": "flyway",
    "dbmate": "dbmate",
    "node-pg-migrate": "node-pg-migrate",
    "drizzle-kit": "drizzle",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    How an app is migrated: the tool's name, its words (none for what the tool does by rule), and its own folder.

    `entrypoint` tells that the image migrates when it starts; `name` then is the tool within.
    """

    name: str
    words: tuple[str, ...] = ()
    folder: str = ""
    entrypoint: bool = False


def words_of(text: str) -> tuple[str, ...]:
    """
    Return the words of `database.migrate`; no shell reads them.

    Raises:
        ConfigurationFault: it is empty, a quote stays open, or it wants a shell.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as fault:
        raise ConfigurationFault(say("cannot read database.migrate: a quote stays open")) from fault
    if not words:
        raise ConfigurationFault(say("cannot read database.migrate: it is empty"))
    joined = next((word for word in words if word in _OPERATORS or word.endswith(";")), None)
    if joined is not None and words[0] not in {"sh", "bash"}:
        raise ConfigurationFault(
            say("cannot read database.migrate: {sign} is understood by a shell alone", sign=joined),
            next=say("write: sh -c '…'"),
        )
    return words


def tool_named(words: tuple[str, ...]) -> str | None:
    """Return the name of the tool that a command names itself, or None for a script that hides it."""
    return next((_PROGRAMS[name] for word in words if (name := word.rpartition("/")[2].partition("@")[0]) in _PROGRAMS), None)


def make_migrator(wish: Wish, site: Site, *, notebook: Notebook, clock: Clock) -> Migrator:
    """
    Return the migrator of a tool by name.

    Raises:
        ConfigurationFault: there is no such tool, or it is not told what it must be.
    """
    kept = _kept(wish, site)
    if kept is None:
        if wish.entrypoint or not wish.words:
            raise ConfigurationFault(
                say("cannot migrate by {name}: no ledger of it is known", name=wish.name),
                next=say("write the command of the app's migration tool as database.migrate"),
            )
        return UnrecordedMigrator(site, wish.words, notebook=notebook)
    return EntrypointMigrator(site, kept, clock=clock) if wish.entrypoint else kept


def _kept(wish: Wish, site: Site) -> PrismaMigrator | DjangoMigrator | AlembicMigrator | CommandMigrator | None:
    match wish.name:
        case "prisma":
            return PrismaMigrator(site, wish.words) if wish.words else PrismaMigrator(site)
        case "django":
            return DjangoMigrator(site, wish.words) if wish.words else DjangoMigrator(site)
        case "alembic":
            return AlembicMigrator(site, wish.words) if wish.words else AlembicMigrator(site)
    kind = kind_of(wish.name)
    if kind is None or not (wish.words or wish.entrypoint):
        return None
    return CommandMigrator(site, wish.words, kind=kind, folder=wish.folder)
