"""What is kept running, with its policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REPLACED: Final = frozenset({"alembic_version"})
"""Tables in which a migration tool keeps only where it stands: their rows are replaced, and what they say is looked at."""

REPLACED_ROWS: Final = 1000
"""More branches of migrations than that nobody has."""


def is_replaced(table: str) -> bool:
    """Tell whether a migration replaces the rows of a table, by its label."""
    return table.rpartition(".")[2] in REPLACED


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    The loss budget and the patience of an update.

    `lost_rows` gives the rows that a table may lose, by table name; `*` stands for all that are not named.
    """

    lost_rows: tuple[tuple[str, int], ...] = (("*", 0),)
    lock_seconds: float = 5.0
    downtime_seconds: float = 120.0
    migrate_seconds: float = 600.0

    def budget(self, table: str) -> int:
        """Return how many rows `table` may lose; 0 where nothing is said."""
        if is_replaced(table):
            return REPLACED_ROWS
        budgets = dict(self.lost_rows)
        return budgets.get(table, budgets.get("*", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app by name (lower-case letters, digits and dashes), its environment and its limits."""

    name: str
    environment: str
    database: str
    limits: Limits = Limits()
