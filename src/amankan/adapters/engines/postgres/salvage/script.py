"""The file: SQL that `psql` loads as a whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from amankan.adapters.engines.postgres.inspector.difference import Sides
from amankan.adapters.engines.postgres.inspector.tables import ColumnPair, Table
from amankan.adapters.engines.postgres.salvage.finding import Found, digest_of, wanted
from amankan.adapters.engines.postgres.session import Session
from amankan.adapters.engines.postgres.settings import TEXTS

# So many rows are asked for in one question, which is then some megabytes long.
BATCH: Final = 100_000

HEAD: Final = """\
-- Rows that went when an older database took the place of a newer one.
-- To bring them into the database that runs now, all of them or none:
--   psql --no-psqlrc --file=THIS_FILE DATABASE
-- New rows are inserted, changed ones get the values that they had, and those that had been deleted are deleted.
\\set ON_ERROR_STOP on
begin;
do $amankan$ begin
    perform pg_catalog.set_config('session_replication_role', 'replica', true);
exception when insufficient_privilege then
    raise notice 'triggers and foreign keys are at work while this is loaded';
end $amankan$;
set constraints all deferred;
"""

ORDER: Final = """
    select conrelid::int8, confrelid::int8 from pg_constraint where contype = 'f' and conrelid <> confrelid
"""

# Numbers that only the server may give are never set; a copy may bring them, an update may not.
_ALWAYS: Final = "select attname from pg_attribute where attrelid = %s::oid and attidentity = 'a' and not attisdropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table of the file: what differs in it, and which of its columns travel, on both sides."""

    found: Found
    number: int
    columns: tuple[ColumnPair, ...]
    settable: tuple[ColumnPair, ...]

    @property
    def target(self) -> Table:
        """The table that the rows are brought into."""
        assert self.found.pair.before is not None, "only tables that both sides have are written"
        return self.found.pair.before

    @property
    def source(self) -> Table:
        """The table that the rows come from."""
        assert self.found.pair.after is not None, "only tables that both sides have are written"
        return self.found.pair.after

    @property
    def key(self) -> tuple[ColumnPair, ...]:
        """The columns of the key."""
        return tuple(each for each in self.columns if each.before.number in self.target.key)

    @property
    def name(self) -> sql.Composable:
        """The name of the table that the rows are brought into."""
        return sql.Identifier(self.target.schema, self.target.name)

    def beside(self, what: str) -> sql.Composable:
        """The name of a table of the load alone."""
        return sql.Identifier("pg_temp", f"amankan_{what}_{self.number}")


def part_of(session: Session, found: Found, *, number: int) -> Part:
    """Return what of a table travels; the session is in the database that the rows are brought into."""
    table = found.pair.before
    assert table is not None, "only tables that both sides have are written"
    always = {name for (name,) in session.execute(_ALWAYS, [table.oid])}
    columns = tuple(each for each in found.pair.columns if not each.before.made and not each.renewed)
    told = {each.before.number for each in found.compared.columns}
    settable = tuple(
        each
        for each in columns
        if each.before.number in told and each.before.number not in table.key and each.before.name not in always
    )
    return Part(found=found, number=number, columns=columns, settable=settable)


def in_order(session: Session, parts: Sequence[Part]) -> list[Part]:
    """Return the tables so that each comes behind those that it refers to; a circle is cut somewhere."""
    by_oid = {part.target.oid: part for part in parts}
    needs: dict[int, set[int]] = {oid: set() for oid in by_oid}
    for child, parent in session.execute(ORDER):
        if child in needs and parent in needs:
            needs[child].add(parent)
    ordered: list[Part] = []
    while needs:
        free = sorted(oid for oid, parents in needs.items() if not parents & needs.keys())
        for oid in free or sorted(needs)[:1]:
            ordered.append(by_oid[oid])
            del needs[oid]
    return ordered


def text_of(sides: Sides, parts: Sequence[Part]) -> Iterator[bytes]:
    """Yield the file."""
    encoding = sides.after.info.parameter_status("client_encoding") or "UTF8"
    yield HEAD.encode()
    settings = (("client_encoding", encoding), *TEXTS)
    yield "".join(f"set local {name} = '{value}';\n" for name, value in settings).encode()
    for part in parts:
        yield from _inserts(sides, part)
    for part in parts:
        yield from _changes(sides, part)
    for part in reversed(parts):
        yield from _deletions(sides, part)
    yield b"commit;\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Rows of one side, by their 16 bytes, that are brought into a table."""

    into: sql.Composable
    digests: list[bytes]
    side: str
    columns: tuple[ColumnPair, ...]


def _inserts(sides: Sides, part: Part) -> Iterator[bytes]:
    if part.found.inserted:
        load = Load(into=part.name, digests=part.found.inserted, side="after", columns=part.columns)
        yield from _copied(sides.after, part, load=load)


def _changes(sides: Sides, part: Part) -> Iterator[bytes]:
    if not part.found.changed or not part.settable:
        return
    columns = (*part.key, *part.settable)
    yield from _beside(sides, part, what="changed", columns=columns)
    load = Load(into=part.beside("changed"), digests=part.found.changed, side="after", columns=columns)
    yield from _copied(sides.after, part, load=load)
    values = sql.SQL(", ").join(sql.SQL("{c} = g.{c}").format(c=sql.Identifier(each.before.name)) for each in part.settable)
    words = sql.SQL("update {} t set {} from {} g where {};\n").format(
        part.target.source, values, part.beside("changed"), _same(part)
    )
    yield words.as_string(sides.before).encode()


def _deletions(sides: Sides, part: Part) -> Iterator[bytes]:
    if not part.found.deleted or not part.found.pair.by_key:
        return
    yield from _beside(sides, part, what="deleted", columns=part.key)
    load = Load(into=part.beside("deleted"), digests=part.found.deleted, side="before", columns=part.key)
    yield from _copied(sides.before, part, load=load)
    words = sql.SQL("delete from {} t using {} g where {};\n").format(part.target.source, part.beside("deleted"), _same(part))
    yield words.as_string(sides.before).encode()


def _same(part: Part) -> sql.Composable:
    return sql.SQL(" and ").join(sql.SQL("t.{c} = g.{c}").format(c=sql.Identifier(each.before.name)) for each in part.key)


def _beside(sides: Sides, part: Part, *, what: str, columns: tuple[ColumnPair, ...]) -> Iterator[bytes]:
    """Yield the statement that makes a table of the load alone, which is gone with it."""
    listed = sql.SQL(", ").join(sql.Identifier(each.before.name) for each in columns)
    words = sql.SQL("create temporary table {} on commit drop as select {} from {} with no data;\n")
    name = sql.Identifier(f"amankan_{what}_{part.number}")
    yield words.format(name, listed, part.target.source).as_string(sides.before).encode()


def _copied(session: Session, part: Part, *, load: Load) -> Iterator[bytes]:
    names = sql.SQL(", ").join(sql.Identifier(each.before.name) for each in load.columns)
    yield sql.SQL("copy {} ({}) from stdin;\n").format(load.into, names).as_string(session).encode()
    for start in range(0, len(load.digests), BATCH):
        question = _question(part, load, digests=load.digests[start : start + BATCH])
        with session.cursor().copy(sql.SQL("copy ({}) to stdout").format(question)) as copy:
            for block in copy:
                yield bytes(block)
    yield b"\\.\n"


def _question(part: Part, load: Load, *, digests: list[bytes]) -> sql.Composable:
    """Return the question for the rows; of equal rows without a key so many as there are more of them."""
    table = part.source if load.side == "after" else part.target
    named = [each.after if load.side == "after" else each.before for each in load.columns]
    listed = [sql.SQL("t.{}").format(sql.Identifier(column.name)) for column in named]
    counts = Counter(digests)
    condition = wanted(part.found, list(counts), of=load.side)
    if part.found.pair.by_key:
        return sql.SQL("select {} from {} t where {}").format(sql.SQL(", ").join(listed), table.source, condition)
    digest = digest_of(part.found, of=load.side)
    inner = sql.SQL(", ").join(
        sql.SQL("{} as {}").format(column, sql.Identifier(f"c{number}")) for number, column in enumerate(listed)
    )
    outer = sql.SQL(", ").join(sql.Identifier("r", f"c{number}") for number in range(len(listed)))
    return sql.SQL(
        "select {} from (select {}, {} as d, row_number() over (partition by {}) as n from {} t where {}) r "
        "join unnest({}::bytea[], {}::int8[]) as w (d, n) on r.d = w.d and r.n <= w.n"
    ).format(
        outer, inner, digest, digest, table.source, condition, sql.Literal(list(counts)), sql.Literal(list(counts.values()))
    )
