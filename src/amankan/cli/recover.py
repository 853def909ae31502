"""`aman recover`: what a crash left behind is finished or undone."""

from __future__ import annotations

from amankan.cli.desk import Desk
from amankan.cli.news import News
from amankan.cli.operate import account_of, at_work, document_of
from amankan.cli.words import outcome_text
from amankan.journal.shelf import open_runs
from amankan.model.message import Tone
from amankan.model.sentence import say
from amankan.operations import begin


def recover(desk: Desk) -> None:
    """Finish or undo what a crash left behind; may be repeated."""
    if not open_runs(desk.disk):
        desk.printer.answer({"recovered": []}, lambda: desk.printer.line(say("nothing was left behind")))
        return
    with at_work(desk, why="recover") as work:
        ended = begin.recover(work.house.stage, work.operator)
    told = [account_of(desk, each.run) for each in ended]

    lines = [
        say("{operation} {id}: {outcome}", operation=each.operation, id=each.run, outcome=outcome_text(each)) for each in told
    ]
    desk.news = News(what=say("what a crash left behind was recovered"), more=tuple(lines), tone=Tone.NEWS)

    def people() -> None:
        for line in lines:
            desk.printer.line(line)

    desk.printer.answer({"recovered": [document_of(each) for each in told]}, people)
