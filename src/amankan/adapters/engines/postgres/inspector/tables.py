"""The tables of a database, and which of another one they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.catalogue.parts import own
from amankan.adapters.engines.postgres.expected import CONFIGURED
from amankan.adapters.engines.postgres.names import label_of
from amankan.adapters.engines.postgres.session import Session, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its number in the table, which it keeps under any name; `made` tells whether the server computes it."""

    number: int
    name: str
    type: str
    made: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that holds rows itself, or the head of its partitions; `key` are the numbers of its key's columns."""

    oid: int
    schema: str
    name: str
    label: str
    partitioned: bool
    columns: tuple[Column, ...]
    key: tuple[int, ...]

    @property
    def source(self) -> sql.Composable:
        """What is read: the table's own rows, or for a head those of its partitions."""
        name = sql.Identifier(self.schema, self.name)
        return name if self.partitioned else sql.SQL("only {}").format(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPair:
    """A column before and after; `renewed` where it was dropped and another of the same name stands there."""

    before: Column
    after: Column
    renewed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """
    A table before and the same table after; either may be missing.

    `by_key` tells whether rows are the same by their key, which both have; else only whole rows can be compared, without the
    columns `apart`, whose values read otherwise now and are compared for themselves.
    """

    before: Table | None
    after: Table | None
    columns: tuple[ColumnPair, ...] = ()
    by_key: bool = False
    gone: tuple[Column, ...] = ()
    apart: tuple[ColumnPair, ...] = ()

    @property
    def label(self) -> str:
        """The name that the table had before, or has now where it is new."""
        table = self.before or self.after
        assert table is not None, "one of them is there"
        return table.label


_TABLES: Final[LiteralString] = (
    """
    select c.oid::int8, n.nspname, c.relname, convert_to(n.nspname::text, getdatabaseencoding()),
        convert_to(c.relname::text, getdatabaseencoding()), c.relkind = 'p',
        (select coalesce(jsonb_agg(jsonb_build_array(a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
            a.attgenerated <> '') order by a.attnum), '[]') from pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
        (select to_jsonb(string_to_array(i.indkey::text, ' ')::int[]) from pg_index i
            where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
            and i.indnkeyatts = i.indnatts
            and not exists (select from unnest(i.indkey) k join pg_attribute a on a.attrelid = c.oid and a.attnum = k
                where not a.attnotnull)
            order by i.indisprimary desc, i.indexrelid limit 1)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and (("""
    + own("pg_class", "c.oid")
    + ") or "
    + CONFIGURED
    + ") order by c.oid"
)

# Types of which the same value has the same text, so that one may become the other without its key being another one.
_FAMILIES: Final = (
    frozenset({"smallint", "integer", "bigint"}),
    frozenset({"text", "character varying", "name", "citext", "uuid"}),
)


def tables_of(session: Session) -> tuple[Table, ...]:
    """Return every table of the database that is the app's own, heads of partitions too."""
    found = []
    for oid, schema, name, raw_schema, raw_name, partitioned, columns, key in rows(session, _TABLES):
        listed = tuple(Column(number=n, name=c, type=t, made=m) for n, c, t, m in columns)
        found.append(
            Table(
                oid=oid,
                schema=schema,
                name=name,
                label=label_of(raw_schema, raw_name),
                partitioned=partitioned,
                columns=listed,
                key=tuple(key or ()),
            )
        )
    return tuple(found)


def pairs_of(before: tuple[Table, ...], after: tuple[Table, ...]) -> tuple[Pair, ...]:
    """
    Return every table that holds rows with what it became: by its number, which a rename keeps, else by its name.

    A table that became the head of partitions is compared with all of them; a partition is a table of its own otherwise.
    """
    by_oid = {table.oid: table for table in after if not table.partitioned}
    mine = [table for table in before if not table.partitioned]
    kept = {table.oid for table in mine} & by_oid.keys()
    by_label = {table.label: table for table in after if table.oid not in kept}
    pairs, taken = [], set(kept)
    for table in mine:
        other = by_oid[table.oid] if table.oid in kept else by_label.get(table.label)
        if other is not None:
            taken.add(other.oid)
        pairs.append(Pair(before=table, after=None) if other is None else _pair(table, other))
    pairs += [Pair(before=None, after=table) for table in after if table.oid not in taken and not table.partitioned]
    return tuple(sorted(pairs, key=lambda pair: pair.label))


def _pair(before: Table, after: Table) -> Pair:
    same = before.oid == after.oid
    by_number = {column.number: column for column in after.columns} if same else {}
    kept = {column.number for column in before.columns} & by_number.keys()
    by_name = {column.name: column for column in after.columns if column.number not in kept or not same}
    columns, gone = [], []
    for column in before.columns:
        other = by_number.get(column.number) or by_name.get(column.name)
        if other is None:
            gone.append(column)
        else:
            renewed = same and other.number != column.number
            columns.append(ColumnPair(before=column, after=other, renewed=renewed))
    by_key = _same_key(before, after, columns=columns)
    return Pair(
        before=before,
        after=after,
        columns=tuple(pair for pair in columns if by_key or reads_same(pair)),
        by_key=by_key,
        gone=tuple(column for column in gone if not column.made),
        apart=tuple(pair for pair in columns if not by_key and not reads_same(pair)),
    )


def _same_key(before: Table, after: Table, *, columns: list[ColumnPair]) -> bool:
    """Tell whether the key before is there afterwards, in columns whose values read the same."""
    partners = {pair.before.number: pair for pair in columns}
    found = [partners.get(number) for number in before.key]
    if not found or any(pair is None or not reads_same(pair) for pair in found):
        return False
    # A head of partitions needs no key of its own; a key that is another one now numbers the rows in another way.
    now = {pair.after.number for pair in found if pair is not None}
    return not after.key or set(after.key) == now or now < set(after.key)


def reads_same(pair: ColumnPair) -> bool:
    """Tell whether a value of the column has the same text before and after."""
    if pair.renewed:
        return False
    old, new = (each.type.partition("(")[0] for each in (pair.before, pair.after))
    return old == new or any(old in family and new in family for family in _FAMILIES)
