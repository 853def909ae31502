"""The ownership split of level deny, decided from facts alone: the app's role owns nothing and may not empty anything."""

from __future__ import annotations

from collections.abc import Iterable

from amankan.adapters.guards.postgres.facts import Facts, Owned
from amankan.adapters.guards.postgres.script import quoted
from amankan.model.guard import Change, Gap
from amankan.model.sentence import say

# What the app's role may do with a thing that it no longer owns.
GRANTS = {
    "table": "SELECT, INSERT, UPDATE, DELETE",
    "materialized view": "SELECT",
    "sequence": "USAGE, SELECT, UPDATE",
    "schema": "USAGE",
}
OBJECT_WORD = {"materialized view": "TABLE", "table": "TABLE", "sequence": "SEQUENCE", "schema": "SCHEMA"}

# What a change of who is a member of what is called, before the name of the role.
MEMBERSHIP = "membership in "

# Kinds whose owner the server does not let us change, or only to a superuser.
FIXED = ("extension", "event trigger", "foreign-data wrapper", "subscription")


def split_gaps(facts: Facts) -> tuple[Gap, ...]:
    """Return what stands against the split; a gap named `level deny` means that it cannot be made at all."""
    whole = "level deny"
    if facts.app is None:
        return (Gap(object=whole, reason=say("the app's role is not known on this server")),)
    if not facts.superuser:
        return (Gap(object=whole, reason=say("roles and owners can be changed by a superuser only")),)
    if facts.app.first_superuser:
        reason = say(
            "{role} is the server's first superuser and stays one: give the app a role of its own", role=facts.app.name
        )
        return (Gap(object=whole, reason=reason),)
    if facts.app.name == facts.installer:
        return (Gap(object=whole, reason=say("the installing role is the app's own")),)
    fixed = tuple(
        Gap(object=f"{owned.kind} {owned.identity}", reason=say("its owner cannot be changed"))
        for owned in facts.owned
        if owned.kind in FIXED
    )
    owned_tables = {owned.identity for owned in facts.owned if owned.kind == "table"}
    bound = say("its row level security did not bind its owner and will bind {role}", role=facts.app.name)
    return fixed + tuple(
        Gap(object=f"table {table.identity}", reason=bound)
        for table in facts.tables
        if table.row_security and table.identity in owned_tables
    )


def plan_split(facts: Facts) -> list[Change]:
    """Return every role, grant and owner that the split changes, in order."""
    assert facts.app is not None
    app, owner = quoted(facts.app.name), quoted(facts.owner_role)
    changes = _roles(facts)
    changes += move(facts.owned, source=facts.app.name, target=facts.owner_role)
    if facts.database_owner != facts.owner_role and facts.database_owner in (facts.app.name, facts.installer):
        name = quoted(facts.database)
        do, undo = (f"ALTER DATABASE {name} OWNER TO {role}" for role in (owner, quoted(facts.database_owner)))
        changes.append(Change(kind="owner", object=f"database {facts.database}", do=do, undo=undo))
    name = quoted(facts.database)
    do = f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {app}"
    undo = f"REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM {app}"
    changes.append(Change(kind="grant", object=f"database {facts.database}", do=do, undo=undo))
    changes += grant(facts.granted, role=facts.app.name)
    changes += [
        Change(
            kind="grant",
            object=f"table {identity}",
            do=f"REVOKE TRUNCATE ON TABLE {identity} FROM {app}",
            undo=f"GRANT TRUNCATE ON TABLE {identity} TO {app}",
        )
        for identity in facts.app.truncates
    ]
    return changes + _later(facts)


def _roles(facts: Facts) -> list[Change]:
    assert facts.app is not None
    app, owner = quoted(facts.app.name), quoted(facts.owner_role)
    changes = []
    if not facts.owner_role_exists:
        do = f"CREATE ROLE {owner} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        changes.append(Change(kind="role", object=facts.owner_role, do=do, undo=f"DROP ROLE {owner}"))
    if facts.app.attributes:
        do = f"ALTER ROLE {app} " + " ".join(f"NO{word}" for word in facts.app.attributes)
        undo = f"ALTER ROLE {app} " + " ".join(facts.app.attributes)
        changes.append(Change(kind="role", object=facts.app.name, do=do, undo=undo))
    for role, admin in facts.app.memberships:
        undo = f"GRANT {quoted(role)} TO {app}" + (" WITH ADMIN OPTION" if admin else "")
        do = f"REVOKE {quoted(role)} FROM {app}"
        changes.append(Change(kind="grant", object=f"{MEMBERSHIP}{role}", do=do, undo=undo))
    return changes


def _later(facts: Facts) -> list[Change]:
    """What is made later by the owner is for the app to use, and the app makes nothing itself."""
    assert facts.app is not None
    app, owner = quoted(facts.app.name), quoted(facts.owner_role)
    changes = []
    for kind in ("table", "sequence"):
        words = f"{GRANTS[kind]} ON {OBJECT_WORD[kind]}S"
        changes.append(
            Change(
                kind="grant",
                object=f"later {kind}s of {facts.owner_role}",
                do=f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT {words} TO {app}",
                undo=f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE {words} FROM {app}",
            )
        )
    if facts.public_creates:
        do, undo = "REVOKE CREATE ON SCHEMA public FROM PUBLIC", "GRANT CREATE ON SCHEMA public TO PUBLIC"
        changes.append(Change(kind="grant", object="schema public", do=do, undo=undo))
    return changes


def move(owned: Iterable[Owned], *, source: str, target: str) -> list[Change]:
    """Return the changes of owner from one role to another, for all that can change it."""
    return [
        Change(
            kind="owner",
            object=f"{one.kind} {one.identity}",
            do=f"ALTER {one.kind} {one.identity} OWNER TO {quoted(target)}",
            undo=f"ALTER {one.kind} {one.identity} OWNER TO {quoted(source)}",
        )
        for one in owned
        if one.kind not in FIXED
    ]


def grant(objects: Iterable[Owned], *, role: str) -> list[Change]:
    """Return the grants that let a role work with objects that it does not own."""
    changes = []
    for one in objects:
        words = f"{GRANTS[one.kind]} ON {OBJECT_WORD[one.kind]} {one.identity}"
        do, undo = f"GRANT {words} TO {quoted(role)}", f"REVOKE {words} FROM {quoted(role)}"
        changes.append(Change(kind="grant", object=f"{one.kind} {one.identity}", do=do, undo=undo))
    return changes
