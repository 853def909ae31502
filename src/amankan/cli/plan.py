"""`aman plan`: what an update would do, seen on a copy."""

from __future__ import annotations

import json
from typing import Any

from amankan.cli.desk import Desk
from amankan.cli.foretold import plan_document, show_plan
from amankan.cli.hindered import refuse_hindered
from amankan.cli.operate import Work, account_of, at_work
from amankan.cli.target import Build, Image, Tag, Wish, runs_already, target_of
from amankan.errors import AmankanError
from amankan.journal.papers import last_paper
from amankan.model.plan import Plan
from amankan.model.rehearsal import Rehearsal
from amankan.model.sentence import say
from amankan.operations import begin
from amankan.operations.plans.names import snapshot_name
from amankan.operations.plans.update import plan_rehearsal
from amankan.operations.walk import as_error


def plan(desk: Desk, *, tag: Tag = "", image: Image = "", build: Build = False) -> None:
    """Show what an update would do to schema, data, locks and time, and how one would get back; change nothing."""
    wish = Wish(tag=tag, image=image, build=build)
    wish.refuse_several()
    with at_work(desk, why="plan") as work:
        facts = work.house.survey()
        target = target_of(desk, work, wish=wish, app=facts.app)
        if runs_already(facts, target):
            _tell_nothing(desk, target.label)
            return
        refuse_hindered(desk, work, facts=facts, target=target)
        made = plan_rehearsal(facts, target)
        error = as_error(begin.run(work.house.stage, made, operator=work.operator))
        _tell(desk, work, made=made, error=error)


def _tell(desk: Desk, work: Work, *, made: Plan, error: AmankanError | None) -> None:
    """The plan is shown and kept where there is one, whatever it says; then the error is raised, if there is one."""
    rehearsal = last_paper(desk.disk, made.run, name="rehearsal", kind=Rehearsal)
    if rehearsal is not None:
        document = keep_plan(desk, made, rehearsal=rehearsal)

        def people() -> None:
            show_plan(desk, made, rehearsal=rehearsal, beside=False)
            if error is None:
                desk.printer.line(say("next: {command}", command=f"aman update --plan {made.run}"))

        desk.printer.answer({"plan": document}, people)
    if error is not None:
        raise error


def keep_plan(desk: Desk, made: Plan, *, rehearsal: Rehearsal) -> dict[str, Any]:
    """The plan lies in `plans/` for people and scripts, as it is returned."""
    created = account_of(desk, made.run).begun
    document = plan_document(made, rehearsal, created=created, snapshot=snapshot_name(made.run))
    text = desk.redact(json.dumps({"plan": document}, ensure_ascii=False, indent=1)) + "\n"
    desk.disk.replace(f"plans/{made.run}.json", text.encode())
    return document


def _tell_nothing(desk: Desk, release: str) -> None:
    desk.printer.answer(
        {"plan": None}, lambda: desk.printer.line(say("{release} runs already: nothing to do", release=release))
    )
