"""A small database of an app, another role's things beside it, to which level deny of the guard is put."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from amankan.adapters.guards.postgres.install import install, remove
from amankan.model.guard import Change, Changes
from tests.kit.guarded import drop_role, run
from tests.kit.postgres.database import Database, Role
from tests.kit.postgres.server import Server

PRIVILEGES = """
WITH thing(name, owner, acl) AS (
    SELECT 'the database', datdba, coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace
    UNION ALL SELECT oid::regclass::text, relowner,
        coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
    FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'S')
    UNION ALL SELECT attrelid::regclass || '.' || attname, 0, attacl FROM pg_attribute WHERE attacl IS NOT NULL
    UNION ALL SELECT oid::regprocedure::text, proowner, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
    UNION ALL SELECT 'later ones of ' || defaclrole::regrole, defaclnamespace, defaclacl FROM pg_default_acl
)
SELECT name, owner::regrole::text, a.grantee::regrole::text, a.grantor::regrole::text, a.privilege_type, a.is_grantable
FROM thing, aclexplode(acl) a WHERE owner <> 10 ORDER BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An app's own small database."""

    database: Database
    app: Role

    def admin(self, script: str) -> None:
        """Run the superuser's statements; {db}, {app}, {owner} and {other} stand for names."""
        with self.database.connect() as connection:
            run(connection, self.named(script))

    def named(self, script: str) -> str:
        """Return the statements with the names in them."""
        names = {"db": self.database.name, "app": self.app.name, "owner": self.owner, "other": f"other_{self.app.name}"}
        for word, name in names.items():
            script = script.replace(f"{{{word}}}", f'"{name}"')
        return script

    @property
    def owner(self) -> str:
        """The name that the owner has unless it is taken."""
        return f"{self.database.name}_owner"

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend the app's own connection."""
        with self.database.connect(user=self.app.name, password=self.app.password) as connection:
            yield connection

    def run(self, script: str) -> None:
        """Run the app's statements, each script in a session of its own."""
        with self.connect() as connection:
            run(connection, self.named(script))

    def install(self) -> Changes:
        """Level deny is installed."""
        with self.database.connect() as connection:
            return install(connection, "deny", app_role=self.app.name)

    def remove(self) -> tuple[Change, ...]:
        """The guard is gone."""
        with self.database.connect() as connection:
            return remove(connection)

    def privileges(self) -> list[tuple[Any, ...]]:
        """Return owners and privileges, the defaults written out."""
        return self.database.rows(PRIVILEGES)

    def owners(self) -> dict[str, str]:
        """Return who owns each relation."""
        return dict(self.database.rows("SELECT relname::text, pg_get_userbyid(relowner)::text FROM pg_class WHERE oid > 16384"))


def lend_place(server: Server) -> Iterator[Place]:
    """Lend a database that belongs to its app, with another role beside it that has a schema and a table of its own."""
    database = server.database()
    place = Place(database=database, app=server.role(f"app_{database.name}"))
    place.admin(
        "CREATE ROLE {other} NOLOGIN; ALTER DATABASE {db} OWNER TO {app}; ALTER SCHEMA public OWNER TO {app};"
        "CREATE SCHEMA theirs AUTHORIZATION {other}; SET ROLE {other};"
        "CREATE TABLE theirs.numbers (n serial, secret text); INSERT INTO theirs.numbers (n) VALUES (7)"
    )
    place.run("CREATE TABLE kinds (id integer PRIMARY KEY); INSERT INTO kinds VALUES (1)")
    yield place
    place.admin("ALTER DATABASE {db} IS_TEMPLATE false")
    database.drop()
    with server.connect() as connection:
        names = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname ~ %s OR rolname = 'amankan_guard' ORDER BY rolname ~ 'owner', 1",
            [database.name],
        )
        for (name,) in names.fetchall():
            drop_role(connection, name)
