"""`aman adopt`: backups made by hand, tried and taken in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from amankan import wiring
from amankan.cli.desk import Desk
from amankan.cli.operate import Work, at_work, holder
from amankan.cli.times import time_text
from amankan.errors import ConfigurationFault, Interrupted
from amankan.journal.lock import hold
from amankan.model.foreign import Tried, Worth
from amankan.model.sentence import Sentence, say
from amankan.model.snapshot import Snapshot
from amankan.model.units import size_text

WORTHS: Final = {
    Worth.GOOD: say("restores"),
    Worth.EMPTY: say("empty"),
    Worth.CUT: say("cut"),
    Worth.BROKEN: say("does not restore"),
    Worth.ANOTHER_APP: say("of another app"),
}

Taken = tuple[Tried, Snapshot | None]


def adopt(
    desk: Desk,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Files of pg_dump: .sql, .sql.gz, .dump, or a folder.")
    ],
    *,
    check: Annotated[bool, typer.Option("--check", help="Only look; seal nothing.")] = False,
) -> None:
    """Try backups that were made by hand, say which of them restore and what they hold, and seal the good ones."""
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        raise ConfigurationFault(say("cannot find {files}", files=", ".join(missing)), next=say("aman adopt --help"))
    with at_work(desk, why="adopt") as work:
        if not check:
            work.house.refuse_fleeting()
        held = hold(desk.disk, holder(desk, "adopt"))
        try:
            taken = _take(desk, work, files=files, check=check)
        finally:
            held.release()
    desk.printer.answer({"adopt": [_document(each) for each in taken]}, lambda: _print(desk, taken))


def _take(desk: Desk, work: Work, *, files: list[Path], check: bool) -> list[Taken]:
    """Return what each file is worth, in order; raises Interrupted between two of them, and what was sealed stays."""
    adoption = wiring.adoption(work.house, progress=desk.progress)
    taken = []
    for file in files:
        if work.operator.interrupted():
            raise Interrupted(say("cannot go on: interrupted"), production=say("unchanged"))
        desk.printer.remark(say("{file} …", file=str(file)))
        taken.append(adoption.take(file.absolute(), only_look=check))
    return taken


def _print(desk: Desk, taken: list[Taken]) -> None:
    headings = (say("file"), say("size"), say("result"), say("tables"), say("rows"), say("newest row"), say("snapshot"))
    desk.printer.table(headings, [_row(*each) for each in taken])
    for tried, _ in taken:
        if tried.worth is not Worth.GOOD:
            desk.printer.line(say("{file}: {why}", file=Path(tried.file).name, why=tried.why))


def _row(tried: Tried, snapshot: Snapshot | None) -> tuple[str | Sentence, ...]:
    newest = time_text(tried.newest).replace("T", " ").removesuffix("Z") if tried.newest else "-"
    tables, rows = (str(len(tried.held.tables)), f"{tried.held.rows:,}") if tried.held else ("-", "-")
    name = Path(tried.file).name
    return (name, size_text(tried.size_bytes), WORTHS[tried.worth], tables, rows, newest, snapshot.id if snapshot else "-")


def _document(taken: Taken) -> dict[str, Any]:
    tried, snapshot = taken
    return {
        "file": tried.file,
        "result": tried.worth.value,
        "reason": str(tried.why),
        "made": time_text(tried.made),
        "size_bytes": tried.size_bytes,
        "tables": len(tried.held.tables) if tried.held else None,
        "rows": tried.held.rows if tried.held else None,
        "newest": time_text(tried.newest) if tried.newest else None,
        "snapshot": snapshot.id if snapshot else None,
    }
