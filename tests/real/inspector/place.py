"""What the tests of the inspector have in common."""

from __future__ import annotations

from contextlib import closing
from itertools import count

import psycopg
from psycopg import sql

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.inspector.inspector import PostgresInspector
from amankan.model.impact import TableChange

_NUMBERS = count(1)


class Bench:
    """A throwaway server in which databases are made, changed as an app would, and looked at."""

    def __init__(self, address: Address) -> None:
        """The server runs."""
        self.address = address
        self.inspector = PostgresInspector(address=address, clock=SystemClock())
        self.major = self.run("postgres", "show server_version_num") // 10000

    def database(self, script: str = "", *, name: str = "") -> str:
        """Return the name of a new database in which the script was run."""
        name = name or f"app_{next(_NUMBERS)}"
        with closing(self.session("postgres")) as session:
            session.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        if script:
            self.run(name, script)
        return name

    def session(self, database: str, *, name: str = "the app") -> psycopg.Connection[tuple[int]]:
        """Return a session as the app has one."""
        return psycopg.connect(
            host=self.address.host, port=5432, user=self.address.user, dbname=database, application_name=name, autocommit=True
        )

    def run(self, database: str, script: str) -> int:
        """Run a script and return the first number that it answers with."""
        with closing(self.session(database)) as session:
            cursor = session.execute(script.encode())
            return int((cursor.fetchone() or (0,))[0]) if cursor.description else 0

    def difference(self, before: str, migration: str) -> dict[str, TableChange]:
        """Return what a migration did to the rows of a new database, by table."""
        database = self.database(before)
        kept = self.inspector.keep(database)
        self.run(database, migration)
        return {change.table: change for change in self.inspector.difference(kept, database)}
