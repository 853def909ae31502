"""The guard as it stands now, object by object, and what it does not cover."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row

from amankan.adapters.guards.postgres.facts import Facts, survey
from amankan.adapters.guards.postgres.install import speaking
from amankan.adapters.guards.postgres.plan import EVENT_TRIGGERS, gaps_of
from amankan.adapters.guards.postgres.reach import all_out_of_reach
from amankan.adapters.guards.postgres.ring import refusals
from amankan.model.guard import Coverage, Covered, Gap
from amankan.model.sentence import say

Connection = psycopg.Connection[Any]

STATE = """
SELECT s.level, s.app_role, s.system_identifier = c.system_identifier::text AND s.database_oid = d.oid AS at_home,
    s.database_name AS origin, r.rolname AS owner, r.rolcanlogin AS owner_can_log_in
FROM amankan_guard.state s, pg_control_system() c, pg_database d, pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
WHERE d.datname = current_database() AND n.nspname = 'amankan_guard'
"""

TABLES = """
SELECT n.nspname || '.' || c.relname AS name, amankan_guard.ours(c.oid) AS ours,
    ARRAY(SELECT l.trigger_name::text FROM amankan_guard.lacking(c.oid) l ORDER BY 1) AS lacking,
    (amankan_guard.ruled(n.nspname || '.' || c.relname)).pattern AS pattern
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'amankan_guard')
ORDER BY name
"""

# Session settings laid down for a role or the database that switch triggers off or the counters.
SETTINGS = """
SELECT setting FROM pg_db_role_setting, unnest(setconfig) AS setting
WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND setting IN ('event_triggers=off', 'track_counts=off')
"""

ENABLED = {
    "A": say("always"),
    "O": say("not under session_replication_role"),
    "R": say("only for a replica"),
    "D": say("disabled"),
}

# So many of an app's own objects are named where there are more.
MOST_NAMED = 3

# What no guard inside this database can see; told once each, where it applies.
OUTSIDE = (
    ("small transactions", say("a loop of statements that each commit alone stays within the limit each time")),
    ("large objects", say("no trigger sees them: lo_unlink is not covered")),
    ("foreign tables", say("their rows lie on another server")),
    ("the server", say("who can log in as a superuser or reach its files can take everything")),
)


def status(connection: Connection, *, app_role: str | None = None) -> Coverage:
    """
    Return the guard as it stands in the connected database; reads only.

    Args:
        app_role: the role that the app connects as; without it, the one that the guard was installed for.
    """
    with speaking(say("look at the guard")), connection.transaction():
        connection.execute("SET TRANSACTION READ ONLY")
        facts = survey(connection, app_role)
        if not facts.installed:
            gap = Gap(object=f"database {facts.database}", reason=say("there is no guard in it"))
            return Coverage(level=None, at_home=True, objects=(), gaps=(gap, *all_out_of_reach(facts)))
        with connection.cursor(row_factory=dict_row) as cursor:
            state = cursor.execute(STATE).fetchone()
        assert state is not None
        role = app_role or state["app_role"]
        facts = survey(connection, role) if role != app_role else facts
        count, last = refusals(connection)
        objects = [*_events(connection), _database(facts)]
        gaps = [*gaps_of(facts), *_copied(state), *_settings(connection)]
        if state["owner_can_log_in"]:
            gaps.append(Gap(object="guard's owner", reason=say("role {role} can log in", role=state["owner"])))
        if state["level"] != "watch":
            covered, uncovered = _tables(connection)
            objects += covered
            gaps += uncovered
        if state["level"] == "deny":
            objects.append(_split(facts, role))
    gaps += [Gap(object=name, reason=reason) for name, reason in OUTSIDE]
    return Coverage(
        level=state["level"],
        at_home=state["at_home"],
        objects=tuple(objects),
        gaps=tuple(dict.fromkeys(gaps)),
        refused=count,
        refusals=last,
    )


def _events(connection: Connection) -> list[Covered]:
    rows = connection.execute("SELECT evtname::text, evtenabled::text FROM pg_catalog.pg_event_trigger").fetchall()
    enabled = dict(rows)
    return [
        Covered(
            kind="event trigger",
            object=name,
            covered=enabled.get(name) == "A",
            detail=ENABLED.get(enabled.get(name, ""), say("missing")),
        )
        for name in EVENT_TRIGGERS
    ]


def _database(facts: Facts) -> Covered:
    detail = say("is a template, DROP DATABASE is refused") if facts.is_template else say("can be dropped by its owner")
    return Covered(kind="database", object=facts.database, covered=facts.is_template, detail=detail)


def _tables(connection: Connection) -> tuple[list[Covered], list[Gap]]:
    covered, gaps = [], []
    for name, ours, lacking, pattern in connection.execute(TABLES).fetchall():
        if ours:
            detail = say("lacks {triggers}", triggers=", ".join(lacking)) if lacking else say("rule {pattern}", pattern=pattern)
            covered.append(Covered(kind="table", object=name, covered=not lacking, detail=detail))
        else:
            reason = say("rule {pattern} leaves it free, or it belongs to an extension", pattern=pattern)
            gaps.append(Gap(object=name, reason=reason))
    return covered, gaps


def _split(facts: Facts, role: str | None) -> Covered:
    """The app's role as level deny promises it: no strong attribute, nothing owned."""
    if facts.app is None:
        return Covered(kind="role", object=role or "", covered=False, detail=say("there is no such role on this server"))
    owned = [f"{one.kind} {one.identity}" for one in facts.owned[:MOST_NAMED]]
    if facts.database_owner == facts.app.name:
        owned.append(f"database {facts.database}")
    strong = [*facts.app.attributes, *(one.role for one in facts.app.memberships)]
    faults = [say("has {attributes}", attributes=", ".join(strong))] if strong else []
    faults += [say("owns {objects}", objects=", ".join(owned))] if owned else []
    detail = say("{faults}", faults=tuple(faults)) if faults else say("owns nothing")
    return Covered(kind="role", object=facts.app.name, covered=not faults, detail=detail)


def _copied(state: dict[str, Any]) -> list[Gap]:
    if state["at_home"]:
        return []
    reason = say("the guard was installed in {origin} and came along in a copy: install it anew", origin=state["origin"])
    return [Gap(object="this database", reason=reason)]


def _settings(connection: Connection) -> list[Gap]:
    rows = connection.execute(SETTINGS).fetchall()
    return [Gap(object="settings", reason=say("{setting} is laid down for sessions", setting=row[0])) for row in rows]
