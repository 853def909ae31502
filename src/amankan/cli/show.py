"""`aman show`: one operation, step by step."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from amankan.cli.desk import Desk
from amankan.cli.fates import kept_by_journal, until_sentence
from amankan.cli.history import as_document, shown
from amankan.cli.words import STANDINGS, outcome_text
from amankan.errors import ConfigurationFault, SnapshotMissing
from amankan.journal.account import Account, StepAccount, account, entries_of
from amankan.journal.lock import held
from amankan.journal.shelf import meant, runs
from amankan.model.sentence import say
from amankan.model.units import duration_text

LOOK_SECONDS: Final = 0.5


def show(
    desk: Desk,
    id: Annotated[str, typer.Argument(metavar="ID", help="The operation, or the beginning or end of its id.")] = "",
    *,
    step: Annotated[str, typer.Option("--step", metavar="STEP", help="Show one step alone.")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the operation ends.")] = False,
) -> None:
    """Show an operation step by step, with what each step left; without ID the newest one."""
    told = account(run := _find(desk, id), entries_of(desk.disk, run))
    if step and step not in {each.name for each in told.steps}:
        names = ", ".join(each.name for each in told.steps)
        fault = say("cannot find step {step} in {id}: its steps are {names}", step=step, id=run, names=names)
        raise ConfigurationFault(fault, next=say("aman show {id}", id=run))
    if follow:
        told = _follow(desk, run)
    steps = [each for each in told.steps if step in ("", each.name)]
    document = as_document(told) | {"steps": [each for each in step_documents(told) if step in ("", each["name"])]}
    desk.printer.answer({"operation": document}, lambda: _print(desk, told, steps=[] if follow else steps))


def _find(desk: Desk, id: str) -> str:
    """Return the run that an id means: the whole name, or its beginning or end where only one has it."""
    found = meant(desk.disk, id) if id else runs(desk.disk)[-1:]
    if len(found) > 1:
        raise ConfigurationFault(
            say("cannot know which operation {id} is: {count} have it", id=id, count=len(found)), next=say("aman history")
        )
    if not found:
        raise SnapshotMissing(say("cannot find operation {id}", id=id or "?"), next=say("aman history"))
    return found[0]


def _follow(desk: Desk, run: str) -> Account:
    """Print each step as it ends; return the account of the whole when the operation ended or its process died."""
    printed: set[tuple[str, str]] = set()
    while True:
        told = account(run, entries_of(desk.disk, run))
        for each in (each for each in told.steps if (each.name, each.standing.value) not in printed):
            printed.add((each.name, each.standing.value))
            desk.printer.live(lambda each=each: _print_step(desk, each))  # type: ignore[misc]
        if told.ending is not None or not at_work(desk):
            return told
        desk.clock.pause(LOOK_SECONDS)


def at_work(desk: Desk) -> bool:
    """Tell whether a process holds the lock, and so is at work on what has not ended."""
    return held(desk.disk)


def _print(desk: Desk, told: Account, *, steps: list[StepAccount]) -> None:
    for each in steps:
        _print_step(desk, each)
    desk.printer.line(
        say(
            "{operation} {id}: {outcome}, after {time}",
            operation=told.operation,
            id=told.run,
            outcome=outcome_text(told),
            time=duration_text(told.seconds),
        ),
        style="bold",
    )
    if told.reason:
        desk.printer.line(say("reason: {reason}", reason=told.reason))
    for fate in kept_by_journal(desk) if told.opened else ():
        if fate.kept.run == told.run:
            desk.printer.line(say("kept: {what}", what=until_sentence(fate)))


def _print_step(desk: Desk, step: StepAccount) -> None:
    begun, name, standing, time = shown(step.begun), step.name, STANDINGS[step.standing], duration_text(step.seconds)
    sentence = say("{begun}  {name}: {standing}, {time}", begun=begun, name=name, standing=standing, time=time)
    if step.undone:
        back = duration_text(step.undone_seconds)
        sentence = say("{begun}  {name}: took {time}, undone in {back}", begun=begun, name=name, time=time, back=back)
    desk.printer.line(sentence)
    for fact, value in step.evidence.facts:
        desk.printer.line(f"    {fact}: {value}", style="dim")
    if step.reason:
        desk.printer.line(f"    {step.reason}", style="red")


def step_documents(told: Account) -> list[dict[str, Any]]:
    """Return the steps of an operation as scripts read them."""
    return [_step_document(step) for step in told.steps]


def _step_document(step: StepAccount) -> dict[str, Any]:
    return {
        "name": step.name,
        "status": step.standing.value,
        "begun": step.begun,
        "seconds": step.seconds,
        "undone_seconds": step.undone_seconds if step.undone else None,
        "evidence": dict(step.evidence.facts),
        "reason": step.reason or None,
    }
