"""`aman update`: the app ends updated and verified, or exactly as before."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from amankan.cli.desk import Desk
from amankan.cli.foretold import show_plan
from amankan.cli.hindered import refuse_hindered
from amankan.cli.news import News
from amankan.cli.operate import Work, account_of, asking, at_work, refuse_unasked, whoever
from amankan.cli.plan import keep_plan
from amankan.cli.show import step_documents
from amankan.cli.target import Build, Image, Tag, Wish, runs_already, target_again, target_of
from amankan.errors import AmankanError, ConfigurationFault, DiskFailed, Stopped
from amankan.journal.account import Account
from amankan.journal.papers import last_paper
from amankan.model.facts import Facts
from amankan.model.message import Tone
from amankan.model.plan import Plan
from amankan.model.rehearsal import Rehearsal
from amankan.model.sentence import Sentence, say
from amankan.model.units import duration_text
from amankan.operations import begin
from amankan.operations.plans.update import plan_update
from amankan.operations.saved import refuse_stale, saved_plan
from amankan.operations.walk import Ended, as_error

OUTCOMES: Final = {"done": "updated", "as-before": "rolled-back", "stopped": "stopped", "unfinished": "stopped"}
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def update(
    desk: Desk,
    *,
    tag: Tag = "",
    image: Image = "",
    build: Build = False,
    plan: Annotated[str, typer.Option("--plan", metavar="ID", help="Carry out this plan; refused when it is stale.")] = "",
    yes: Yes = False,
) -> None:
    """Back up, prove, rehearse, ask, and update behind a fence; or end exactly as before."""
    wish = Wish(tag=tag, image=image, build=build)
    wish.refuse_several()
    if plan and wish != Wish():
        raise ConfigurationFault(say("cannot know which release is meant: the plan {id} names one", id=plan))
    refuse_unasked(desk, yes=yes)
    with at_work(desk, why="update") as work:
        facts = work.house.survey()
        made = _from_plan(desk, work, facts=facts, id=plan) if plan else _anew(desk, work, wish=wish, facts=facts)
        if made is None:
            _tell_nothing(desk, facts)
            return
        refuse_hindered(desk, work, facts=facts, target=made.after)
        ended = _walk(desk, work, made=made, yes=yes)
        tell_ended(desk, "update", ended=ended, made=made)
        tell_remark(desk, work, made=made)


def walked(desk: Desk, work: Work, *, name: str, made: Plan) -> Ended:
    """The plan was walked; where it could go neither forward nor back, the answer says so before the error is raised."""
    try:
        return begin.run(work.house.stage, made, operator=work.operator)
    except Stopped as stopped:
        with contextlib.suppress(AmankanError):  # the journal itself may be what failed
            document = _document(account_of(desk, made.run), made, error=stopped)
            desk.printer.answer({name: document}, lambda: None)
        raise


def tell_ended(desk: Desk, name: str, *, ended: Ended, made: Plan) -> None:
    """The ending of an update or a rollback is told; raises its error where it did not end as asked."""
    told, error = account_of(desk, ended.run), as_error(ended)
    document = _document(told, made, error=error)
    if error is not None:
        desk.printer.answer({name: document}, lambda: None)
        raise error

    sentence = say(
        "{release} runs, verified; writers waited {wait}, the whole took {time}",
        release=made.after.label,
        wait=duration_text(told.downtime_seconds),
        time=duration_text(told.seconds),
    )
    finding = say("since it was opened: {finding}; next: aman rollback", finding=str(told.evidence("finding") or ""))
    unwell = told.evidence("health") == "stop"
    desk.news = _news(name, sentence, release=made.after.label, finding=finding if unwell else None)

    def people() -> None:
        desk.printer.line(sentence, style="bold green")
        kept = next((step.aside for step in made.steps if step.aside and step.name == "swap"), "")
        if kept:
            desk.printer.line(say("the database as it was is kept, closed, as {name}", name=kept))
        if unwell:
            desk.printer.warn(finding)

    desk.printer.answer({name: document}, people)


def _news(name: str, sentence: Sentence, *, release: str, finding: Sentence | None) -> News:
    went = say("updated to {release} (verified)", release=release)
    what = went if name == "update" else say("rolled back to {release} (verified)", release=release)
    if finding is None:
        return News(what=what, more=(sentence,))
    return News(what=what, more=(sentence, finding), tone=Tone.WARNING)


def tell_remark(desk: Desk, work: Work, *, made: Plan) -> None:
    """The user is told what is left for them to do, so that the release that runs stays the one that runs."""
    remark = work.house.premises.remark(made.after)
    if remark is not None:
        desk.printer.warn(remark)


def _anew(desk: Desk, work: Work, *, wish: Wish, facts: Facts) -> Plan | None:
    target = target_of(desk, work, wish=wish, app=facts.app)
    return None if runs_already(facts, target) else plan_update(facts, target)


def _from_plan(desk: Desk, work: Work, *, facts: Facts, id: str) -> Plan:
    saved = saved_plan(desk.disk, id)
    target = target_again(desk, work, release=saved.plan.after, app=facts.app)
    refuse_stale(saved, facts, target=target)
    return plan_update(facts, target, rehearsed=saved.rehearsed)


def _walk(desk: Desk, work: Work, *, made: Plan, yes: bool) -> Ended:
    """Walk the plan; what the rehearsal saw is shown before the question, and also where it stops the update."""
    shown: list[bool] = []
    ended = walked(desk, work.asked(_consent(desk, yes, shown=shown)), name="update", made=made)
    rehearsal = last_paper(desk.disk, made.run, name="rehearsal", kind=Rehearsal)
    if rehearsal is not None:
        try:
            keep_plan(desk, made, rehearsal=rehearsal)
        except DiskFailed as fault:  # the journal has it all; the update ended as it ended
            desk.printer.warn(fault.cannot)
        if not shown:
            show_plan(desk, made, rehearsal=rehearsal, beside=True)
    return ended


def _consent(desk: Desk, yes: bool, *, shown: list[bool]) -> Callable[[Plan, Rehearsal | None], str]:
    def ask(plan: Plan, rehearsal: Rehearsal | None) -> str:
        wait_seconds = 0.0
        if rehearsal is not None:
            show_plan(desk, plan, rehearsal=rehearsal, beside=True)
            shown.append(True)
            wait_seconds = rehearsal.downtime_seconds
        if yes:
            return f"{whoever()}, by --yes"
        what = say("{app} will be updated; writers wait about {time}", app=plan.app, time=duration_text(wait_seconds))
        return asking(desk, yes, what=what)(plan, rehearsal)

    return ask


def _document(told: Account, made: Plan, *, error: AmankanError | None) -> dict[str, Any]:
    outcome = OUTCOMES[told.outcome]
    if error is not None and error.status in (3, 4):
        outcome = "refused"
    if isinstance(error, Stopped):
        outcome = "stopped"
    return {
        "id": told.run,
        "outcome": outcome,
        "plan": made.run,
        "release": (made.after if outcome == "updated" else made.before).label,
        "downtime_seconds": told.downtime_seconds,
        "seconds": told.seconds,
        "steps": step_documents(told),
    }


def _tell_nothing(desk: Desk, facts: Facts) -> None:
    release = facts.release.label
    document: dict[str, Any] = {
        "id": None,
        "outcome": "updated",
        "plan": None,
        "release": release,
        "downtime_seconds": 0.0,
        "seconds": 0.0,
        "steps": [],
    }
    sentence = say("{release} runs already: nothing to do", release=release)
    desk.printer.answer({"update": document}, lambda: desk.printer.line(sentence))
