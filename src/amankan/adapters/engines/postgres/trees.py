"""Trees of partitions that are loaded by their root, since a row may come to lie in another partition there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, LiteralString

from amankan.adapters.engines.postgres.archive.toc import TABLE_DATA, Entry, Toc
from amankan.adapters.engines.postgres.rows import Order, entry_label
from amankan.adapters.engines.postgres.session import Session, rows
from amankan.adapters.engines.postgres.statement import Name, column_names, copy_statement, quoted, target_of
from amankan.errors import EngineFailed
from amankan.model.sentence import say

# Whether a row of an enum goes into this or that partition of a hash hangs on numbers that another server gives out anew: so
# pg_dump has such trees loaded by their root. Source: PostgreSQL source code, forcePartitionRootLoad in pg_dump.c.
_ROOTS: Final[LiteralString] = """
    with moving as (
        select partrelid from pg_partitioned_table where (
            select o.oid from pg_opclass o join pg_am a on a.oid = o.opcmethod
            where o.opcname = 'enum_ops' and o.opcnamespace = 'pg_catalog'::regnamespace and a.amname = 'hash'
        ) = any(partclass)
    )
    select convert_to(n.nspname::text, getdatabaseencoding()), convert_to(c.relname::text, getdatabaseencoding()),
        convert_to(rn.nspname::text, getdatabaseencoding()), convert_to(r.relname::text, getdatabaseencoding())
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_class r on r.oid = pg_partition_root(c.oid) join pg_namespace rn on rn.oid = r.relnamespace
    where c.relkind = 'r' and c.relispartition
    and exists (select from pg_partition_ancestors(c.oid) a join moving m on m.partrelid = a.relid)
"""

# For each partition, each table above it and the columns of that one.
_ANCESTORS: Final[LiteralString] = """
    select convert_to(n.nspname::text, getdatabaseencoding()), convert_to(c.relname::text, getdatabaseencoding()),
        convert_to(an.nspname::text, getdatabaseencoding()), convert_to(a.relname::text, getdatabaseencoding()),
        array(
            select convert_to(attname::text, getdatabaseencoding()) from pg_attribute
            where attrelid = a.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
        )
    from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral pg_partition_ancestors(c.oid) up
    join pg_class a on a.oid = up.relid join pg_namespace an on an.oid = a.relnamespace
    where c.relkind = 'r' and c.relispartition and a.oid <> c.oid
"""


def roots_of(session: Session) -> dict[Name, Name]:
    """Return the root of the tree for each partition whose rows pg_dump has loaded by it, both by schema and name."""
    return {(schema, name): (above, root) for schema, name, above, root in rows(session, _ROOTS)}


def moved_orders(session: Session, toc: Toc) -> dict[int, Order]:
    """
    Return in which order the columns of the root stand in a partition, by the number of the partition's entry; none where it
    is the root's own.

    Raises:
        EngineFailed: rows would be loaded into a table that is neither their own nor one that is parted into it.
    """
    moved = _moved(toc.entries)
    above = _columns_above(session) if moved else {}
    found = {}
    for entry, target in moved:
        columns = above.get((_own(entry), target), [])
        listed = column_names(entry)
        if not columns or sorted(columns) != sorted(listed):
            raise EngineFailed(
                say("cannot back up {table}: its rows would be loaded into another table", table=entry_label(entry))
            )
        if columns != listed:
            found[entry.number] = tuple(listed.index(column) for column in columns)
    return found


def in_order_of_root(session: Session, entries: list[Entry]) -> list[Entry]:
    """Return the entries with the columns of those that are loaded by a root in the order of the root."""
    above = _columns_above(session) if _moved(entries) else {}
    return [_reordered(entry, above.get((_own(entry), target_of(entry)))) for entry in entries]


def _reordered(entry: Entry, columns: list[bytes] | None) -> Entry:
    if not columns:
        return entry
    listed = b"(" + b", ".join(map(quoted, columns)) + b")"
    return replace(entry, copy=copy_statement(target_of(entry), listed))


def _columns_above(session: Session) -> dict[tuple[Name, Name], list[bytes]]:
    return {((schema, name), (above, root)): columns for schema, name, above, root, columns in rows(session, _ANCESTORS)}


def _moved(entries: Iterable[Entry]) -> list[tuple[Entry, Name]]:
    tables = ((entry, target_of(entry)) for entry in entries if entry.has_data and entry.kind == TABLE_DATA)
    return [(entry, target) for entry, target in tables if target != _own(entry)]


def _own(entry: Entry) -> Name:
    return (entry.namespace, entry.tag)
