"""What two looks at a database, before and after, come to."""

from __future__ import annotations

from collections.abc import Iterable

from amankan.model.app import Limits, is_replaced
from amankan.model.impact import Change, Impact, SchemaChange, SchemaObject, TableChange
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict

LOSS = "loss"
"""The code of findings that tell of lost rows or values."""


def schema_changes(before: Iterable[SchemaObject], after: Iterable[SchemaObject]) -> tuple[SchemaChange, ...]:
    """Return every object that came, went or has another definition, sorted by kind and name."""
    old = {(item.kind, item.name): item.definition for item in before}
    new = {(item.kind, item.name): item.definition for item in after}
    found = []
    for kind, name in sorted(old.keys() | new.keys()):
        mine, theirs = old.get((kind, name)), new.get((kind, name))
        if mine is None and theirs is not None:
            found.append(SchemaChange(name=name, kind=kind, change=Change.ADDED, detail=theirs))
        elif mine is not None and theirs is None:
            found.append(SchemaChange(name=name, kind=kind, change=Change.REMOVED, detail=mine))
        elif mine is not None and theirs is not None and mine != theirs:
            found.append(SchemaChange(name=name, kind=kind, change=Change.CHANGED, detail=theirs))
    return tuple(found)


def judge_impact(impact: Impact, limits: Limits) -> Verdict:
    """
    Return what an impact means for the plan under the app's limits.

    Rows that are gone beyond the budget stop it, and so do values of a column that is gone; locks and time that are longer
    than the limits stop it too.
    """
    findings = [
        *(_rows(table, limits) for table in impact.tables),
        *(finding for table in impact.tables for finding in _values(table, limits)),
        *_patience(impact, limits),
    ]
    return Verdict(findings=tuple(findings))


def _rows(table: TableChange, limits: Limits) -> Finding:
    budget = limits.budget(table.table)
    level = Level.PASS if table.lost == 0 or is_replaced(table.table) else Level.WARN if table.lost <= budget else Level.STOP
    return Finding(
        level=level,
        code=LOSS,
        sentence=say("{table} would lose {rows} rows, {budget} are allowed", table=table.table, rows=table.lost, budget=budget),
    )


def _values(table: TableChange, limits: Limits) -> Iterable[Finding]:
    budget = limits.budget(table.table)
    for column in table.emptied:
        yield Finding(
            level=Level.WARN if column.changed_rows <= budget else Level.STOP,
            code=LOSS,
            sentence=say(
                "{table}.{column} would lose the values of {rows} rows, {budget} are allowed",
                table=table.table,
                column=column.column,
                rows=column.changed_rows,
                budget=budget,
            ),
        )


def _patience(impact: Impact, limits: Limits) -> Iterable[Finding]:
    slow = impact.migrate_seconds > limits.migrate_seconds
    yield Finding(
        level=Level.STOP if slow else Level.PASS,
        code="time",
        sentence=say(
            "the migration took {seconds} s, {limit} s are allowed",
            seconds=round(impact.migrate_seconds, 1),
            limit=limits.migrate_seconds,
        ),
    )
    for lock in impact.locks:
        if lock.seconds > limits.lock_seconds:
            yield Finding(
                level=Level.WARN,
                code="lock",
                sentence=say(
                    "{table} was locked ({mode}) for {seconds} s; behind the fence nobody waits for it",
                    table=lock.table,
                    mode=lock.mode,
                    seconds=round(lock.seconds, 1),
                ),
            )
