"""What the app's role and the owner will lack once the app owns nothing; reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

# What the app's role may do with a thing that it no longer owns.
GRANTS = {
    "table": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "materialized view": ("SELECT", "MAINTAIN"),
    "sequence": ("USAGE", "SELECT", "UPDATE"),
    "schema": ("USAGE",),
    "function": ("EXECUTE",),
    "database": ("CONNECT", "TEMPORARY"),
}

# What can be granted at all, where that is more.
OF_TABLES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
EVERY = GRANTS | {"table": OF_TABLES, "materialized view": OF_TABLES, "schema": ("USAGE", "CREATE")}

# Who has MAINTAIN may refresh a materialized view; it came with this version.
MAINTAIN_SINCE = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """
    Privileges on an object that a role will lack.

    Args:
        words: as GRANT takes them, one of a column with its name in brackets.
        columns: likewise, those that the role has on single columns: they go when the same is revoked from the table.
    """

    kind: str
    identity: str
    words: tuple[str, ...]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacks:
    """What the app lacks, what the owner lacks, and what the app will lack of things that the owner makes later."""

    app: tuple[Lack, ...] = ()
    owner: tuple[Lack, ...] = ()
    later: tuple[Lack, ...] = ()


NOTHING = Lacks()

# An owner that is not there yet has what PUBLIC has, which is the role 0.
THINGS = """
WITH app AS (SELECT oid, rolsuper FROM pg_roles WHERE rolname = %(app)s),
owner AS (SELECT coalesce((SELECT oid FROM pg_roles WHERE rolname = %(owner)s), 0) AS oid),
word AS (SELECT * FROM unnest(%(kinds)s::text[], %(words)s::text[], %(given)s::boolean[])
    WITH ORDINALITY AS w(kind, word, given, place)),
thing AS (
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'm' THEN 'materialized view' ELSE 'table' END AS kind,
        quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity, c.oid, c.relowner AS owner, c.relacl AS acl
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
      AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname NOT IN ('information_schema', 'amankan_guard')
    UNION ALL
    SELECT 'schema', quote_ident(n.nspname), n.oid, n.nspowner, n.nspacl FROM pg_namespace n
    WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname NOT IN ('information_schema', 'amankan_guard')
    UNION ALL
    SELECT 'function', i.identity, p.oid, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, pg_identify_object('pg_proc'::regclass, p.oid, 0) i
    WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname NOT IN ('information_schema', 'amankan_guard')
    UNION ALL
    SELECT 'database', '"' || replace(d.datname, '"', '""') || '"', d.oid, d.datdba, d.datacl FROM pg_database d
    WHERE d.datname = current_database()
),
"""

MAY = """
CASE thing.kind WHEN 'schema' THEN has_schema_privilege({role}.oid, thing.oid, word.word)
    WHEN 'sequence' THEN has_sequence_privilege({role}.oid, thing.oid, word.word)
    WHEN 'function' THEN has_function_privilege({role}.oid, thing.oid, word.word)
    WHEN 'database' THEN has_database_privilege({role}.oid, thing.oid, word.word)
    ELSE has_table_privilege({role}.oid, thing.oid, word.word) END
"""

# What the app has as an owner goes with the ownership, and what it was granted on its own things, too. That counts also
# where a membership, or being a superuser, made it an owner; where a membership will be taken away, all that it may counts.
# A function that was taken from PUBLIC may be more than a superuser's app should keep: only its own.
FOR_APP = (
    THINGS
    + f"""
lack AS (
    SELECT thing.*, word.word, word.place FROM app, owner, thing JOIN word USING (kind)
    WHERE word.given
      AND NOT EXISTS (SELECT FROM aclexplode(thing.acl) a WHERE a.privilege_type = word.word
          AND (a.grantee = app.oid AND thing.owner <> app.oid OR a.grantee = 0 AND thing.kind = 'function'))
      AND (thing.kind = 'database' OR thing.kind = 'function' AND thing.owner = owner.oid
          OR (pg_has_role(app.oid, thing.owner, 'USAGE') OR %(demoted)s) AND {MAY.format(role="app")}
              AND (thing.kind <> 'function' OR NOT app.rolsuper OR thing.owner = app.oid))
)
SELECT kind, identity, array_agg(word ORDER BY place) AS words, ARRAY(
    SELECT format('%%s (%%I)', a.privilege_type, c.attname) FROM app, pg_attribute c, aclexplode(c.attacl) a
    WHERE lack.kind = 'table' AND c.attrelid = lack.oid AND NOT c.attisdropped AND a.grantee = app.oid
      AND lack.owner <> app.oid AND a.privilege_type = ANY (array_agg(lack.word)) ORDER BY 1) AS columns
FROM lack GROUP BY kind, identity, oid, owner ORDER BY kind, identity
"""
)

# Views, keys and functions that the app owned work with the owner's rights from now on. That anybody may CREATE in a schema
# does not count: the split takes that away.
FOR_OWNER = (
    THINGS
    + f"""
lack AS (
    SELECT thing.kind, thing.identity, word.word, word.place FROM app, owner, thing JOIN word USING (kind)
    WHERE thing.kind <> 'database' AND thing.owner NOT IN (app.oid, owner.oid) AND {MAY.format(role="app")}
      AND (thing.kind <> 'function' OR NOT app.rolsuper)
      AND NOT CASE WHEN word.word = 'CREATE'
          THEN owner.oid <> 0 AND EXISTS (SELECT FROM aclexplode(thing.acl) a
              WHERE a.grantee = owner.oid AND a.privilege_type = word.word)
          ELSE {MAY.format(role="owner")} END
    UNION ALL
    SELECT thing.kind, thing.identity, format('%%s (%%I)', a.privilege_type, c.attname), c.attnum
    FROM app, owner, thing JOIN pg_attribute c ON c.attrelid = thing.oid, aclexplode(c.attacl) a
    WHERE thing.kind = 'table' AND thing.owner NOT IN (app.oid, owner.oid) AND NOT c.attisdropped AND a.grantee = app.oid
      AND NOT has_table_privilege(app.oid, thing.oid, a.privilege_type)
      AND NOT has_column_privilege(owner.oid, thing.oid, c.attnum, a.privilege_type)
)
SELECT kind, identity, array_agg(word ORDER BY place, word) AS words FROM lack GROUP BY kind, identity ORDER BY kind, identity
"""
)

LATER = """
SELECT w.kind, '' AS identity, array_agg(w.word ORDER BY w.place) AS words
FROM unnest(%(kinds)s::text[], %(words)s::text[], %(given)s::boolean[]) WITH ORDINALITY AS w(kind, word, given, place)
WHERE w.kind IN ('table', 'sequence') AND w.given AND NOT EXISTS (
    SELECT FROM pg_default_acl d JOIN pg_roles o ON o.oid = d.defaclrole, aclexplode(d.defaclacl) a
        JOIN pg_roles g ON g.oid = a.grantee
    WHERE o.rolname = %(owner)s AND g.rolname = %(app)s AND d.defaclnamespace = 0
      AND d.defaclobjtype = CASE w.kind WHEN 'table' THEN 'r' ELSE 'S' END AND a.privilege_type = w.word)
GROUP BY w.kind ORDER BY w.kind DESC
"""


def lacks(connection: psycopg.Connection[Any], *, app: str, owner: str, demoted: bool, version: int) -> Lacks:
    """
    Return what is missing once the app's role owns nothing; reads only.

    Args:
        owner: need not exist yet.
        demoted: memberships will be taken from the app's role.
        version: the server's major version.
    """
    able = [(kind, word) for kind, words in EVERY.items() for word in words if word != "MAINTAIN" or version >= MAINTAIN_SINCE]
    holes = {
        "app": app,
        "owner": owner,
        "demoted": demoted,
        "kinds": [kind for kind, _ in able],
        "words": [word for _, word in able],
        "given": [word in GRANTS[kind] for kind, word in able],
    }
    for_app, for_owner, later = (_ask(connection, question, holes=holes) for question in (FOR_APP, FOR_OWNER, LATER))
    return Lacks(app=for_app, owner=for_owner, later=later)


def _ask(connection: psycopg.Connection[Any], question: LiteralString, *, holes: dict[str, Any]) -> tuple[Lack, ...]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(question, holes).fetchall()
    return tuple(
        Lack(
            kind=row["kind"],
            identity=row["identity"],
            words=tuple(row["words"]),
            columns=tuple(row.get("columns", ())),
        )
        for row in rows
    )
