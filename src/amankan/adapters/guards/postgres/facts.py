"""What a database and its roles look like before a guard is planned; reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from amankan.adapters.guards.postgres.grants import NOTHING, Lacks, lacks
from amankan.adapters.guards.postgres.owner import choose

SCHEMA = "amankan_guard"
GUARD_ROLE = "amankan_guard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """
    A membership of the app's role that leads to power.

    Args:
        grantor, inherits, sets: None where the server has one membership for each pair of roles (before 16).
        strong: whether it leads to somebody who can switch the guard off or write permits.
    """

    role: str
    admin: bool
    grantor: str | None = None
    inherits: bool | None = None
    sets: bool | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """The attributes of a role, its direct memberships that lead to power, and what it may TRUNCATE without owning."""

    name: str
    first_superuser: bool
    attributes: tuple[str, ...]
    memberships: tuple[Membership, ...]
    truncates: tuple[str, ...]

    @property
    def superuser(self) -> bool:
        """Whether the server asks this role for no leave at all."""
        return "SUPERUSER" in self.attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """An object that the app's role owns, as the server identifies it."""

    kind: str
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that the guard should cover; identity is its quoted name."""

    oid: int
    name: str
    identity: str
    owned: bool
    row_security: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a plan is made from."""

    database: str
    version: int
    installer: str
    superuser: bool
    creates: bool
    owns_database: bool
    database_owner: str
    is_template: bool
    counts: bool
    installed: bool
    guard_role_exists: bool
    owner_role: str
    owner_role_exists: bool
    public_creates: bool
    tables: tuple[Table, ...]
    app: RoleFacts | None
    owned: tuple[Owned, ...] = ()
    lacks: Lacks = NOTHING
    publishes_all: str = ""


PLACE = """
SELECT current_database() AS database, current_setting('server_version_num')::integer / 10000 AS version,
    current_user AS installer, r.rolsuper AS superuser,
    has_database_privilege(current_database(), 'CREATE') AS creates,
    pg_has_role(d.datdba, 'USAGE') AS owns_database, pg_get_userbyid(d.datdba) AS database_owner,
    d.datistemplate AS is_template, current_setting('track_counts') = 'on' AS counts,
    to_regclass('amankan_guard.state') IS NOT NULL AS installed,
    to_regrole('amankan_guard') IS NOT NULL AS guard_role_exists,
    EXISTS (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a
        WHERE n.nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE') AS public_creates,
    coalesce((SELECT min(pubname::text) FROM pg_publication WHERE puballtables), '') AS publishes_all
FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()
"""

TABLES = """
SELECT c.oid::bigint AS oid, n.nspname || '.' || c.relname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    pg_has_role(c.relowner, 'USAGE') AS owned, c.relrowsecurity AS row_security
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname NOT IN ('information_schema', 'amankan_guard')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY name
"""

ATTRIBUTES = """
SELECT r.rolname AS name, r.oid = 10 AS first_superuser,
    array_remove(ARRAY[CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
        CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
        CASE WHEN rolbypassrls THEN 'BYPASSRLS' END], NULL) AS attributes
FROM pg_roles r WHERE rolname = %s
"""

# A membership counts where one can become, through it, somebody who owns things here or has a strong attribute.
MEMBERSHIPS = """
WITH RECURSIVE reach(direct, oid) AS (
    SELECT m.roleid, m.roleid FROM pg_auth_members m WHERE m.member = %(role)s::regrole
    UNION SELECT reach.direct, m.roleid FROM pg_auth_members m JOIN reach ON m.member = reach.oid
), power AS (
    SELECT reach.direct, bool_or(r.rolsuper
        OR r.rolname IN ('amankan_guard', 'pg_write_server_files', 'pg_execute_server_program')
        OR r.rolcreaterole AND current_setting('server_version_num')::integer < 160000) AS strong
    FROM reach JOIN pg_roles r ON r.oid = reach.oid
    WHERE r.rolsuper OR r.rolcreaterole
       OR r.rolname IN ('amankan_guard', 'pg_write_server_files', 'pg_execute_server_program')
       OR EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
           AND d.deptype = 'o' AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
    GROUP BY reach.direct
)
SELECT pg_get_userbyid(m.roleid)::text AS role, m.admin_option AS admin, power.strong,
    CASE WHEN jsonb_exists(to_jsonb(m), 'set_option') THEN pg_get_userbyid(m.grantor)::text END AS grantor,
    (to_jsonb(m) ->> 'inherit_option')::boolean AS inherits, (to_jsonb(m) ->> 'set_option')::boolean AS sets
FROM power JOIN pg_auth_members m ON m.roleid = power.direct AND m.member = %(role)s::regrole
ORDER BY 1, 4
"""

TRUNCATES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
WHERE c.relkind IN ('r', 'p') AND a.grantee = %s::regrole AND a.privilege_type = 'TRUNCATE' AND c.relowner <> %s::regrole
ORDER BY 1
"""

OWNED = """
SELECT i.type AS kind, i.identity
FROM pg_shdepend d, pg_identify_object(d.classid, d.objid, d.objsubid) i
WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = %s::regrole AND d.deptype = 'o'
  AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND coalesce(i.schema, '') <> 'amankan_guard' AND i.identity <> 'amankan_guard'
  AND coalesce(i.schema, '') !~ '^pg_(toast_)?temp'
  AND i.type NOT IN ('user mapping', 'default acl', 'toast table', 'index')
  AND NOT EXISTS (SELECT FROM pg_type t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND t.typtype = 'm')
  AND NOT EXISTS (SELECT FROM pg_depend s WHERE d.classid = 'pg_class'::regclass AND s.classid = 'pg_class'::regclass
      AND s.objid = d.objid AND s.deptype IN ('a', 'i') AND i.type = 'sequence')
ORDER BY i.type <> 'schema', i.type <> 'table', i.type, i.identity
"""

# An app makes and drops its large objects in ordinary life, and no trigger sees them at any level: they stay its own.
KEPT = "large object"


def survey(connection: psycopg.Connection[Any], app_role: str | None) -> Facts:
    """Return the facts that a plan of the guard is made from; reads only."""
    with connection.cursor(row_factory=dict_row) as cursor:
        place = cursor.execute(PLACE).fetchone()
        assert place is not None
        place |= _owner(connection, place)
        tables = tuple(Table(**row) for row in cursor.execute(TABLES))
        app = _role(cursor, app_role) if app_role is not None else None
    facts = Facts(**place, tables=tables, app=app)
    if app is None:
        return facts
    owned = tuple(one for one in owned_by(connection, app.name) if one.kind != KEPT)
    return replace(facts, owned=owned, lacks=lacks_of(connection, facts))


def lacks_of(connection: psycopg.Connection[Any], facts: Facts) -> Lacks:
    """Return what the roles of these facts will lack once the app owns nothing; reads only."""
    assert facts.app is not None
    return lacks(
        connection,
        app=facts.app.name,
        owner=facts.owner_role,
        demoted=bool(facts.app.memberships),
        version=facts.version,
    )


def owned_by(connection: psycopg.Connection[Any], role: str) -> tuple[Owned, ...]:
    """Return what a role owns in this database, but for what lives only as long as a session; reads only."""
    with connection.cursor(row_factory=class_row(Owned)) as cursor:
        return tuple(cursor.execute(OWNED, [_quoted(role)]))


def guarded(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether the connected database has a guard."""
    row = connection.execute("SELECT pg_catalog.to_regclass('amankan_guard.state') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])


def _owner(connection: psycopg.Connection[Any], place: dict[str, Any]) -> dict[str, Any]:
    """The owner's name stays what it was when the split was made, also in a copy that has another name."""
    name = None
    if place["installed"]:
        row = connection.execute("SELECT owner_role FROM amankan_guard.state").fetchone()
        name = row[0] if row is not None else None
    name = name or choose(connection, place["database"])
    exists = connection.execute("SELECT to_regrole(quote_ident(%s)) IS NOT NULL", [name]).fetchone()
    assert exists is not None
    return {"owner_role": name, "owner_role_exists": exists[0]}


def _role(cursor: psycopg.Cursor[dict[str, Any]], name: str) -> RoleFacts | None:
    row = cursor.execute(ATTRIBUTES, [name]).fetchone()
    if row is None:
        return None
    quoted = _quoted(name)
    memberships = tuple(Membership(**each) for each in cursor.execute(MEMBERSHIPS, {"role": quoted}))
    with cursor.connection.cursor() as plain:
        truncates = tuple(str(row[0]) for row in plain.execute(TRUNCATES, [quoted, quoted]))
    attributes = tuple(row.pop("attributes"))
    return RoleFacts(**row, attributes=attributes, memberships=memberships, truncates=truncates)


def _quoted(name: str) -> str:
    """Return a role's name as `regrole` reads it."""
    return '"' + name.replace('"', '""') + '"'
