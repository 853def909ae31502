"""At level deny: for the time of a migration the app's role is a member of the owner, and afterwards it is not."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from amankan.adapters.guards.postgres.facts import guarded, survey
from amankan.adapters.guards.postgres.install import remember, speaking
from amankan.adapters.guards.postgres.script import quoted
from amankan.adapters.guards.postgres.split import grant, move
from amankan.model.sentence import say

Connection = psycopg.Connection[Any]


def open_window(connection: Connection) -> bool:
    """
    Where the guard is at level deny, the app's role may change what the owner owns; tell whether that was done.

    A membership has no end of its own: until `close_window` the level is that of `limit`.
    """
    with speaking(say("open the window of a migration")), connection.transaction():
        role = _denied(connection)
        if role is None:
            return False
        owner = survey(connection, role).owner_role
        _run(connection, f"GRANT {quoted(owner)} TO {quoted(role)}")
        return True


def window_is_open(connection: Connection) -> bool:
    """Tell whether the app's role may change, at level deny, what the owner owns; reads only."""
    with speaking(say("look at the guard")):
        role = _denied(connection)
        return role is not None and _is_member(connection, role, owner=survey(connection, role).owner_role)


def close_window(connection: Connection) -> None:
    """The app's role owns nothing again: what it made goes to the owner, and it may use it. May be repeated."""
    with speaking(say("close the window of a migration")), connection.transaction():
        role = _denied(connection)
        if role is None:
            return
        owner = survey(connection, role).owner_role
        if _is_member(connection, role, owner=owner):
            _run(connection, f"REVOKE {quoted(owner)} FROM {quoted(role)}")
        # What the role lacks can be seen only now that it is no member.
        facts = survey(connection, role)
        passed = grant(facts.lacks.owner, role=owner)
        # Who may enter a database is for those to say who open and close it.
        used = grant((one for one in facts.lacks.app if one.kind != "database"), role=role)
        for change in [*move(facts.owned, source=role, target=owner), *used, *passed]:
            _run(connection, change.do)
        # The rest goes with the tables: their owner needs no grants on them.
        remember(connection, passed)


def _is_member(connection: Connection, role: str, *, owner: str) -> bool:
    row = connection.execute("SELECT pg_has_role(%s::name, %s::name, 'MEMBER')", [role, owner]).fetchone()
    return row is not None and bool(row[0])


def _denied(connection: Connection) -> str | None:
    """Return the app's role where level deny holds."""
    if not guarded(connection):
        return None
    row = connection.execute("SELECT app_role FROM amankan_guard.state WHERE level = 'deny'").fetchone()
    return None if row is None else str(row[0])


def _run(connection: Connection, statement: str) -> None:
    connection.execute(sql.SQL(statement))
