"""What an installation changes, decided from facts alone."""

from __future__ import annotations

from amankan.adapters.guards.postgres.facts import GUARD_ROLE, SCHEMA, Facts
from amankan.adapters.guards.postgres.reach import out_of_reach
from amankan.adapters.guards.postgres.script import quoted
from amankan.adapters.guards.postgres.split import plan_split, split_gaps
from amankan.model.guard import Change, Changes, Gap, Level
from amankan.model.sentence import say

TRIGGERS = ("amankan_guard_truncate", "amankan_guard_flush", "amankan_guard_delete", "amankan_guard_update")
EVENT_TRIGGERS = ("amankan_guard_begin", "amankan_guard_drop", "amankan_guard_rewrite", "amankan_guard_end")

# What a gap is called that the app's own role is.
APP_ROLE = "app's role"

# From here on CREATEROLE gives away only roles that the one who has it administers.
STRICT_CREATEROLE = 16


def plan_install(facts: Facts, level: Level) -> Changes:
    """Return the changes of an installation at this level, and what it cannot cover here; pure."""
    gaps = list(gaps_of(facts))
    changes = list(_room(facts))
    if level != "watch":
        changes += _triggers(facts)
    stopped = out_of_reach(facts, level)
    if stopped is not None:
        gaps.insert(0, stopped)
        level = "limit" if level == "deny" else level
    elif level == "deny":
        changes += plan_split(facts)
        gaps = [gap for gap in gaps if gap.object != APP_ROLE] + list(split_gaps(facts))
    if facts.superuser:
        changes += [Change(kind="event trigger", object=name, do="", undo="") for name in EVENT_TRIGGERS]
    if facts.superuser or facts.owns_database:
        changes += _template(facts)
    return Changes(level=level, changes=tuple(changes), gaps=tuple(gaps))


def highest(facts: Facts) -> Level:
    """Return the highest level that needs no change of who owns what: limit where triggers can be made; pure."""
    able = facts.superuser or any(table.owned for table in facts.tables)
    return "limit" if able else "watch"


def _room(facts: Facts) -> list[Change]:
    room = [Change(kind="schema", object=SCHEMA, do="")]
    if not facts.superuser:
        return room
    changes = []
    if not facts.guard_role_exists:
        do = f"CREATE ROLE {quoted(GUARD_ROLE)} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS"
        changes.append(Change(kind="role", object=GUARD_ROLE, do=do))
    do = f"GRANT pg_read_all_data, pg_read_all_stats TO {quoted(GUARD_ROLE)}"
    changes.append(Change(kind="grant", object=GUARD_ROLE, do=do))
    return changes + room


def _triggers(facts: Facts) -> list[Change]:
    """The statement triggers of every table that the installer may put them on."""
    able = [table for table in facts.tables if facts.superuser or table.owned]
    return [Change(kind="triggers", object=table.name, do=f"SELECT amankan_guard.cover({table.oid})") for table in able]


def _template(facts: Facts) -> list[Change]:
    if facts.is_template:
        return []
    name = quoted(facts.database)
    do, undo = (f"ALTER DATABASE {name} IS_TEMPLATE {value}" for value in ("true", "false"))
    return [Change(kind="database", object=facts.database, do=do, undo=undo)]


def gaps_of(facts: Facts) -> tuple[Gap, ...]:
    """Return what no installation by this role in this database covers; pure."""
    gaps = []
    if not facts.superuser:
        reason = say(
            "event triggers need a superuser: DROP and ALTER are stopped by ownership alone, tables made later by a new install"
        )
        gaps.append(Gap(object="event triggers", reason=reason))
        reason = say("the guard belongs to {role}, who can take it away", role=facts.installer)
        gaps.append(Gap(object="guard's owner", reason=reason))
        gaps += [
            Gap(object=table.name, reason=say("no trigger can be made: it belongs to another role"))
            for table in facts.tables
            if not table.owned
        ]
    if not facts.superuser and not facts.owns_database:
        reason = say("DROP DATABASE is stopped by ownership alone: the database belongs to {role}", role=facts.database_owner)
        gaps.append(Gap(object=f"database {facts.database}", reason=reason))
    if not facts.counts:
        reason = say("track_counts is off: rows are counted by transition tables, at some 15 % of the speed")
        gaps.append(Gap(object="counters", reason=reason))
    if facts.app is not None and facts.app.superuser:
        reason = say("role {role} is a superuser and can switch every part of the guard off", role=facts.app.name)
        gaps.append(Gap(object=APP_ROLE, reason=reason))
    elif facts.app is not None and facts.owned:
        reason = say("role {role} owns {count} objects and can change them", role=facts.app.name, count=len(facts.owned))
        gaps.append(Gap(object=APP_ROLE, reason=reason))
    return tuple(gaps) + _ways_around(facts)


def _ways_around(facts: Facts) -> tuple[Gap, ...]:
    """By which the app's role could make itself somebody whom the guard does not hold."""
    if facts.app is None or facts.app.superuser:
        return ()
    ways = []
    if "CREATEROLE" in facts.app.attributes and facts.version < STRICT_CREATEROLE:
        ways.append(
            say("role {role} has CREATEROLE: before PostgreSQL 16 it can join the guard's own role", role=facts.app.name)
        )
    strong = ", ".join(dict.fromkeys(one.role for one in facts.app.memberships if one.strong))
    if strong:
        reason = say("role {role} is a member of {roles}, and so can get around the guard", role=facts.app.name, roles=strong)
        ways.append(reason)
    return tuple(Gap(object=APP_ROLE, reason=reason) for reason in ways)
