"""A guarded shop: the corpus's database on a real server, with an app's role as it is at each level of the guard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from amankan.adapters.guards.postgres.install import install
from amankan.model.guard import Level, Limit, Limits
from tests.kit.corpus import shop
from tests.kit.postgres.database import Database, Role
from tests.kit.postgres.server import Server

LIMITS = Limits(default=Limit(), tables=(("public.free_*", Limit(free=True)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A database with a guard, and the role that its app connects as."""

    database: Database
    role: Role
    level: Level

    def connect(self, **changes: Any) -> psycopg.Connection[Any]:
        """Return the app's own connection in autocommit."""
        return self.database.connect(user=self.role.name, password=self.role.password, **changes)

    def close(self) -> None:
        """Drop the database and the roles that were made for it."""
        with self.database.server.connect() as connection:
            name = sql.Identifier(self.database.name)
            connection.execute(sql.SQL("alter database {} is_template false").format(name))
            self.database.drop()
            for role in (f"{self.database.name}_owner", self.role.name, "amankan_guard"):
                drop_role(connection, role)


def make_shop(server: Server, level: Level) -> Guarded:
    """Return a new database that belongs to the app's role, a superuser at level watch, filled by itself, unguarded."""
    database = server.database()
    role = server.role()
    with server.connect() as connection:
        names = {"database": sql.Identifier(database.name), "role": sql.Identifier(role.name)}
        connection.execute(sql.SQL("alter database {database} owner to {role}").format(**names))
        if level == "watch":
            connection.execute(sql.SQL("alter role {role} superuser").format(**names))
    guarded = Guarded(database=database, role=role, level=level)
    with database.connect() as connection:
        connection.execute(sql.SQL("alter schema public owner to {}").format(sql.Identifier(role.name)))
    with guarded.connect() as connection:
        run(connection, shop())
    return guarded


def guard_shop(server: Server, level: Level, *, limits: Limits = LIMITS) -> Guarded:
    """Return a new shop with a guard at this level."""
    guarded = make_shop(server, level)
    with guarded.database.connect() as connection:
        install(connection, level, limits=limits, app_role=guarded.role.name)
    return guarded


def drop_role(connection: psycopg.Connection[Any], role: str) -> None:
    """There is no such role any more, unless another database still needs it."""
    try:
        connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))
    except psycopg.errors.DependentObjectsStillExist:
        return


def run(connection: psycopg.Connection[Any], script: str) -> None:
    """Run statements of a test, in the text that it wrote down."""
    connection.execute(sql.SQL(script))
