"""What a database holds, in a form that can be compared and kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePrint:
    """
    One table: its rows (0 allowed), an order-independent digest of them, and one digest for each column where taken.
    """

    table: str
    rows: int
    digest: str
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """
    Rows and digest of every table, sorted by name, and the digest of the schema (64 hex digits); never a sample.

    `shape` is the digest of the schema without the values of its sequences, which go on while others write. A census has
    rows alone: its digests of tables are empty.
    """

    tables: tuple[TablePrint, ...]
    schema: str
    shape: str = ""

    def shaped_like(self, other: Fingerprint) -> bool:
        """Tell whether both have the same schema, whatever their sequences gave out; else by the whole."""
        if self.shape and other.shape:
            return self.shape == other.shape
        return self.schema == other.schema

    @property
    def rows(self) -> int:
        """The rows of all tables together."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which two fingerprints differ: `what` is schema, missing, added, rows or content."""

    table: str
    what: str
    before: str
    after: str


def compare(before: Fingerprint, after: Fingerprint) -> tuple[Difference, ...]:
    """Return every difference between two fingerprints, tables in order of their names; empty means equal."""
    old = {table.table: table for table in before.tables}
    new = {table.table: table for table in after.tables}
    found = []
    if before.schema != after.schema:
        found.append(Difference(table="", what="schema", before=before.schema, after=after.schema))
    for name in sorted(old.keys() | new.keys()):
        difference = _compare_table(name, old=old.get(name), new=new.get(name))
        if difference is not None:
            found.append(difference)
    return tuple(found)


def _compare_table(name: str, *, old: TablePrint | None, new: TablePrint | None) -> Difference | None:
    if old is None or new is None:
        what = "added" if old is None else "missing"
        before, after = (str(side.rows) if side else "" for side in (old, new))
        return Difference(table=name, what=what, before=before, after=after)
    if old.rows != new.rows:
        return Difference(table=name, what="rows", before=str(old.rows), after=str(new.rows))
    if old.digest != new.digest:
        return Difference(table=name, what="content", before=old.digest, after=new.digest)
    return None


def lost_rows(before: Fingerprint, after: Fingerprint) -> dict[str, int]:
    """Return, for each table that shrank or went away, how many rows fewer it has (at least 1)."""
    new = {table.table: table.rows for table in after.tables}
    fewer = {table.table: table.rows - new.get(table.table, 0) for table in before.tables}
    return {table: rows for table, rows in fewer.items() if rows > 0}
