"""What an update would do, as people read it: short, like a diff."""

from __future__ import annotations

from typing import Any, Final

from amankan.cli.desk import Desk
from amankan.model.app import is_replaced
from amankan.model.impact import Change, Impact, SchemaChange, TableChange
from amankan.model.plan import Plan, RollbackClass, Strategy
from amankan.model.rehearsal import Rehearsal
from amankan.model.release import Release
from amankan.model.sentence import Sentence, say
from amankan.model.units import duration_text, size_text
from amankan.model.verdict import Finding, Level

SIGNS: Final = {Change.ADDED: "+", Change.CHANGED: "~", Change.REMOVED: "-"}
STYLES: Final = {"+": "green", "~": "yellow", "-": "red", "!": "bold red"}
WAYS_BACK: Final = {
    RollbackClass.IMAGE_ONLY: say("the old release runs on the new data: going back takes seconds and loses nothing"),
    RollbackClass.DATABASE: say("by the database as it was: what is written after the opening would go, and is kept in a file"),
    RollbackClass.NONE: say("none"),
}
BARE: Final = frozenset({"table", "sequence"})
"""Kinds whose definition tells only who owns them: what matters of them are their columns."""

MOST_STATEMENTS: Final = 12
MOST_DETAIL_CHARACTERS: Final = 100


def plan_document(plan: Plan, rehearsal: Rehearsal, *, created: str, snapshot: str) -> dict[str, Any]:
    """Return a plan as scripts read it."""
    impact = rehearsal.impact
    return {
        "id": plan.run,
        "created": created,
        "from": _release_document(plan.before),
        "to": _release_document(plan.after),
        "strategy": plan.strategy.value,
        "verdict": "unsafe" if rehearsal.verdict.level is Level.STOP else "safe",
        "reasons": [str(finding.sentence) for finding in _heavy(rehearsal)],
        "rollback_class": rehearsal.rollback_class.value,
        "downtime_seconds": rehearsal.downtime_seconds,
        "migrate_seconds": rehearsal.migrate_seconds,
        "schema": [_schema_document(change) for change in impact.schema] if impact else [],
        "data": [_table_document(table) for table in impact.tables if _touched(table)] if impact else [],
        "locks": [{"table": each.table, "mode": each.mode, "seconds": each.seconds} for each in impact.locks] if impact else [],
        "statements": [{"sql": each.sql, "danger": each.danger} for each in impact.statements] if impact else [],
        "rewritten": list(impact.rewritten) if impact else [],
        "disk_bytes": impact.disk_bytes if impact else 0,
        "wal_bytes": impact.wal_bytes if impact else 0,
        "snapshot": snapshot,
    }


def show_plan(desk: Desk, plan: Plan, *, rehearsal: Rehearsal, beside: bool) -> None:
    """The plan is printed, as a part of the answer or (`beside`) next to it, where a question follows."""
    page = _Page(desk, beside=beside)
    page.line(say("{before} → {after}", before=plan.before.label or "?", after=plan.after.label or "?"), style="bold")
    if rehearsal.impact is not None:
        _show_schema(page, rehearsal.impact)
        _show_data(page, rehearsal.impact)
        _show_work(page, rehearsal.impact)
    _show_findings(page, rehearsal)
    _show_sum(page, plan, rehearsal=rehearsal)


class _Page:
    """Lines with a sign before them."""

    def __init__(self, desk: Desk, *, beside: bool) -> None:
        self._printer, self._beside = desk.printer, beside

    def line(self, cell: str | Sentence, *, style: str = "") -> None:
        if self._beside:
            self._printer.remark(cell, style=style)
        else:
            self._printer.line(cell, style=style)

    def phrase(self, text: str) -> str:
        return self._printer.translate(text)

    def heading(self, name: Sentence) -> None:
        self.line("")
        self.line(name, style="bold")

    def item(self, sign: str, cell: str | Sentence) -> None:
        self.line(f"  {sign} {self._printer.text(cell)}", style=STYLES.get(sign, ""))


def _show_schema(page: _Page, impact: Impact) -> None:
    page.heading(say("schema"))
    if not impact.schema:
        page.item(" ", say("unchanged"))
    width = max((len(change.kind) for change in impact.schema), default=0)
    for change in impact.schema:
        told = change.detail if change.kind not in BARE or change.change is Change.CHANGED else ""
        detail = " ".join(told.split())[:MOST_DETAIL_CHARACTERS]
        page.item(SIGNS[change.change], f"{change.kind:<{width}}  {change.name}" + (f"  {detail}" if detail else ""))


def _show_data(page: _Page, impact: Impact) -> None:
    page.heading(say("data"))
    touched = [table for table in impact.tables if _touched(table)]
    for table in touched:
        sign = "-" if table.lost and not is_replaced(table.table) else "~" if table.emptied or table.changed_columns else "+"
        page.item(sign, _table_sentence(table))
        for column in table.emptied:
            page.item("-", say("{column}: the values of {rows} rows are gone",
                               column=f"{table.table}.{column.column}", rows=f"{column.changed_rows:,}"))  # fmt: skip
        for column in table.changed_columns:
            page.item("~", say("{column}: another value in {rows} rows",
                               column=f"{table.table}.{column.column}", rows=f"{column.changed_rows:,}"))  # fmt: skip
    same = len(impact.tables) - len(touched)
    if same:
        page.item(" ", say("{count} tables hold the same rows with the same values", count=same))


def _lost_rows(impact: Impact) -> int:
    return sum(table.lost for table in impact.tables if not is_replaced(table.table))


def _table_sentence(table: TableChange) -> Sentence:
    if table.lost:
        return say("{table}: {before} → {after} rows, {lost} lost, {added} added", table=table.table,
                   before=f"{table.rows_before:,}", after=f"{table.rows_after:,}", lost=f"{table.lost:,}",
                   added=f"{table.added:,}")  # fmt: skip
    return say("{table}: {before} → {after} rows, {added} added, none lost", table=table.table,
               before=f"{table.rows_before:,}", after=f"{table.rows_after:,}", added=f"{table.added:,}")  # fmt: skip


def _show_work(page: _Page, impact: Impact) -> None:
    page.heading(say("migration"))
    page.item(" ", say("{count} statements in {time}; {disk} more on disk, {wal} of log",
                       count=len(impact.statements), time=duration_text(impact.migrate_seconds),
                       disk=size_text(max(impact.disk_bytes, 0)), wal=size_text(impact.wal_bytes)))  # fmt: skip
    dangerous = [statement for statement in impact.statements if statement.danger]
    for statement in dangerous[:MOST_STATEMENTS]:
        shown = " ".join(statement.sql.split())[:MOST_DETAIL_CHARACTERS]
        page.item("!", say("{danger}: {sql}", danger=page.phrase(statement.danger), sql=shown))
    if len(dangerous) > MOST_STATEMENTS:
        page.item("!", say("and {count} more", count=len(dangerous) - MOST_STATEMENTS))
    for table in impact.rewritten:
        page.item("~", say("{table} is written anew", table=table))
    for lock in sorted(impact.locks, key=lambda each: -each.seconds)[:MOST_STATEMENTS]:
        page.item(" ", say("{table} is locked ({mode}) for {time}", table=lock.table, mode=lock.mode,
                           time=duration_text(lock.seconds)))  # fmt: skip


def _show_findings(page: _Page, rehearsal: Rehearsal) -> None:
    page.heading(say("looked at"))
    for finding in rehearsal.verdict.findings:
        if finding.level is Level.PASS and finding.code in ("loss", "time"):
            continue
        sign = {Level.PASS: " ", Level.WARN: "~", Level.STOP: "!"}[finding.level]
        page.item(sign, finding.sentence)


def _show_sum(page: _Page, plan: Plan, *, rehearsal: Rehearsal) -> None:
    impact = rehearsal.impact
    page.line("")
    if impact is not None:
        kinds = [change.change for change in impact.schema]
        page.line(say("{added} to add, {changed} to change, {removed} to remove; {lost} rows lost",
                      added=kinds.count(Change.ADDED), changed=kinds.count(Change.CHANGED),
                      removed=kinds.count(Change.REMOVED),
                      lost=f"{_lost_rows(impact):,}"), style="bold")  # fmt: skip
    unsafe = rehearsal.verdict.level is Level.STOP
    if not unsafe:
        page.line(say("writers wait about {time}", time=duration_text(rehearsal.downtime_seconds)))
        page.line(say("way back: {way}", way=WAYS_BACK[rehearsal.rollback_class]))
    if plan.strategy is Strategy.IN_PLACE:
        page.line(say("the original itself is migrated, after a backup that is proved behind the fence: writers wait longer"))
    page.line(say("verdict: unsafe") if unsafe else say("verdict: safe"), style="bold red" if unsafe else "bold green")


def _heavy(rehearsal: Rehearsal) -> list[Finding]:
    return [finding for finding in rehearsal.verdict.findings if finding.level is not Level.PASS]


def _touched(table: TableChange) -> bool:
    return bool(table.lost or table.added or table.changed_columns or table.emptied)


def _release_document(release: Release) -> dict[str, Any]:
    return {"release": release.label, "images": {image.service: image.digest for image in release.images}}


def _schema_document(change: SchemaChange) -> dict[str, str]:
    return {"object": change.name, "kind": change.kind, "change": change.change.value, "detail": change.detail}


def _table_document(table: TableChange) -> dict[str, Any]:
    return {
        "table": table.table,
        "rows_before": table.rows_before,
        "rows_after": table.rows_after,
        "lost": table.lost,
        "added": table.added,
        "changed_columns": [{"column": each.column, "changed_rows": each.changed_rows} for each in table.changed_columns],
        "emptied_columns": [{"column": each.column, "changed_rows": each.changed_rows} for each in table.emptied],
    }
