"""The guard comes into a database, and goes out of it; each in one transaction, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields, replace
from typing import Any, Final, LiteralString

import psycopg
from psycopg import errors, sql

from amankan.adapters.guards.postgres.facts import GUARD_ROLE, SCHEMA, Facts, guarded, lacks_of, owned_by, survey
from amankan.adapters.guards.postgres.owner import free
from amankan.adapters.guards.postgres.plan import EVENT_TRIGGERS, highest, plan_install
from amankan.adapters.guards.postgres.reach import level_gap
from amankan.adapters.guards.postgres.ring import carry_over, remembered
from amankan.adapters.guards.postgres.script import quoted, read
from amankan.adapters.guards.postgres.split import MEMBERSHIP, move
from amankan.errors import EngineFailed, Refused
from amankan.model.guard import Change, Changes, Level, Limit, Limits
from amankan.model.sentence import Sentence, say

FORMAT = 1

# As the fields of `Limit` stand, and the pattern behind them.
RULE_COLUMNS: Final[LiteralString] = (
    "delete_rows, delete_share, delete_share_from_rows, delete_last_rows,"
    " update_rows, update_share, update_share_from_rows, free, pattern"
)

# A trigger is made under a lock that waits for writers, and everybody else waits behind it: not for long.
PATIENCE = "SET LOCAL lock_timeout = '5s'"

# Is this the database that the guard was installed in; what it was called then, and now.
HOME = """
SELECT s.system_identifier = c.system_identifier::text AND s.database_oid = d.oid, s.database_name, d.datname
FROM amankan_guard.state s, pg_catalog.pg_control_system() c, pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
"""

Connection = psycopg.Connection[Any]
Rules = list[tuple[Any, ...]]


def plan(connection: Connection, level: Level | None, *, app_role: str | None = None) -> Changes:
    """
    Return what `install` would change and leave uncovered; the database is not changed.

    Where a guard is there, `install` takes it out first: what it changed itself is then changed anew.
    """
    with speaking(say("plan the guard")), connection.transaction():
        facts = survey(connection, app_role)
        return plan_install(facts, level or _standing(connection) or highest(facts))


def install(
    connection: Connection,
    level: Level | None,
    *,
    limits: Limits | None = None,
    app_role: str | None = None,
    owner_role: str | None = None,
) -> Changes:
    """
    Put the guard into the connected database and return what was changed and what is not covered.

    A guard that is there is replaced; its refusals stay, its permits go.

    Args:
        level: None stands for that of the guard that is there, else for the highest that moves no ownership.
        limits: None stands for those of the guard that is there, else for the usual ones.
        app_role: the role that the app connects as; level deny needs it.
        owner_role: who owns what is there at level deny, if it has nothing here yet; None stands for one that is named after
            the database.
    Raises:
        Refused: level deny was asked for and cannot be made here; nothing was changed.
        EngineFailed: the server refused; nothing was changed.
    """
    with speaking(say("install the guard")), connection.transaction():
        _run(connection, PATIENCE)
        if app_role is not None:
            _be_known(connection, app_role)
        history, standing, rules = remembered(connection), _standing(connection), _rules(connection, limits)
        _take_out(connection)
        facts = _owned_by(survey(connection, app_role), owner_role, connection=connection)
        if standing is not None:  # whoever follows a publication of all tables has lived with the guard that was there
            facts = replace(facts, publishes_all="")
        wanted = level or standing or highest(facts)
        changes = plan_install(facts, wanted)
        _refuse_out_of_reach(changes, wanted, facts=facts)
        _put_in(connection, facts, changes=changes, rules=rules)
        carry_over(connection, history)
    return changes


def remove(connection: Connection) -> tuple[Change, ...]:
    """
    Take the guard out, and back what its installation changed; return what was taken back. May be repeated.

    A role that still has something in another database stays.
    """
    with speaking(say("remove the guard")), connection.transaction():
        _run(connection, PATIENCE)
        return _take_out(connection)


@contextmanager
def speaking(what: Sentence) -> Iterator[None]:
    """A server's refusal inside is raised as EngineFailed with its first line; its transaction was rolled back."""
    try:
        yield
    except psycopg.Error as fault:
        said = (fault.diag.message_primary or str(fault)).splitlines()[0]
        raise EngineFailed(say("cannot {what}: {said}", what=what, said=said)) from fault


def _be_known(connection: Connection, role: str) -> None:
    found = connection.execute("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s", [role]).fetchone()
    if found is None:
        raise Refused(say("cannot install the guard: there is no role {role} on this server", role=role))


def _refuse_out_of_reach(changes: Changes, wanted: Level, *, facts: Facts) -> None:
    stopped = next((gap for gap in changes.gaps if gap.object == level_gap(wanted)), None)
    if stopped is None:
        return
    cannot = say("cannot install the guard at level {level}: {reason}", level=wanted, reason=stopped.reason)
    raise Refused(cannot, next=_way_out(facts, wanted))


def _way_out(facts: Facts, wanted: Level) -> Sentence:
    if facts.publishes_all:
        return say("make the publication anew without FOR ALL TABLES, then: aman guard install")
    if wanted == "deny":
        return say("aman guard install --level limit")
    return say("write a superuser's address as database.admin_url")


def _owned_by(facts: Facts, owner_role: str | None, *, connection: Connection) -> Facts:
    if owner_role is None or not free(connection, owner_role):
        return facts
    found = connection.execute("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s", [owner_role]).fetchone()
    facts = replace(facts, owner_role=owner_role, owner_role_exists=found is not None)
    return facts if facts.app is None else replace(facts, lacks=lacks_of(connection, facts))


def _put_in(connection: Connection, facts: Facts, *, changes: Changes, rules: Rules) -> None:
    by_kind = [change for change in changes.changes if change.do]
    first = [change for change in by_kind if change.object == GUARD_ROLE]
    later = [change for change in by_kind if change not in first and change.kind != "triggers"]
    triggers = [change for change in by_kind if change.kind == "triggers"]
    for change in first:
        _run(connection, change.do)
    for name in ("schema", "refuse", "judge", "statements", "cover"):
        _run(connection, read(name, version=facts.version))
    _fill(connection, facts, changes=changes, rules=rules)
    if facts.superuser:
        _give_away(connection)
    for change in triggers + later:
        _run(connection, change.do)
    if facts.superuser:
        _run(connection, read("events", version=facts.version))
    _run(connection, read("rights", version=facts.version))
    remember(connection, changes.changes)


def remember(connection: Connection, changes: Iterable[Change]) -> None:
    """What takes these changes back is known to the guard's removal, after what it knew already."""
    row = connection.execute("SELECT coalesce(max(number), -1) + 1 FROM amankan_guard.change").fetchone()
    assert row is not None
    reversible = [change for change in changes if change.undo]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO amankan_guard.change (number, kind, object, undo) VALUES (%s, %s, %s, %s)",
            [(number, one.kind, one.object, one.undo) for number, one in enumerate(reversible, row[0])],
        )


def _fill(connection: Connection, facts: Facts, *, changes: Changes, rules: Rules) -> None:
    connection.execute(
        "INSERT INTO amankan_guard.state"
        " (format, level, app_role, owner_role, system_identifier, database_oid, database_name)"
        " SELECT %s, %s, %s, %s, s.system_identifier::text, d.oid, d.datname"
        " FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d WHERE d.datname = current_database()",
        [
            FORMAT,
            changes.level,
            facts.app.name if facts.app else None,
            facts.owner_role if changes.level == "deny" else None,
        ],
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO amankan_guard.rule ({RULE_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", rules
        )


def _standing(connection: Connection) -> Level | None:
    """Return the level of the guard that is there."""
    if not guarded(connection):
        return None
    row = connection.execute("SELECT level FROM amankan_guard.state").fetchone()
    return None if row is None else row[0]


def read_limits(connection: Connection) -> Limits:
    """Return the limits of the guard that is there; reads only."""
    rows = connection.execute(f"SELECT {RULE_COLUMNS} FROM amankan_guard.rule ORDER BY pattern").fetchall()
    names = [each.name for each in fields(Limit)]
    limits = {str(row[-1]): Limit(**dict(zip(names, row[:-1], strict=True))) for row in rows}
    return Limits(default=limits.pop("*"), tables=tuple(limits.items()))


def _rules(connection: Connection, limits: Limits | None) -> Rules:
    """Return the limits as rows: those that are wanted, or those of the guard that is there, or the usual ones."""
    if limits is None and guarded(connection):
        return connection.execute(f"SELECT {RULE_COLUMNS} FROM amankan_guard.rule").fetchall()
    limits = limits or Limits()
    return [(*astuple(limit), pattern) for pattern, limit in (("*", limits.default), *limits.tables)]


def _give_away(connection: Connection) -> None:
    """
    The room belongs to the guard's own role, which cannot log in.

    Not `cover`: it makes triggers on other people's tables, as the superuser who calls it.
    """
    kinds = connection.execute(
        "SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname FROM pg_catalog.pg_class c"
        " WHERE relnamespace = 'amankan_guard'::pg_catalog.regnamespace AND relkind IN ('r', 'S')"
        " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')"
    ).fetchall()
    statements = [f"ALTER {kind} amankan_guard.{quoted(name)} OWNER TO {GUARD_ROLE}" for kind, name in kinds]
    functions = connection.execute(
        "SELECT oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc"
        " WHERE pronamespace = 'amankan_guard'::pg_catalog.regnamespace AND proname <> 'cover'"
    ).fetchall()
    statements += [f"ALTER FUNCTION {signature} OWNER TO {GUARD_ROLE}" for (signature,) in functions]
    statements.append(f"ALTER SCHEMA {SCHEMA} OWNER TO {GUARD_ROLE}")
    _run(connection, ";\n".join(statements))


def _take_out(connection: Connection) -> tuple[Change, ...]:
    present = connection.execute("SELECT to_regnamespace('amankan_guard') IS NOT NULL").fetchone()
    if present is None or not present[0]:
        return ()
    for name in EVENT_TRIGGERS:
        found = connection.execute("SELECT 1 FROM pg_catalog.pg_event_trigger WHERE evtname = %s", [name]).fetchone()
        if found is not None:
            _run(connection, f"DROP EVENT TRIGGER {name}")
    undone = _to_undo(connection)
    roles = [change for change in undone if change.do.startswith("DROP ROLE")]
    done = [change for change in undone if change not in roles and _run_where_there(connection, change.do)]
    for change in _made_later(connection):
        _run(connection, change.do)
    _run(connection, f"DROP SCHEMA {SCHEMA} CASCADE")
    done += [change for change in roles if _run_where_there(connection, change.do)]
    _run_where_there(connection, f"DROP ROLE IF EXISTS {GUARD_ROLE}")
    return tuple(done)


def _to_undo(connection: Connection) -> tuple[Change, ...]:
    """
    Return what takes the installation back, the last first.

    The database is called what it is called now. In a copy the roles stay as they are: they belong to the whole server, and
    the guard of the origin counts on them.
    """
    home = connection.execute(HOME).fetchone()
    assert home is not None
    at_home, origin, name = home
    rows = connection.execute("SELECT kind, object, undo FROM amankan_guard.change ORDER BY number DESC").fetchall()
    changes = (
        Change(kind=kind, object=object, do=undo.replace(f" DATABASE {quoted(origin)} ", f" DATABASE {quoted(name)} "))
        for kind, object, undo in rows
    )
    return tuple(change for change in changes if at_home or not of_server(change))


def of_server(change: Change) -> bool:
    """Tell whether a change concerns every database of the server; pure."""
    return change.kind == "role" or change.object.startswith(MEMBERSHIP)


def _made_later(connection: Connection) -> list[Change]:
    """What the owner's role has now, made or renamed since the split, goes back to the app's."""
    row = connection.execute(
        "SELECT app_role, owner_role FROM amankan_guard.state WHERE owner_role IS NOT NULL"
        " AND to_regrole(quote_ident(owner_role)) IS NOT NULL AND to_regrole(quote_ident(app_role)) IS NOT NULL"
    ).fetchone()
    if row is None:
        return []
    app, owner = row
    return move(owned_by(connection, owner), source=owner, target=app)


def _run_where_there(connection: Connection, statement: str) -> bool:
    """
    Take something back, unless it is gone by now or, for a role, still at work in another database or not ours to drop; tell
    whether it was done.
    """
    try:
        with connection.transaction():
            _run(connection, statement)
    except (
        errors.UndefinedObject,
        errors.UndefinedColumn,
        errors.UndefinedTable,
        errors.UndefinedFunction,
        errors.InvalidSchemaName,
        errors.WrongObjectType,
        errors.InvalidGrantOperation,
        errors.DependentObjectsStillExist,
        errors.InsufficientPrivilege,
    ):
        return False
    return True


def _run(connection: Connection, script: str) -> None:
    """Run our own SQL, composed of our scripts and quoted names."""
    connection.execute(sql.SQL(script))
