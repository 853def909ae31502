"""What a rehearsal saw, compared and judged."""

from __future__ import annotations

import pytest

from amankan.model.app import Limits
from amankan.model.impact import Change, ColumnChange, Impact, LockSeen, SchemaObject, TableChange
from amankan.model.verdict import Level
from amankan.operations.impact import LOSS, judge_impact, schema_changes


def _object(name: str, definition: str, kind: str = "column") -> SchemaObject:
    return SchemaObject(name=name, kind=kind, definition=definition)


def _impact(*tables: TableChange, locks: tuple[LockSeen, ...] = (), seconds: float = 1.0) -> Impact:
    return Impact(
        schema=(),
        tables=tables,
        locks=locks,
        statements=(),
        rewritten=(),
        migrate_seconds=seconds,
        disk_bytes=0,
        wal_bytes=0,
    )


def _table(lost: int = 0, emptied: tuple[ColumnChange, ...] = ()) -> TableChange:
    return TableChange(table="orders", rows_before=10, rows_after=10 - lost, lost=lost, added=0, emptied=emptied)


def test_schema_changes_are_told_by_object() -> None:
    """What came, went or changed is told once each, and what stayed is not."""
    before = (_object("t.a", "int"), _object("t.b", "int"), _object("t.c", "int"))
    after = (_object("t.a", "int"), _object("t.b", "bigint"), _object("t.d", "text"))
    found = [(change.name, change.change, change.detail) for change in schema_changes(before, after)]
    assert [("t.b", Change.CHANGED, "bigint"), ("t.c", Change.REMOVED, "int"), ("t.d", Change.ADDED, "text")] == found


def test_one_name_in_two_kinds_is_two_objects() -> None:
    """A table and an index may have one name; a change of the one is not a change of the other."""
    before = (_object("t", "x", "table"), _object("t", "y", "index"))
    after = (_object("t", "x", "table"), _object("t", "z", "index"))
    assert [("index", "z")] == [(change.kind, change.detail) for change in schema_changes(before, after)]


@pytest.mark.parametrize(
    ("lost", "budget", "level"),
    [(0, 0, Level.PASS), (1, 0, Level.STOP), (5, 5, Level.WARN), (6, 5, Level.STOP)],
)
def test_lost_rows_stop_a_plan_beyond_the_budget(lost: int, budget: int, level: Level) -> None:
    """A loss is told even where it is allowed, and stops the plan where it is not."""
    verdict = judge_impact(_impact(_table(lost)), Limits(lost_rows=(("orders", budget),)))
    assert level is verdict.level
    assert LOSS == verdict.findings[0].code


def test_a_row_that_every_migration_replaces_is_no_loss() -> None:
    """Alembic replaces the one row that says where it stands; a table of another name that ends like it may lose nothing."""
    for table, level in (("public.alembic_version", Level.PASS), ("public.not_alembic_version", Level.STOP)):
        change = TableChange(table=table, rows_before=1, rows_after=1, lost=1, added=1)
        assert level is judge_impact(_impact(change), Limits()).level


def test_a_column_that_held_values_counts_as_loss() -> None:
    """A dropped column with data stops a plan although every row is there."""
    emptied = (ColumnChange(column="note", changed_rows=3),)
    verdict = judge_impact(_impact(_table(emptied=emptied)), Limits())
    assert Level.STOP is verdict.level


def test_a_migration_that_takes_too_long_stops_a_plan() -> None:
    """What would not fit the limit is told before the fence."""
    assert Level.STOP is judge_impact(_impact(_table(), seconds=601), Limits()).level


def test_a_long_lock_warns() -> None:
    """A lock longer than the limit is told, but behind the fence it hurts nobody."""
    lock = LockSeen(table="orders", mode="AccessExclusiveLock", seconds=6)
    assert Level.WARN is judge_impact(_impact(_table(), locks=(lock,)), Limits()).level


def test_nothing_seen_is_no_pass() -> None:
    """An impact without a single table still has its time looked at, so the verdict rests on something."""
    verdict = judge_impact(_impact(), Limits())
    assert 1 == len(verdict.findings)
