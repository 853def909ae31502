"""Indexes whose order may no longer hold, since the server sorts text otherwise than when they were made."""

from __future__ import annotations

from typing import Final, LiteralString

from psycopg import errors, sql

from amankan.adapters.engines.postgres.maintenance import Session
from amankan.errors import EngineFailed
from amankan.model.sentence import say

# A version that was recorded and is no longer given at all (another C library) tells as much as one that is another.
_DEFAULT: Final[LiteralString] = """
    select to_jsonb(d) ->> 'datcollversion' is distinct from pg_database_collation_actual_version(d.oid)
            and to_jsonb(d) ->> 'datcollversion' is not null,
        pg_database_collation_actual_version(d.oid) is not null
    from pg_database d where d.datname = current_database()
"""

# By the type that an operator class takes: of these no value is compared as text. What is not named here may be.
_PLAIN: Final = (
    *("bool", "int2", "int4", "int8", "float4", "float8", "numeric", "money", "oid", "uuid", "bytea", "bit", "varbit"),
    *("date", "time", "timetz", "timestamp", "timestamptz", "interval", "inet", "cidr", "macaddr", "macaddr8", "anyenum"),
    *("tsvector", "point", "box", "polygon", "circle"),
)

# Number 100 is the collation "default" in every version. The server notes of an index which collations it needs, but for the
# database's own: that one may hide in an expression, a predicate, and in any type that is made of others.
_AGED: Final[LiteralString] = """
    with aged as (
        select oid from pg_collation
        where collversion is not null and collversion is distinct from pg_collation_actual_version(oid)
    )
    select n.nspname, c.relname
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'i' and c.relpersistence <> 't' and i.indisvalid
        and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
        and (
            exists (select from pg_depend p where p.classid = 'pg_class'::regclass and p.objid = i.indexrelid
                and p.refclassid = 'pg_collation'::regclass and p.refobjid in (select oid from aged))
            or exists (select from pg_attribute a join pg_range r on r.rngtypid = a.atttypid
                where a.attrelid = i.indexrelid and r.rngcollation in (select oid from aged))
            or %(default)s and (
                i.indexprs is not null or i.indpred is not null or 100 = any (i.indcollation)
                or exists (select from unnest(i.indclass::oid[]) with ordinality k (class, place)
                    join pg_opclass o on o.oid = k.class join pg_type t on t.oid = o.opcintype
                    where i.indcollation[k.place - 1] = 0 and t.typname <> all (%(plain)s))
            )
        )
    order by 1, 2
"""

# Which value belongs into which partition is decided by the order as well, and no index that is made anew mends that.
_RANGES: Final[LiteralString] = "select from pg_partitioned_table where partstrat = 'r' and 100 = any (partcollation)"

_OURS: Final[LiteralString] = """
    select n.nspname, c.collname from pg_collation c join pg_namespace n on n.oid = c.collnamespace
    where c.collversion <> pg_collation_actual_version(c.oid) and pg_has_role(c.collowner, 'usage')
        and exists (select from pg_depend p where p.classid = 'pg_class'::regclass and p.refclassid = 'pg_collation'::regclass
            and p.refobjid = c.oid)
"""


def default_differs(session: Session) -> tuple[bool, bool]:
    """Return whether the order of the session's database is another than that recorded, and whether it has a version now."""
    if session.info.server_version < 150000:  # before, a database did not record a version
        return False, False
    found = session.execute(_DEFAULT).fetchone()
    return found is not None and bool(found[0]), found is not None and bool(found[1])


def aged_indexes(session: Session) -> tuple[tuple[str, str], ...]:
    """Return schema and name of each index of the session's database whose order may no longer hold, sorted."""
    words = {"default": default_differs(session)[0], "plain": list(_PLAIN)}
    return tuple((schema, name) for schema, name in session.execute(_AGED, words).fetchall())


def renew(session: Session) -> None:
    """
    Every index of the session's database is in the order of the server, which is recorded where nothing else hangs on it.

    Raises:
        EngineFailed: what an index should keep unique is not.
        psycopg.Error: the server refuses.
    Cost: reads and writes each such index, and reads its table.
    """
    for name in aged_indexes(session):
        try:
            session.execute(sql.SQL("reindex index {}").format(sql.Identifier(*name)))
        except errors.UniqueViolation as twins:  # the server's own words would show the values
            label = ".".join(name)
            raise EngineFailed(
                say("cannot make index {name} anew: it holds rows that it should keep apart", name=label)
            ) from twins
    for name in session.execute(_OURS).fetchall():
        session.execute(sql.SQL("alter collation {} refresh version").format(sql.Identifier(*name)))
    differs, known = default_differs(session)
    if differs and known and session.execute(_RANGES).fetchone() is None:
        here = sql.Identifier(session.info.dbname)
        session.execute(sql.SQL("alter database {} refresh collation version").format(here))
