"""Rows that go when a database takes the place of another one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Unwritten(Enum):
    """Why rows of a table that go are not in the file, or not all of them."""

    NONE = ""
    NO_TABLE = "no-table"
    LEDGER = "ledger"
    MANY = "many"
    NO_KEY = "no-key"
    LARGE_OBJECTS = "large-objects"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneTable:
    """
    One table: rows that are new in the live database, have other values there, or are deleted there.

    `written` of them are in the file; where that is fewer than there are, `unwritten` says why. `columns` are those of which
    nothing is in the file, because the table that takes the place has none of that name and kind.
    """

    table: str
    inserted: int = 0
    changed: int = 0
    deleted: int = 0
    written: int = 0
    unwritten: Unwritten = Unwritten.NONE
    columns: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows go in all."""
        return self.inserted + self.changed + self.deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvaged:
    """All rows that go, by table, and the file of `size_bytes` that brings them back; `path` is for people."""

    tables: tuple[GoneTable, ...]
    path: str
    size_bytes: int

    @property
    def rows(self) -> int:
        """How many rows go in all."""
        return sum(table.rows for table in self.tables)
