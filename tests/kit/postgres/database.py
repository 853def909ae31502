"""Databases and roles that a test makes on a server."""

from __future__ import annotations

import secrets
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from psycopg import sql

from tests.kit.postgres.place import environment

if TYPE_CHECKING:
    import psycopg

    from tests.kit.postgres.server import Server


def hard_password() -> str:
    """Return a new password that must be escaped in a URL, in a password file, in a shell and in SQL."""
    return f"p@:/%{secrets.token_urlsafe(9)}'\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role that can log in, with its password in the clear: it lives as long as the test's server."""

    name: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database that exists; used by `with` it is dropped at the end, whoever is connected."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        """The superuser's address of this database."""
        return self.server.url(self.name)

    def url_for(self, role: Role) -> str:
        """Return a role's address of this database."""
        return self.server.url(self.name, role=role)

    def connect(self, **changes: Any) -> psycopg.Connection[Any]:
        """Return the superuser's connection in autocommit; keywords replace parts of it."""
        return self.server.connect(self.name, **changes)

    def execute(self, script: str) -> None:
        """Run a script of one or many statements as the superuser, all of them in one transaction."""
        with self.connect() as connection:
            connection.execute(script.encode())

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Return the answer to one query."""
        with self.connect() as connection:
            return connection.execute(question.encode()).fetchall()

    def value(self, question: str) -> Any:
        """Return the first column of the answer's first row."""
        return self.rows(question)[0][0]

    def run(self, program: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a client program of the server's build against this database as its superuser and return what it said."""
        return subprocess.run(
            [self.server.build.program(program), *words],
            check=check,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=environment() | self.server.client_environment(self.name),
        )

    def drop(self) -> None:
        """Drop the database, its subscriptions first, ending the sessions that are in it."""
        self._drop_subscriptions()
        with self.server.connect() as connection:
            name = sql.Identifier(self.name)
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))

    def _drop_subscriptions(self) -> None:
        # A database that has one cannot be dropped, and dropping one whose publisher is far needs these steps before.
        with self.server.connect() as connection:
            found = connection.execute(
                "select subname from pg_subscription join pg_database d on d.oid = subdbid where datname = %s",
                [self.name],
            ).fetchall()
        if not found:
            return
        with self.connect() as connection:
            for name in (sql.Identifier(name) for (name,) in found):
                connection.execute(sql.SQL("alter subscription {} disable").format(name))
                connection.execute(sql.SQL("alter subscription {} set (slot_name = none)").format(name))
                connection.execute(sql.SQL("drop subscription {}").format(name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.server.running:
            self.drop()
