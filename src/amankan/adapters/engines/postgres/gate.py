"""A database is closed to everybody but us, and opened again."""

from __future__ import annotations

import time
from typing import Final, LiteralString

from psycopg import errors, sql

from amankan.adapters.engines.postgres.claims import comparing
from amankan.adapters.engines.postgres.maintenance import Session, identifier, pause
from amankan.errors import EngineFailed
from amankan.model.claim import Claim
from amankan.model.sentence import say

# Clients that connect again and again are refused at once; only what was already inside must leave.
EMPTY_SECONDS: Final = 30.0

# A backend that is still starting stands in no list of sessions yet, but holds a lock on its database since before the
# server asked whether connections are allowed, and until it stands in the list.
_INSIDE: Final[LiteralString] = """
    select a.pid, coalesce(a.usename, ''), a.application_name from pg_stat_activity a
    where a.datid = %(oid)s and a.usesysid is not null and a.pid <> all(%(ours)s)
    union
    select l.pid, '', 'starting' from pg_locks l
    where l.locktype = 'object' and l.database = 0 and l.classid = 'pg_database'::regclass and l.objid = %(oid)s
        and l.pid <> all(%(ours)s)
"""

_PREPARED: Final[LiteralString] = "select gid from pg_prepared_xacts where database = %s order by gid"


def close_gate(session: Session, database: str, *, claim: Claim, live: str) -> None:
    """
    The server lets nobody into the database any more; who is inside is still there.

    Raises:
        EngineFailed: a prepared transaction waits in it, which nobody could end any more; nothing was changed.
    """
    waiting = [gid for (gid,) in session.execute(_PREPARED, [database])]
    if waiting:
        raise EngineFailed(
            say("cannot shut {name}: prepared transactions wait in it: {gids}", name=database, gids=", ".join(waiting)),
            next=say("commit them or roll them back"),
        )
    _allow(session, database, allowed=False, claim=claim, live=live)


def open_gate(session: Session, database: str, *, claim: Claim, live: str) -> None:
    """Everybody with the right to may connect again."""
    _allow(session, database, allowed=True, claim=claim, live=live)


def empty(session: Session, database: str, *, oid: int, ours: tuple[int, ...]) -> None:
    """
    Nobody is in a closed database but the sessions numbered `ours`.

    Raises:
        EngineFailed: somebody stayed, or may not be ended by this role; the database stays closed.
    """
    words = {"oid": oid, "ours": [session.info.backend_pid, *ours]}
    deadline = time.monotonic() + EMPTY_SECONDS
    while inside := session.execute(_INSIDE, words).fetchall():
        refused = [f"{user} ({name})" for pid, user, name in inside if user and not _end(session, pid)]
        if time.monotonic() > deadline or refused:
            who = "; ".join(refused) or ", ".join(f"{user} ({name})" for _, user, name in inside)
            raise EngineFailed(
                say("cannot empty {name}: these sessions stay: {who}", name=database, who=who),
                next=say("grant the role pg_signal_backend, or end these sessions by hand"),
            )
        pause(session)


def _end(session: Session, pid: int) -> bool:
    try:
        session.execute("select pg_terminate_backend(%s)", [pid])
    except errors.InsufficientPrivilege:
        return False
    return True


def _allow(session: Session, database: str, *, allowed: bool, claim: Claim, live: str) -> None:
    words = sql.SQL("alter database {} with allow_connections {}")
    with comparing(session, claim, live=live):
        session.execute(words.format(identifier(database), sql.Literal(allowed)))
