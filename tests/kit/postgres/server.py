"""A real PostgreSQL server that a test may use, kill and start again."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, LiteralString, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.kit.postgres.build import Build
from tests.kit.postgres.cluster import SUPERUSER, copy, template
from tests.kit.postgres.database import Database, Role, hard_password
from tests.kit.postgres.postmaster import Postmaster
from tests.kit.postgres.session import open_session


class Server:
    """
    One running server on a loopback port and a unix socket; passwords are asked for everywhere and need escaping.

    Start it from a thread that lives as long as it must: the server ends with that thread, so that no killed test run
    leaves one behind.
    """

    def __init__(self, build: Build, *, settings: Mapping[str, str] | None = None, access: str = "") -> None:
        """
        Start a fresh cluster.

        Args:
            build: which PostgreSQL.
            settings: names and values for postgresql.conf, as they would stand there (text in single quotes).
            access: lines put before those of pg_hba.conf.
        """
        self.build = build
        self._session = open_session()
        self._postmaster = Postmaster(build, self._session.home)
        try:
            source = template(build)
            copy(source, self.data_dir)
            self._configure(settings or {}, access)
            self.admin = Role(name=SUPERUSER, password=source.password)
            self.start()
            self._renew_password()
        except BaseException:
            self.close()
            raise

    @property
    def version(self) -> int:
        """The major version."""
        return self.build.version

    @property
    def bin_dir(self) -> Path:
        """The folder of the server programs."""
        return self.build.bin_dir

    @property
    def client_dir(self) -> Path:
        """The folder of `psql`, `pg_dump` and `pg_restore`: `bin_dir`, except for 14."""
        return self.build.client_dir

    @property
    def port(self) -> int:
        """The port on 127.0.0.1; it stays the same over restarts."""
        return self._postmaster.port

    @property
    def socket_dir(self) -> Path:
        """The folder of the unix socket, closed to everybody but root and the servers' account."""
        return self._session.home

    @property
    def data_dir(self) -> Path:
        """The cluster's data directory."""
        return self._postmaster.data_dir

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        return self._postmaster.log

    @property
    def running(self) -> bool:
        """Whether the server's first process lives."""
        return self._postmaster.running

    @property
    def admin_url(self) -> str:
        """The superuser's address of the database postgres."""
        return self.url()

    def url(self, database: str = "postgres", *, role: Role | None = None) -> str:
        """Return an address, every part of it percent-encoded; without a role the superuser's."""
        who = role or self.admin
        account = f"{quote(who.name, safe='')}:{quote(who.password, safe='')}"
        return f"postgresql://{account}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def client_environment(self, database: str = "postgres") -> dict[str, str]:
        """Return the PG variables by which a client program reaches a database as the superuser."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": self.admin.name,
            "PGPASSWORD": self.admin.password,
            "PGDATABASE": database,
        }

    def connect(self, database: str = "postgres", **changes: Any) -> psycopg.Connection[Any]:
        """Return the superuser's connection over TCP in autocommit; keywords replace parts of it."""
        parts: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.admin.name,
            "password": self.admin.password,
            "dbname": database,
            "autocommit": True,
        }
        return psycopg.connect(**parts | changes)

    def database(self, name: str | None = None, *, template: str = "template1", owner: str = SUPERUSER) -> Database:
        """
        Make a database, by default under a name of its own, and return it; used by `with` it is dropped at the end.

        Cost: tens of milliseconds for a small template, to which nobody may be connected.
        """
        name = name or f"test_{secrets.token_hex(6)}"
        # Copying files costs half of what logging their pages costs, and is what 14 does anyway.
        strategy: LiteralString = " strategy file_copy" if self.version > 14 else ""
        words = sql.SQL("create database {} template {} owner {}" + strategy)
        with self.connect() as connection:
            connection.execute(words.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(owner)))
        return Database(server=self, name=name)

    def role(self, name: str | None = None, *, attributes: LiteralString = "login") -> Role:
        """Make a role with a new password and return it; it stays until the server goes."""
        role = Role(name=name or f"role_{secrets.token_hex(6)}", password=hard_password())
        words = sql.SQL("create role {} " + attributes + " password {}")
        with self.connect() as connection:
            connection.execute(words.format(sql.Identifier(role.name), sql.Literal(role.password)))
        return role

    def start(self) -> None:
        """Start the stopped or killed server and wait until it accepts connections."""
        self._postmaster.start()

    def stop(self, mode: str = "fast") -> None:
        """Stop as `pg_ctl stop --mode` would (smart, fast, immediate), and wait for the end."""
        self._postmaster.stop(mode)

    def restart(self, mode: str = "fast") -> None:
        """Stop, and start again on the same port."""
        self.stop(mode)
        self.start()

    def kill9(self) -> None:
        """
        Kill every process of the server at one stroke, as a power failure would; `start` brings it back.

        Nothing is lost that was committed: what the processes wrote is with the kernel, which lives on.
        """
        self._postmaster.kill9()

    def close(self) -> None:
        """End the server and remove all that it had."""
        self._postmaster.kill9()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _configure(self, settings: Mapping[str, str], access: str) -> None:
        with (self.data_dir / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        if access:
            rules = self.data_dir / "pg_hba.conf"
            rules.write_text(f"{access}\n{rules.read_text()}")

    def _renew_password(self) -> None:
        """Give this server's superuser a password of its own: the template's is known to every session."""
        renewed = Role(name=self.admin.name, password=hard_password())
        words = sql.SQL("alter role {} password {}")
        with self.connect() as connection:
            connection.execute(words.format(sql.Identifier(renewed.name), sql.Literal(renewed.password)))
        self.admin = renewed
