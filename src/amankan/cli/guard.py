"""`aman guard`: destructive commands fail inside the database, whatever tool runs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Annotated

import typer

from amankan.cli.coverage import (
    KINDS,
    LEVELS,
    change_documents,
    gap_documents,
    guard_place,
    own_place,
    print_coverage,
    print_gaps,
    whole_document,
)
from amankan.cli.desk import Desk
from amankan.cli.operate import holder, refuse_unasked, typed, whoever
from amankan.cli.permit import permit_document, permit_sentence
from amankan.errors import Refused
from amankan.journal.lock import hold
from amankan.model.guard import Change, Changes, Level, Limit, Limits, Trial
from amankan.model.sentence import Sentence, say
from amankan.wiring.guards import GuardPlace


class Depth(Enum):
    """The levels, from the one that only watches to the one that takes away what the app's role owns."""

    WATCH = "watch"
    LIMIT = "limit"
    DENY = "deny"


LEVEL_OF: dict[Depth, Level] = {Depth.WATCH: "watch", Depth.LIMIT: "limit", Depth.DENY: "deny"}

Asked = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def install(
    desk: Desk,
    *,
    level: Annotated[
        Depth | None,
        typer.Option("--level", help="watch, limit or deny; by default the highest that leaves every owner as it is."),
    ] = None,
    free: Annotated[
        str, typer.Option("--free", metavar="T,...", help="Tables without limits, such as queues; * for any characters.")
    ] = "",
    plan: Annotated[bool, typer.Option("--plan", help="Only show every change, and what takes it back.")] = False,
    yes: Asked = False,
) -> None:
    """Put the guard into the database: drops, truncations and mass deletes fail there from now on."""
    if not plan:
        refuse_unasked(desk, yes=yes)
    place = own_place(desk)
    wanted = LEVEL_OF[level] if level is not None else None
    planned = place.guard.plan(place.database, wanted, app_role=place.app_role)
    if plan:
        document = _document(planned) | {"installed": False}
        desk.printer.answer({"guard": document}, lambda: _print_plan(desk, planned, wanted=wanted))
        return
    what = say(
        "{count} changes are made to {database}, at level {level}; aman guard install --plan shows each",
        count=len(planned.changes),
        database=place.database,
        level=LEVELS[planned.level],
    )
    _consent(desk, yes, what=what)
    with _holding(desk, "guard install"):
        made = place.guard.install(place.database, wanted, app_role=place.app_role, limits=_limits(free))
    desk.printer.answer({"guard": _document(made) | {"installed": True}}, lambda: _print_installed(desk, place, made=made))


def remove(desk: Desk, *, yes: Asked = False) -> None:
    """Take the guard out of the database, and back exactly what its installation changed."""
    refuse_unasked(desk, yes=yes)
    place = own_place(desk)
    what = say("nothing in {database} will stop a drop, a truncation or a mass delete any more", database=place.database)
    _consent(desk, yes, what=what)
    with _holding(desk, "guard remove"):
        undone = place.guard.remove(place.database)
    there = undone is not None
    changes = [{"kind": each.kind, "object": each.object, "do": each.do} for each in undone or ()]
    sentence = say("the guard is gone from {database}", database=place.database)
    nothing = say("there was no guard in {database}", database=place.database)

    def people() -> None:
        for change in undone or ():
            desk.printer.line(say("taken back: {change}", change=_change(change)))
        desk.printer.line(sentence if there else nothing)

    desk.printer.answer({"guard": {"removed": there, "changes": changes}}, people)


def status(desk: Desk) -> None:
    """Show the guard object by object, what it does not cover, and what it refused."""
    place = guard_place(desk)
    seen = place.guard.status(place.database, app_role=place.app_role)
    held = place.guard.permits(place.database)

    def people() -> None:
        print_coverage(desk, seen)
        for each in held:
            desk.printer.line(permit_sentence(each))

    document = whole_document(seen) | {"permits": [permit_document(each) for each in held]}
    desk.printer.answer({"guard": document}, people)


def test(desk: Desk) -> None:
    """Prove that the forbidden statements really fail: each is tried where it cannot be committed."""
    place = guard_place(desk)
    trials = place.guard.trial(place.database)
    passed = [each for each in trials if not each.refused]
    document = {
        "tried": len(trials),
        "refused": len(trials) - len(passed),
        "trials": [{"statement": each.statement, "refused": each.refused, "answer": str(each.answer)} for each in trials],
    }
    held = len(place.guard.permits(place.database))
    if held:
        desk.printer.remark(
            say("{count} permits hold now, which let pass what is refused here: aman permit --list", count=held)
        )
    desk.printer.answer({"guard": document}, lambda: _print_trials(desk, trials))
    if passed:
        raise Refused(
            say(
                "cannot rely on the guard of {database}: {passed} of {count} forbidden statements passed",
                database=place.database,
                passed=len(passed),
                count=len(trials),
            ),
            production=say("unchanged: what was tried was taken back"),
            next=say("aman guard status"),
        )


def _limits(free: str) -> Limits | None:
    """Return the usual limits with these tables free; None where nothing was said, so that those of before stay."""
    patterns = [pattern.strip() for pattern in free.split(",") if pattern.strip()]
    whole = [pattern if "." in pattern else f"public.{pattern}" for pattern in patterns]
    return Limits(tables=tuple((pattern, Limit(free=True)) for pattern in whole)) if whole else None


def _consent(desk: Desk, yes: bool, *, what: Sentence) -> str:
    """Return who consented; raises ConsentMissing where nobody did, and nothing was changed."""
    if yes:
        desk.printer.remark(what)
        return whoever()
    desk.printer.warn(what)
    return typed(desk, desk.settings.app.name)


@contextmanager
def _holding(desk: Desk, why: str) -> Iterator[None]:
    """No operation on the app is under way meanwhile; raises Locked where one is."""
    held = hold(desk.disk, holder(desk, why))
    try:
        yield
    finally:
        held.release()


def _document(changes: Changes) -> dict[str, object]:
    documents = change_documents(changes.changes)
    return {"level": changes.level, "changes": documents, "gaps": gap_documents(changes.gaps)}


def _change(change: Change) -> Sentence:
    return say("{kind} {object}", kind=KINDS[change.kind], object=change.object)


def _print_plan(desk: Desk, planned: Changes, *, wanted: Level | None) -> None:
    printer = desk.printer
    if wanted is not None and wanted != planned.level:
        named = LEVELS[wanted]
        printer.warn(
            say("level {level} cannot be installed by this role, and why stands below; the plan is of another", level=named)
        )
    printer.line(say("level {level}, {count} changes:", level=LEVELS[planned.level], count=len(planned.changes)))
    for change in planned.changes:
        printer.line(_change(change), style="bold")
        printer.line(say("  does: {statement}", statement=change.do) if change.do else say("  made by the guard's own script"))
        printer.line(say("  undo: {statement}", statement=change.undo) if change.undo else say("  undo: goes with the guard"))
    print_gaps(desk, planned.gaps)
    printer.remark(say("nothing was changed; next: aman guard install"))


def _print_installed(desk: Desk, place: GuardPlace, *, made: Changes) -> None:
    said = say(
        "{database} is guarded at level {level}: {count} changes",
        database=place.database,
        level=LEVELS[made.level],
        count=len(made.changes),
    )
    desk.printer.line(said)
    print_gaps(desk, made.gaps)
    desk.printer.remark(say("next: aman guard test"))


def _print_trials(desk: Desk, trials: tuple[Trial, ...]) -> None:
    answers = {True: say("refused"), False: say("PASSED")}
    for each in trials:
        desk.printer.line(say("{verdict}: {statement}", verdict=answers[each.refused], statement=each.statement))
        desk.printer.line(say("    {answer}", answer=each.answer), style="dim")
    count = sum(each.refused for each in trials)
    desk.printer.line(say("{refused} of {count} forbidden statements were refused", refused=count, count=len(trials)))
