"""What is seen of a database at the one snapshot of its dump, before its rows are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg import errors, sql

from amankan.adapters.engines.postgres.bytewise import bytewise, holds_utf8, raw_rows, shown, text_of
from amankan.adapters.engines.postgres.cluster import making_of, roles_sql, settings_sql
from amankan.adapters.engines.postgres.expected import (
    UNLOCKED,
    WAITING,
    hindrances,
    lockable_names,
    promised_labels,
    tables_bytes,
)
from amankan.adapters.engines.postgres.schema import Definition, definitions, server_major
from amankan.adapters.engines.postgres.session import Session, row, rows
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import EngineFailed, Refused
from amankan.model.database import Making
from amankan.model.identity import Identity
from amankan.model.sentence import say

# How often all begins anew where a table was made or dropped before all were locked; and within which time whoever makes
# tables and drops them at once is found to wait for us.
TRIES: Final = 20
LOOK_SECONDS: Final = 0.02

# How many names in one message a person reads.
NAMED: Final = 50


# Every role that something in this database belongs to or is granted to.
_CONCERNED: Final[LiteralString] = """
    select distinct r.rolname from pg_roles r join pg_shdepend s on s.refobjid = r.oid
    join pg_database d on d.datname = current_database()
    where s.refclassid = 'pg_authid'::regclass
        and (s.dbid = d.oid or s.classid = 'pg_database'::regclass and s.objid = d.oid) order by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """
    Everything but rows. The session's transaction holds the snapshot and a lock on every table until it is closed.

    `name` is the application name of all sessions of this dump, `promised` the labels of what must come with rows.
    """

    session: Session
    name: str
    snapshot: str
    tools: Tools
    server: str
    identity: Identity
    making: Making
    globals: bytes
    settings: bytes
    promised: frozenset[str]
    definitions: tuple[Definition, ...]
    size_bytes: int


def survey(session: Session, *, tools: Tools, lock_seconds: float) -> Survey:
    """
    Return what is seen at a snapshot that begins now, with every table locked before it began.

    Raises:
        Refused: this role may not read everything; every such object is named. Nothing is locked.
        EngineFailed: a lock could not be had in time, or a role that something belongs to has a name that no archive can.
    """
    refuse_incomplete(session)
    refuse_unwritable(session)
    major, minor = server_major(session)
    lock_tables(session, seconds=lock_seconds)
    snapshot = str(row(session, "select pg_export_snapshot()")[0])
    name = f"amankan {snapshot}"
    session.execute(sql.SQL("set application_name = {}").format(sql.Literal(name)))
    return Survey(
        session=session,
        name=name,
        snapshot=snapshot,
        tools=tools,
        server=f"{major}.{minor}",
        identity=identity_of(session),
        making=making_of(session),
        globals=roles_sql(session),
        settings=settings_sql(session),
        promised=promised_labels(session),
        definitions=definitions(session),
        size_bytes=tables_bytes(session),
    )


def refuse_incomplete(session: Session) -> None:
    """Raise Refused, with a list, where this role cannot read everything in the database."""
    found = hindrances(session)
    if not found:
        return
    shown = "; ".join(found[:NAMED]) + (f"; and {len(found) - NAMED} more" if len(found) > NAMED else "")
    raise Refused(
        say(
            "cannot back up {database} completely: the role {role} may not read {count} objects: {objects}",
            database=session.info.dbname,
            role=row(session, "select current_user")[0],
            count=len(found),
            objects=shown,
        ),
        next=say("grant pg_read_all_data to the role, give it bypassrls, and grant select on each large object"),
    )


def refuse_unwritable(session: Session) -> None:
    """Raise EngineFailed, with a list, where roles that are needed here have names that are no text in this database."""
    if not holds_utf8(session):
        return
    with bytewise(session):
        found = [shown(name) for (name,) in raw_rows(session, _CONCERNED) if text_of(name) is None]
    if found:
        names = "; ".join(found)
        database = session.info.dbname
        raise EngineFailed(
            say("cannot back up {database}: names of its roles are no text in UTF8: {names}", database=database, names=names),
            next=say("give these roles other names from a database in whose encoding they were made: ALTER ROLE ... RENAME TO"),
        )


def lock_tables(session: Session, *, seconds: float) -> None:
    """
    The session is in a transaction without a snapshot yet, and no table can be changed in form or truncated any more.

    A TRUNCATE between the snapshot and the lock would make a table look empty that was not: so locks come first.

    Every table that the snapshot shows is locked: one that was made after the list was read could be dropped under pg_dump.
    And nobody waits for one of the locks: pg_dump would wait behind, until its own time is over.

    Raises:
        EngineFailed: somebody held a lock for longer than `seconds`, or tables are made and dropped all the time.
    """
    for _ in range(TRIES):
        if _lock_listed(session, seconds=seconds) and _settled(session):
            return
        session.execute("rollback")
    raise EngineFailed(
        say("cannot begin the backup: somebody made, changed or dropped tables at each of {count} tries", count=TRIES),
        next=say("aman backup"),
    )


def _lock_listed(session: Session, *, seconds: float) -> bool:
    """Begin a transaction and tell whether all tables that are there now could be locked."""
    names = lockable_names(session)
    session.execute("begin transaction isolation level repeatable read, read only")
    session.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(f"{round(seconds * 1000)}ms")))
    try:
        if names:
            listed = sql.SQL(", ").join(sql.Identifier(schema, name) for schema, name in names)
            session.execute(sql.SQL("lock table only {} in access share mode").format(listed))
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return False
    except errors.LockNotAvailable as held:
        reason = say("cannot begin the backup: a table was locked for longer than {seconds} s", seconds=seconds)
        raise EngineFailed(reason) from held
    return True


def _settled(session: Session) -> bool:
    rows(session, "select pg_sleep(%s)", LOOK_SECONDS)
    return not rows(session, UNLOCKED) and not rows(session, WAITING)


def identity_of(session: Session) -> Identity:
    """Return which database this is, by the server's identifier and the database's number."""
    question = "select oid from pg_database where datname = current_database()"
    system = row(session, "select system_identifier::text from pg_control_system()")[0]
    return Identity(system=system, oid=row(session, question)[0])
