"""`aman rollback`: back to the release before an update that was opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from amankan.cli.coverage import look, tell_guard
from amankan.cli.desk import Desk
from amankan.cli.gone import gone_document, tell_gone
from amankan.cli.operate import Work, asking, at_work, carry_out, refuse_unasked, whoever
from amankan.cli.update import Yes, tell_ended, tell_remark, walked
from amankan.errors import ConsentMissing
from amankan.journal.papers import last_paper
from amankan.model.facts import Facts
from amankan.model.gone import Salvaged
from amankan.model.plan import Plan, RollbackClass, Strategy
from amankan.model.rehearsal import Rehearsal
from amankan.model.sentence import say
from amankan.operations.plans.names import snapshot_name
from amankan.operations.plans.rollback import plan_look_back, plan_rollback
from amankan.operations.return_way import ReturnWay, refuse_impossible, return_way


def rollback(
    desk: Desk,
    update: Annotated[str, typer.Argument(metavar="[UPDATE]", help="The update; by default the newest that was opened.")] = "",
    *,
    yes: Yes = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say which rows would go, and write them into a file; nothing else is done.")
    ] = False,
    database: Annotated[
        bool, typer.Option("--database", help="Give the old database back too, where the old release alone would do.")
    ] = False,
) -> None:
    """Go back to the release before an update; say first what would go, and keep it."""
    if not plan:
        refuse_unasked(desk, yes=yes)
    with at_work(desk, why="rollback") as work:
        way, facts = return_way(desk.disk, update), work.house.survey()
        kind = RollbackClass.DATABASE if database else way.rollback_class
        refuse_impossible(way, facts, kind=kind, engine=work.house.engine)
        if plan:
            _foretell(desk, work, way=way, facts=facts, kind=kind)
            return
        oid = way.plan.identity.oid if kind is not RollbackClass.IMAGE_ONLY else 0
        made = plan_rollback(facts, target=way.plan.before, rollback_class=kind, kept=way.kept, kept_oid=oid)
        guard = look(desk)
        ended = walked(desk, work.asked(_consent(desk, yes=yes)), name="rollback", made=made)
        tell_ended(desk, "rollback", ended=ended, made=made)
        tell_guard(desk, guard)
        _tell_file(desk, made)
        tell_remark(desk, work, made=made)


def _foretell(desk: Desk, work: Work, *, way: ReturnWay, facts: Facts, kind: RollbackClass) -> None:
    """What would go is told, and in a file; nothing that is live was changed."""
    salvaged, run, seconds = None, None, 0.0
    if kind is not RollbackClass.IMAGE_ONLY:
        told = carry_out(desk, work, plan=plan_look_back(facts, kept=way.kept))
        run, seconds, salvaged = told.run, told.seconds, last_paper(desk.disk, told.run, name="gone", kind=Salvaged)
    document = {
        "id": run,
        "update": way.plan.run,
        "from": facts.release.label,
        "to": way.plan.before.label,
        "rollback_class": kind.value,
        "seconds": seconds,
        **gone_document(salvaged),
    }

    def people() -> None:
        desk.printer.line(say("{before} → {after}", before=facts.release.label or "?", after=way.plan.before.label or "?"))
        tell_gone(salvaged, desk.printer.line)

    desk.printer.answer({"plan": document}, people)


def _consent(desk: Desk, *, yes: bool) -> Callable[[Plan, Rehearsal | None], str]:
    def ask(plan: Plan, rehearsal: Rehearsal | None) -> str:
        if plan.strategy is Strategy.SWAP:
            _tell_lost(desk, plan)
        else:
            desk.printer.warn(say("the release alone goes back: no row would go"))
        if yes:
            return f"{whoever()}, by --yes"
        what = say("{app} goes back to {release}", app=plan.app, release=plan.after.label)
        return asking(desk, yes, what=what)(plan, rehearsal)

    return ask


def _tell_lost(desk: Desk, plan: Plan) -> None:
    salvaged = last_paper(desk.disk, plan.run, name="gone", kind=Salvaged)
    if salvaged is None:
        raise ConsentMissing(say("cannot tell what would go: {run} left no record of it", run=plan.run))
    tell_gone(salvaged, desk.printer.warn)
    desk.printer.warn(
        say(
            "all of it is kept: aman export {snapshot} FILE; the database itself stays, closed",
            snapshot=snapshot_name(plan.run),
        )
    )


def _tell_file(desk: Desk, made: Plan) -> None:
    """The user is told of the file that was completed behind the fence, which may hold more than what they consented to."""
    salvaged = last_paper(desk.disk, made.run, name="gone", kind=Salvaged)
    if salvaged is not None and salvaged.tables:
        tell_gone(salvaged, desk.printer.warn)
