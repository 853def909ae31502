"""Which levels the installing role can make at all, told before anything is tried; pure."""

from __future__ import annotations

from amankan.adapters.guards.postgres.facts import Facts
from amankan.adapters.guards.postgres.split import split_gaps
from amankan.model.guard import Gap, Level
from amankan.model.sentence import say

LEVELS: tuple[Level, ...] = ("watch", "limit", "deny")


def level_gap(level: Level) -> str:
    """Return the name of the gap which says that a level cannot be made at all."""
    return f"level {level}"


def out_of_reach(facts: Facts, level: Level) -> Gap | None:
    """Return why this role cannot make the level in this database, None where it can."""
    name, role = level_gap(level), facts.installer
    if facts.publishes_all and not facts.installed:
        # The first row that the guard writes would stop every subscriber, and removing the guard would not heal it.
        reason = say(
            "publication {publication} publishes all tables, and its subscribers have no table of the guard: "
            "publish the app's schemas or tables by name",
            publication=facts.publishes_all,
        )
        return Gap(object=name, reason=reason)
    if facts.superuser:
        blocked = split_gaps(facts) if level == "deny" else ()
        return next((gap for gap in blocked if gap.object == name), None)
    if level == "deny":
        return Gap(object=name, reason=say("roles and owners can be changed by a superuser only"))
    if not facts.creates:
        reason = say("role {role} may make no schema in {database}", role=role, database=facts.database)
        return Gap(object=name, reason=reason)
    if level == "limit" and not any(table.owned for table in facts.tables):
        return Gap(object=name, reason=say("role {role} is no superuser and owns no table here", role=role))
    return None


def all_out_of_reach(facts: Facts) -> tuple[Gap, ...]:
    """Return each level that this role cannot make here, with the reason."""
    found = (out_of_reach(facts, level) for level in LEVELS)
    return tuple(gap for gap in found if gap is not None)
