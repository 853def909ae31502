"""What a complete dump must hold, read from the catalogue, and what stands in its way."""

from __future__ import annotations

from typing import Final, LiteralString

from amankan.adapters.engines.postgres.names import LARGE_OBJECTS_LABEL, label, label_of, quoted
from amankan.adapters.engines.postgres.session import Session, rows

# Objects that pg_dump takes as the database's own: neither of the system nor made by an extension.
OWN: Final[LiteralString] = """
    n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relpersistence <> 't'
    and not exists (
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
"""

# Tables of extensions whose rows belong to the user, by the extension's own word.
CONFIGURED: Final[LiteralString] = "c.oid in (select unnest(extconfig) from pg_extension)"

TABLES: Final[LiteralString] = (
    """
    select n.nspname, c.relname, convert_to(n.nspname::text, getdatabaseencoding()),
        convert_to(c.relname::text, getdatabaseencoding())
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and (("""
    + OWN
    + ") or "
    + CONFIGURED
    + ") order by c.oid"
)

SEQUENCES: Final[LiteralString] = (
    """
    select n.nspname, c.relname, convert_to(n.nspname::text, getdatabaseencoding()),
        convert_to(c.relname::text, getdatabaseencoding())
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'S' and (("""
    + OWN
    + ") or "
    + CONFIGURED
    + ") order by c.oid"
)

# All that a dump holds a lock on, and what of it the snapshot shows although this session has no lock on it.
LOCKABLE: Final[LiteralString] = (
    """
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and (("""
    + OWN
    + ") or "
    + CONFIGURED
    + ")"
)

UNLOCKED: Final[LiteralString] = (
    LOCKABLE
    + """ and c.oid not in (
        select relation from pg_locks where locktype = 'relation' and pid = pg_backend_pid() and granted
        and database = (select oid from pg_database where datname = current_database())
    )"""
)

# Who would change or drop a table of ours waits for us, and whoever comes next waits for them: so would pg_dump.
WAITING: Final[LiteralString] = """
    select from pg_locks l where not l.granted and l.locktype = 'relation' and pg_backend_pid() = any(pg_blocking_pids(l.pid))
"""

UNREADABLE: Final[LiteralString] = (
    """
    select case c.relkind when 'S' then 'sequence' else 'table' end, n.nspname, c.relname
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'S') and (("""
    + OWN
    + ") or "
    + CONFIGURED
    + """)
    and not case c.relkind
        when 'S' then has_sequence_privilege(c.oid, 'SELECT')
        else has_table_privilege(c.oid, 'SELECT')
    end order by 1, 2, 3
"""
)

HIDDEN: Final[LiteralString] = (
    """
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and ("""
    + OWN
    + ") and row_security_active(c.oid) order by 1, 2"
)

CLOSED_SCHEMAS: Final[LiteralString] = (
    """
    select distinct n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'S') and ("""
    + OWN
    + ") and not has_schema_privilege(n.oid, 'USAGE') order by 1"
)

CLOSED_OBJECTS: Final[LiteralString] = """
    select l.oid from pg_largeobject_metadata l where not pg_has_role(l.lomowner, 'USAGE') and not exists (
        select from aclexplode(l.lomacl) a where a.privilege_type = 'SELECT'
        and (a.grantee = 0 or pg_has_role(a.grantee, 'USAGE'))
    ) order by 1
"""

# Their options are shown as absent to those who may not see them, so a dump would silently lack them.
CLOSED_MAPPINGS: Final[LiteralString] = """
    select m.usename, m.srvname from pg_user_mappings m join pg_foreign_server s on s.oid = m.srvid
    where not case when m.umuser <> 0 then m.usename = current_user and has_server_privilege(s.oid, 'USAGE')
        else pg_has_role(s.srvowner, 'USAGE') end order by 1, 2
"""

SUBSCRIPTIONS: Final[LiteralString] = """
    select subname from pg_subscription where subdbid = (select oid from pg_database where datname = current_database())
    order by 1
"""

SUPERUSER: Final[LiteralString] = "select rolsuper from pg_roles where rolname = current_user"


def hindrances(session: Session) -> tuple[str, ...]:
    """Return every object that this role cannot read completely, each with its kind; empty for a complete dump."""
    if rows(session, SUPERUSER)[0][0]:
        return ()
    found = [f"schema {quoted(name)}" for (name,) in rows(session, CLOSED_SCHEMAS)]
    found += [f"{kind} {label(schema, name)}" for kind, schema, name in rows(session, UNREADABLE)]
    found += [f"rows hidden by a policy in {label(schema, name)}" for schema, name in rows(session, HIDDEN)]
    found += [f"large object {oid}" for (oid,) in rows(session, CLOSED_OBJECTS)]
    found += [f"user mapping of {quoted(user)} on {quoted(server)}" for user, server in rows(session, CLOSED_MAPPINGS)]
    found += [f"subscription {quoted(name)}" for (name,) in rows(session, SUBSCRIPTIONS)]
    return tuple(found)


def promised_labels(session: Session) -> frozenset[str]:
    """Return the label of every table whose rows a dump holds, and that of the large objects where there are any."""
    found = {label_of(schema, name) for _, _, schema, name in rows(session, TABLES)}
    if rows(session, "select from pg_largeobject_metadata limit 1"):
        found.add(LARGE_OBJECTS_LABEL)
    return frozenset(found)


def lockable_names(session: Session) -> list[tuple[str, str]]:
    """Return schema and name of every table of a dump, those that are parted among them."""
    return [(schema, name) for schema, name in rows(session, LOCKABLE + " order by c.oid")]


def tables_bytes(session: Session) -> int:
    """Return the bytes of all tables, without indexes: about what a dump of them has."""
    question = "select coalesce(sum(pg_table_size(oid)), 0)::int8 from pg_class where relkind = 'r' and oid >= 16384"
    return int(rows(session, question)[0][0])
