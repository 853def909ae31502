"""Rows that go on a way back, told table by table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from amankan.model.gone import GoneTable, Salvaged, Unwritten
from amankan.model.sentence import Sentence, say
from amankan.model.units import size_text

WHY: Final = {
    Unwritten.NO_TABLE: say("the old database has no such table"),
    Unwritten.LEDGER: say("the migration tool's own"),
    Unwritten.MANY: say("there are too many for a file"),
    Unwritten.NO_KEY: say("the deleted ones have no key by which they could be found"),
    Unwritten.FAILED: say("its rows could not be compared"),
    Unwritten.LARGE_OBJECTS: say("large objects are counted only"),
}


def gone_document(salvaged: Salvaged | None) -> dict[str, Any]:
    """Return what goes as scripts read it; the file is null where nothing goes."""
    tables = salvaged.tables if salvaged is not None else ()
    return {
        "gone": [_document(table) for table in tables],
        "file": salvaged.path if salvaged is not None and tables else None,
        "file_bytes": salvaged.size_bytes if salvaged is not None and tables else 0,
    }


def tell_gone(salvaged: Salvaged | None, tell: Callable[[Sentence], None]) -> None:
    """What goes is told, one line for each table, and then the file."""
    if salvaged is None or not salvaged.tables:
        tell(say("no row would go"))
        return
    tell(say("what was written or migrated since the update goes:"))
    for table in salvaged.tables:
        tell(_sentence(table))
    size = size_text(salvaged.size_bytes)
    tell(say("these rows are in a file for psql, {size}: {path}", path=salvaged.path, size=size))


def _sentence(table: GoneTable) -> Sentence:
    counts = say(
        "  {table}: {inserted} new, {changed} changed, {deleted} deleted",
        table=table.table,
        inserted=f"{table.inserted:,}",
        changed=f"{table.changed:,}",
        deleted=f"{table.deleted:,}",
    )
    if table.columns:
        counts = say("{counts}; and the columns {names}", counts=counts, names=", ".join(table.columns))
    if table.unwritten is Unwritten.NONE:
        return counts
    written = f"{table.written:,}"
    return say("{counts}; {written} of them in the file: {why}", counts=counts, written=written, why=WHY[table.unwritten])


def _document(table: GoneTable) -> dict[str, Any]:
    return {
        "table": table.table,
        "inserted": table.inserted,
        "changed": table.changed,
        "deleted": table.deleted,
        "written": table.written,
        "unwritten": table.unwritten.value or None,
        "columns": list(table.columns),
    }
