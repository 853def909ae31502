"""Whether a guard is in the database that it was installed in, and how one that came along in a copy settles there."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from amankan.adapters.guards.postgres.facts import survey
from amankan.adapters.guards.postgres.install import speaking
from amankan.adapters.guards.postgres.script import quoted
from amankan.model.sentence import say

Connection = psycopg.Connection[Any]

AT_HOME = """
SELECT s.system_identifier = c.system_identifier::text AND s.database_oid = d.oid
FROM amankan_guard.state s, pg_catalog.pg_control_system() c, pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
"""

MOVE_IN = """
UPDATE amankan_guard.state SET system_identifier = c.system_identifier::text, database_oid = d.oid
FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
"""

# The tables that lack a trigger and on which we may make one.
COVER = """
SELECT amankan_guard.cover(t.oid) FROM pg_catalog.pg_class t, amankan_guard.state s
WHERE s.level <> 'watch' AND amankan_guard.ours(t.oid) AND pg_catalog.pg_has_role(t.relowner, 'USAGE')
  AND EXISTS (SELECT FROM amankan_guard.lacking(t.oid))
"""


def at_home(connection: Connection) -> bool:
    """Tell whether the guard of the connected database is at home there."""
    with speaking(say("look at the guard")):
        row = connection.execute(AT_HOME).fetchone()
    return row is not None and bool(row[0])


def move_in(connection: Connection) -> None:
    """The guard of the connected database is at home in it: every table is covered, and nobody drops the database."""
    with speaking(say("make the guard at home")), connection.transaction():
        if not at_home(connection):
            connection.execute(MOVE_IN)
        connection.execute(COVER)
        facts = survey(connection, None)
        if not facts.is_template and (facts.superuser or facts.owns_database):
            connection.execute(sql.SQL(f"ALTER DATABASE {quoted(facts.database)} IS_TEMPLATE true"))
