"""The ownership split of level deny, decided from facts alone: the app's role owns nothing and may not empty anything."""

from __future__ import annotations

from collections.abc import Iterable

from amankan.adapters.guards.postgres.facts import Facts, Membership, Owned
from amankan.adapters.guards.postgres.grants import MAINTAIN_SINCE, Lack
from amankan.adapters.guards.postgres.script import quoted
from amankan.model.guard import Change, Gap
from amankan.model.sentence import say

OBJECT_WORD = {
    "materialized view": "TABLE",
    "table": "TABLE",
    "sequence": "SEQUENCE",
    "schema": "SCHEMA",
    "function": "ROUTINE",
    "database": "DATABASE",
}

# Kinds that ALTER calls otherwise than the server does when it identifies an object.
# An aggregate without arguments is written as a routine is, but not as ALTER AGGREGATE wants it.
ALTER_WORD = {
    "statistics object": "STATISTICS",
    "function": "ROUTINE",
    "procedure": "ROUTINE",
    "aggregate": "ROUTINE",
    "composite type": "TYPE",
}

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
    fixed += tuple(
        Gap(object=f"{owned.kind} {owned.identity}", reason=say("before PostgreSQL 17 only its owner can refresh it"))
        for owned in facts.owned
        if owned.kind == "materialized view" and facts.version < MAINTAIN_SINCE
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
    changes += grant(facts.lacks.app, role=facts.app.name)
    changes += grant(facts.lacks.owner, role=facts.owner_role)
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
    return changes + [_leave(one, app=app) for one in facts.app.memberships]


def _leave(one: Membership, *, app: str) -> Change:
    """One membership less; it comes back as it was, from whom it was."""
    do, undo = f"REVOKE {quoted(one.role)} FROM {app}", f"GRANT {quoted(one.role)} TO {app}"
    if one.grantor is None:
        undo += " WITH ADMIN OPTION" if one.admin else ""
    else:
        by = f" GRANTED BY {quoted(one.grantor)}"
        do += by
        undo += f" WITH ADMIN {one.admin}, INHERIT {one.inherits}, SET {one.sets}".upper() + by
    return Change(kind="grant", object=f"{MEMBERSHIP}{one.role}", do=do, undo=undo)


def _later(facts: Facts) -> list[Change]:
    """What is made later by the owner is for the app to use, and the app makes nothing itself."""
    assert facts.app is not None
    app, owner = quoted(facts.app.name), quoted(facts.owner_role)
    changes = []
    for lack in facts.lacks.later:
        words = f"{', '.join(lack.words)} ON {OBJECT_WORD[lack.kind]}S"
        changes.append(
            Change(
                kind="grant",
                object=f"later {lack.kind}s of {facts.owner_role}",
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
            do=f"ALTER {ALTER_WORD.get(one.kind, one.kind)} {one.identity} OWNER TO {quoted(target)}",
            undo=f"ALTER {ALTER_WORD.get(one.kind, one.kind)} {one.identity} OWNER TO {quoted(source)}",
        )
        for one in owned
        if one.kind not in FIXED
    ]


def grant(lacks: Iterable[Lack], *, role: str) -> list[Change]:
    """Return the grants that let a role work with objects that it does not own."""
    changes = []
    for one in lacks:
        place, name = f"ON {OBJECT_WORD[one.kind]} {one.identity}", quoted(role)
        object = f"{one.kind} {one.identity}"
        # What is revoked from a table is revoked from its columns, so what was there is granted once more behind that.
        kept = [f"GRANT {word} {place} TO {name}" for word in one.columns]
        changes += [Change(kind="grant", object=object, do=again, undo=again) for again in kept]
        words = ", ".join(one.words)
        do, undo = f"GRANT {words} {place} TO {name}", f"REVOKE {words} {place} FROM {name}"
        changes.append(Change(kind="grant", object=object, do=do, undo=undo))
    return changes
