"""Permits: rows that let statements pass for a while, in one database."""

from __future__ import annotations

from typing import Any, Final, LiteralString

import psycopg
from psycopg import errors

from amankan.adapters.guards.postgres.facts import guarded
from amankan.adapters.guards.postgres.install import speaking
from amankan.errors import ConfigurationFault, Refused
from amankan.model.guard import Leave
from amankan.model.permit import Permit
from amankan.model.sentence import say

MOST_MINUTES = 24 * 60

# Those that `permitted` in sql/refuse.sql would believe.
IN_FORCE = """
SELECT p.id::text, d.datname::text, p.why, p.expires_at, p.tables, p.run
FROM amankan_guard.permit p, pg_catalog.pg_database d, pg_catalog.pg_control_system() s
WHERE d.datname = pg_catalog.current_database() AND p.database_oid = d.oid
  AND p.system_identifier = s.system_identifier::text
  AND p.revoked_at IS NULL AND p.expires_at > pg_catalog.clock_timestamp()
ORDER BY p.id
"""

# What `--tables` may name: schema and table without quotes, a name of SQL, or a schema, which can be dropped too.
PLAIN: Final[LiteralString] = """
SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname || '.' || c.relname = %s
"""
PARSED: Final[LiteralString] = """
SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = pg_catalog.to_regclass(%s)
"""
WHOLE_SCHEMA: Final[LiteralString] = "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = %s"

Connection = psycopg.Connection[Any]


def permit(connection: Connection, leave: Leave) -> Permit:
    """
    Statements pass the guard of the connected database until the permit ends by the server's clock.

    Raises:
        ConfigurationFault: a time that is not within a day; nothing was written.
        Refused: no guard, no reason, no such table; nothing was written.
        EngineFailed: this role may not write permits; nothing was written.
    """
    minutes = leave.minutes
    if not leave.why.strip():
        raise Refused(say("cannot permit: it needs a reason"), next=say('aman permit --minutes 15 --why "..."'))
    if not 0 < minutes <= MOST_MINUTES:
        raise ConfigurationFault(
            say("cannot permit {minutes} minutes: 1 to {most}", minutes=minutes, most=MOST_MINUTES),
            next=say('aman permit --minutes 15 --why "..."'),
        )
    with speaking(say("permit")), connection.transaction():
        if not guarded(connection):
            raise Refused(say("cannot permit: there is no guard to pass"), next=say("aman guard install"))
        named = [_named(connection, table) for table in leave.tables]
        row = connection.execute(
            "INSERT INTO amankan_guard.permit"
            " (why, tables, role_name, run, expires_at, system_identifier, database_oid)"
            " SELECT %s, %s, %s, %s, pg_catalog.clock_timestamp() + pg_catalog.make_interval(mins => %s),"
            " s.system_identifier::text, d.oid"
            " FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d WHERE d.datname = current_database()"
            " RETURNING id::text, current_database()::text, expires_at",
            [leave.why, named or None, leave.role or None, leave.run or None, minutes],
        ).fetchone()
        assert row is not None
    number, database, until = row
    return Permit(id=number, database=database, why=leave.why, until=until, tables=tuple(named), run=leave.run)


def permits(connection: Connection) -> tuple[Permit, ...]:
    """Return the permits that are worth something in the connected database now, the oldest first; reads only."""
    with speaking(say("read the permits")), connection.transaction():
        if not guarded(connection):
            return ()
        found = connection.execute(IN_FORCE).fetchall()
    return tuple(
        Permit(id=id, database=database, why=why, until=until, tables=tuple(tables or ()), run=run or "")
        for id, database, why, until, tables, run in found
    )


def reason(why: str, run: str) -> str:
    """Return the reason of a permit that a run gave itself, by which it is found again."""
    return f"{why} (run {run})"


def of_run(connection: Connection, run: str) -> tuple[Permit, ...]:
    """Return the permits of a run that are worth something in the connected database now; reads only."""
    return tuple(each for each in permits(connection) if each.why.endswith(reason("", run)))


def revoke_run(connection: Connection, run: str) -> None:
    """No permit of the run is worth anything in the connected database any more; may be repeated."""
    for each in of_run(connection, run):
        revoke(connection, each)


def revoke(connection: Connection, given: Permit) -> None:
    """The permit is worth nothing any more; may be repeated."""
    with speaking(say("revoke the permit")), connection.transaction():
        connection.execute(
            "UPDATE amankan_guard.permit SET revoked_at = pg_catalog.clock_timestamp() WHERE id = %s AND revoked_at IS NULL",
            [int(given.id)],
        )


def _named(connection: Connection, table: str) -> str:
    """Return the name by which the guard knows what is meant: written as a refusal has it, or as SQL has it."""
    for question in (PLAIN, PARSED, WHOLE_SCHEMA):
        try:
            with connection.transaction():
                found = connection.execute(question, [table]).fetchone()
        except errors.InvalidName:
            continue
        if found is not None:
            return str(found[0])
    raise Refused(say("cannot permit: there is no table {table}", table=table), next=say("aman guard status"))
