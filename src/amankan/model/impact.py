"""What a migration does to a database, as it was seen on a copy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Change(Enum):
    """What happened to an object of the schema."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaObject:
    """One object of a schema: its full name, its kind in the database's own word, and its definition."""

    name: str
    kind: str
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """One object that is another one afterwards; `detail` is its new definition, or the old one where it is removed."""

    name: str
    kind: str
    change: Change
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChange:
    """How many rows that were there before have another value in a column."""

    column: str
    changed_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """
    What happened to the rows of one table, told by their keys.

    `lost` counts keys that are gone and `added` keys that are new; `emptied` names columns that held values and are gone.
    """

    table: str
    rows_before: int
    rows_after: int
    lost: int
    added: int
    changed_columns: tuple[ColumnChange, ...] = ()
    emptied: tuple[ColumnChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSeen:
    """A lock that the migration held on a table, in the database's own word, and for how long."""

    table: str
    mode: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSeen:
    """A statement that the migration ran, and why it is dangerous, where it is."""

    sql: str
    danger: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """All that was seen while the migration ran: schema, rows, locks, statements, and what it cost."""

    schema: tuple[SchemaChange, ...]
    tables: tuple[TableChange, ...]
    locks: tuple[LockSeen, ...]
    statements: tuple[StatementSeen, ...]
    rewritten: tuple[str, ...]
    migrate_seconds: float
    disk_bytes: int
    wal_bytes: int
