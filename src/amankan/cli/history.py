"""`aman history`: past operations."""

from __future__ import annotations

from typing import Any

from amankan.cli.desk import Desk
from amankan.cli.words import outcome_text
from amankan.journal.account import Account, account, entries_of
from amankan.journal.shelf import runs
from amankan.model.sentence import say
from amankan.model.units import duration_text


def history(desk: Desk) -> None:
    """List past operations, the newest first."""
    told = accounts(desk)
    document = {"operations": [as_document(each) for each in told]}

    def people() -> None:
        if not told:
            desk.printer.remark(say("nothing was done here yet"))
            return
        headings = (say("operation"), say("begun (UTC)"), say("took"), say("ending"), say("id"))
        rows = [(each.operation, shown(each.begun), duration_text(each.seconds), outcome_text(each), each.run) for each in told]
        desk.printer.table(headings, rows)

    desk.printer.answer(document, people)


def accounts(desk: Desk) -> list[Account]:
    """Return the accounts of all operations, the newest first."""
    told = [account(run, entries_of(desk.disk, run)) for run in reversed(runs(desk.disk))]
    return [each for each in told if each.begun]


def as_document(told: Account) -> dict[str, Any]:
    """Return an account as scripts read it."""
    return {
        "id": told.run,
        "operation": told.operation,
        "outcome": told.outcome,
        "begun": told.begun,
        "ended": told.ended or None,
        "seconds": told.seconds,
        "reason": told.reason or None,
    }


def shown(time: str) -> str:
    """Return a time of the journal as people read it."""
    return time.replace("T", " ").partition(".")[0]
