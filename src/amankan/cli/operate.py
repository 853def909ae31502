"""An operation from the first question to the last line, for every command that has one."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from amankan import wiring
from amankan.cli.desk import Desk, unasked
from amankan.cli.ending import begin as begin_ending
from amankan.cli.interruption import Interruption
from amankan.cli.show import step_documents
from amankan.cli.telling import TellingDisk
from amankan.cli.times import time_text
from amankan.cli.vanished import refuse_vanished, remember_vault
from amankan.errors import ConsentMissing, Interrupted
from amankan.journal.account import Account, account, entries_of
from amankan.journal.lock import Holder
from amankan.model.entry import Entry, Phase
from amankan.model.marker import Marker
from amankan.model.plan import Plan
from amankan.model.rehearsal import Rehearsal
from amankan.model.sentence import Sentence, say
from amankan.operations import begin
from amankan.operations.begin import Operator
from amankan.operations.fleeting import fleeting
from amankan.operations.walk import Ended, as_error

Ask = Callable[[Plan, Rehearsal | None], str]

# What a crash left behind is cleared up whether or not the vault is there; seed and run have no use for it, and `aman prune`
# looks before it comes here for the databases that were kept.
WITHOUT_VAULT: Final = frozenset({"recover", "seed", "run", "prune"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A house that is open for one command, and the operator that acts in it."""

    house: wiring.House
    operator: Operator

    def asked(self, consent: Ask) -> Work:
        """Return the same work with somebody who can be asked."""
        return replace(self, house=replace(self.house, stage=replace(self.house.stage, consent=consent)))


@contextmanager
def at_work(desk: Desk, *, why: str, recovery: Path | None = None, outdated: Marker | None = None) -> Iterator[Work]:
    """Lend the house of the configuration; while it is lent, signals ask for an orderly way back."""
    begin_ending(desk, why)
    with Interruption(lambda count: _tell_interruption(desk, count)) as interruption:
        desk.interrupted = interruption.asked
        wanted = wiring.Wanted(
            disk=TellingDisk(desk.disk, lambda entry: _tell_entry(desk, entry)),
            keys=wiring.keychain(desk.settings, recovery),
            consent=_nobody,
            progress=desk.progress,
            interrupted=interruption.asked,
        )
        house = wiring.house(desk.settings, wanted)
        desk.secrets.extend(house.secrets)
        for remark in house.remarks:
            desk.printer.remark(remark)
        vaulted = why not in WITHOUT_VAULT and fleeting(house.keeps) is None
        try:
            if vaulted:
                refuse_vanished(desk)
            operator = Operator(holder=holder(desk, why), redact=desk.redact, interrupted=interruption.asked, outdated=outdated)
            yield Work(house=house, operator=operator)
            if vaulted:
                remember_vault(desk)
        finally:
            house.close()


def carry_out(desk: Desk, work: Work, *, plan: Plan) -> Account:
    """The plan was walked, and what was recorded is returned; raises what a user is told where it did not end as asked."""
    ended = begin.run(work.house.stage, plan, operator=work.operator)
    return settle(desk, ended)


def settle(desk: Desk, ended: Ended) -> Account:
    """Return the account of a walk that ended as asked; raises the error of one that did not."""
    error = as_error(ended)
    if error is not None:
        raise error
    return account_of(desk, ended.run)


def account_of(desk: Desk, run: str) -> Account:
    """Return what the journal says of a run."""
    return account(run, entries_of(desk.disk, run))


def document_of(told: Account) -> dict[str, Any]:
    """Return an operation as scripts read it."""
    return {"id": told.run, "outcome": told.outcome, "seconds": told.seconds, "steps": step_documents(told)}


def holder(desk: Desk, why: str) -> Holder:
    """Return who we are, for the note of the lock."""
    return Holder(who=f"{whoever()}@{platform.node()}", pid=os.getpid(), since=time_text(desk.clock.now()), why=why)


def whoever() -> str:
    """Return the name of the account that we run under, or its number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())


def refuse_unasked(desk: Desk, *, yes: bool) -> None:
    """Raise ConsentMissing, before anything is done, where consent will be needed and nobody can be asked."""
    why = None if yes else unasked()
    if why is not None:
        raise ConsentMissing(why, next=say("{command} --yes", command=desk.again()))


def asking(desk: Desk, yes: bool, *, what: Sentence) -> Ask:
    """Return what asks the user for consent: they type the app's name, or said yes before."""

    def ask(plan: Plan, rehearsal: Rehearsal | None) -> str:
        if yes:
            return f"{whoever()}, by --yes"
        desk.printer.warn(what)
        return typed(desk, plan.app)

    return ask


def typed(desk: Desk, app: str) -> str:
    """Return the user, who typed the app's name; raises ConsentMissing where they did not, Interrupted where they gave up."""
    answer = desk.printer.ask(say("type the app's name to go on ({app}):", app=app), desk.interrupted)
    if desk.interrupted():
        raise Interrupted(say("cannot go on: interrupted"))
    if answer.strip() != app:
        raise ConsentMissing(say("cannot go on: you did not type {app}", app=app))
    return whoever()


def _nobody(plan: Plan, rehearsal: Rehearsal | None) -> str:
    raise ConsentMissing(say("cannot go on: nobody can be asked"))


def _tell_interruption(desk: Desk, count: int) -> None:
    if count == 1:
        desk.printer.warn(say("interrupted: going back in order, nothing is lost"))
    else:
        desk.printer.warn(say("the way back is under way already; please wait"))


def _tell_entry(desk: Desk, entry: Entry) -> None:
    step = entry.step
    match entry.phase:
        case Phase.BEGUN:
            desk.printer.remark(say("{step} …", step=step))
        case Phase.FAILED:
            desk.printer.remark(say("{step} failed: {reason}", step=step, reason=str(entry.evidence.get("reason"))))
        case Phase.UNDOING:
            desk.printer.remark(say("{step} is undone …", step=step))
        case Phase.DONE if desk.wishes.verbose:
            facts = ", ".join(f"{name} {fact}" for name, fact in entry.evidence.facts)
            desk.printer.remark(say("{step} done: {facts}", step=step, facts=facts or "-"))
