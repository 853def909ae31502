"""The records of migration tools, read from PostgreSQL without trusting them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from amankan.adapters.migrators.site import Row
from amankan.errors import MigrationFailed
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.proc.redact import redact

# A tool writes one row for each migration; the largest apps have some thousands.
MOST_ROWS: Final = 20_000
MOST_CHARACTERS: Final = 4_000

# Policies could hide rows, so they are an error; nothing waits long for a table that somebody locked.
_WRITING: Final = (
    "-c row_security=off -c search_path=pg_catalog -c statement_timeout=20s -c lock_timeout=5s"
    " -c DateStyle=ISO -c TimeZone=UTC -c client_min_messages=error"
)
_READING: Final = _WRITING + " -c default_transaction_read_only=on"
_TABLES: Final[LiteralString] = """
    select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'amankan_guard')
"""
# Only columns whose text the server itself makes: a type, or a generated column, may run code of the owner's.
_COLUMNS: Final[LiteralString] = """
    select a.attname from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = pg_catalog.format('%%I.%%I', %s::text, %s::text)::pg_catalog.regclass and a.attnum > 0
      and not a.attisdropped and a.attgenerated = '' and t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
"""

# What runs with a table, such as a trigger, is its owner's: only our own is written.
_OWN_TABLE: Final[LiteralString] = """
    create table if not exists amankan.amankan_ledger (name text primary key, finished boolean not null)
"""
_OWNED: Final[LiteralString] = """
    select c.relowner = (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user)
    from pg_catalog.pg_class c where c.oid = 'amankan.amankan_ledger'::pg_catalog.regclass
"""
_NOTE: Final[LiteralString] = """
    insert into amankan.amankan_ledger (name, finished) values (%s, %s)
    on conflict (name) do update set finished = excluded.finished
"""

Session = psycopg.Connection[tuple[Any, ...]]


class PostgresBooks:
    """Keeps the promise of `Books` with a short session for every question."""

    def __init__(self, conninfo: Callable[[str], Secret], *, schema: str = "") -> None:
        """Read the databases that `conninfo` leads to by name; `schema` is where the tool keeps its table, if it was said."""
        self._conninfo, self._schema = conninfo, schema

    def tables(self, database: str) -> tuple[str, ...]:
        """Return the names of all ordinary tables, sorted."""
        with self._session(database) as session:
            return tuple(sorted({name for _, name in session.execute(_TABLES)}))

    def read(self, database: str, table: str, *, columns: tuple[str, ...], order: tuple[str, ...]) -> tuple[Row, ...] | None:
        """Return the rows of the one table of that name, or None."""
        with self._session(database) as session:
            place = self._place(session, database, table=table)
            if place is None:
                return None
            known = {name for (name,) in session.execute(_COLUMNS, (place, table))}
            missing = sorted({*columns, *order} - known)
            if missing:
                raise MigrationFailed(
                    say("cannot read {table} of {database}: it has no column {column}", table=table, database=database,
                        column=missing[0])
                )  # fmt: skip
            rows = session.execute(_question(place, table, columns=columns, order=order)).fetchall()
        if len(rows) > MOST_ROWS:
            raise MigrationFailed(
                say("cannot read {table} of {database}: it has more than {rows} rows", table=table, database=database,
                    rows=MOST_ROWS)
            )  # fmt: skip
        return tuple(rows)

    def note(self, database: str, name: str, *, finished: bool) -> None:
        """Our own ledger holds the name; no time stands beside it, so that two databases can be compared."""
        with self._session(database, options=_WRITING) as session, session.transaction():
            session.execute("create schema if not exists amankan")
            session.execute(_OWN_TABLE)
            owned = session.execute(_OWNED).fetchone()
            if owned is None or not owned[0]:
                raise MigrationFailed(
                    say("cannot keep a ledger in {database}: amankan.amankan_ledger belongs to somebody else",
                        database=database)
                )  # fmt: skip
            session.execute(_NOTE, (name, finished))

    def _place(self, session: Session, database: str, *, table: str) -> str | None:
        """Return the schema in which the table is."""
        found = sorted(schema for schema, name in session.execute(_TABLES) if name == table)
        if self._schema:
            return self._schema if self._schema in found else None
        if len(found) > 1:
            raise MigrationFailed(
                say("cannot tell which {table} of {database} counts: there is one in {first} and one in {second}",
                    table=table, database=database, first=found[0], second=found[1])
            )  # fmt: skip
        return found[0] if found else None

    @contextmanager
    def _session(self, database: str, *, options: str = _READING) -> Iterator[Session]:
        conninfo = self._conninfo(database)
        try:
            with psycopg.connect(conninfo.reveal(), autocommit=True, options=options) as session:
                yield session
        except psycopg.Error as fault:
            reason = redact(" ".join(str(fault).split()), (conninfo.reveal(),))
            raise MigrationFailed(
                say("cannot read the ledger of {database}: {reason}", database=database, reason=reason)
            ) from fault


def _question(schema: str, table: str, *, columns: tuple[str, ...], order: tuple[str, ...]) -> sql.Composed:
    shown = [sql.SQL("left({}::text, {})").format(sql.Identifier(name), MOST_CHARACTERS) for name in columns]
    return sql.SQL("select {} from only {} order by {} limit {}").format(
        sql.SQL(", ").join(shown),
        sql.Identifier(schema, table),
        sql.SQL(", ").join(sql.Identifier(name) for name in order),
        MOST_ROWS + 1,
    )
