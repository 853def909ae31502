"""`aman permit`: a timed leave to pass the guard."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from amankan.cli.coverage import guard_place, own_place
from amankan.cli.desk import Desk
from amankan.cli.times import time_text
from amankan.errors import ConfigurationFault, Refused
from amankan.model.guard import Leave
from amankan.model.permit import Permit
from amankan.model.sentence import Sentence, say
from amankan.wiring.guards import GuardPlace


def permit(
    desk: Desk,
    *,
    minutes: Annotated[int | None, typer.Option("--minutes", metavar="N", help="How long it holds, a day at most.")] = None,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, kept with it.")] = "",
    tables: Annotated[str, typer.Option("--tables", metavar="T,...", help="Only these tables; by default everything.")] = "",
    shown: Annotated[bool, typer.Option("--list", help="Show the permits that hold now.")] = False,
    revoke: Annotated[str, typer.Option("--revoke", metavar="ID", help="End a permit before its time.")] = "",
) -> None:
    """Let statements pass the guard for a while."""
    _refuse_mixed(given=minutes is not None or bool(why or tables), shown=shown, revoke=revoke)
    if shown:
        _list(desk)
    elif revoke:
        _revoke(desk, revoke)
    else:
        _give(desk, minutes=minutes, why=why, tables=tables)


def _refuse_mixed(*, given: bool, shown: bool, revoke: str) -> None:
    if sum((given, shown, bool(revoke))) > 1:
        raise ConfigurationFault(
            say("cannot understand the command line: a permit is given, listed or revoked, one at a time"),
            next=say("aman permit --help"),
        )


def _give(desk: Desk, *, minutes: int | None, why: str, tables: str) -> None:
    missing = [option for option, there in (("--minutes", minutes is not None), ("--why", bool(why.strip()))) if not there]
    if minutes is None or missing:
        raise ConfigurationFault(
            say("cannot understand the command line: {option} is missing", option=" ".join(missing)),
            next=say('aman permit --minutes 15 --why "..."'),
        )
    place = own_place(desk)
    names = tuple(name.strip() for name in tables.split(",") if name.strip())
    given = place.guard.grant(place.database, Leave(why=why, minutes=minutes, tables=names))

    def people() -> None:
        desk.printer.line(permit_sentence(given))
        if place.guard.status(place.database, app_role=place.app_role).level == "deny":
            desk.printer.remark(
                say("at level deny {role} owns nothing all the same: migrate by aman update", role=place.app_role)
            )
        desk.printer.remark(say("end it before its time: aman permit --revoke {id}", id=given.id))

    desk.printer.answer({"permit": permit_document(given)}, people)


def _list(desk: Desk) -> None:
    place = guard_place(desk)
    found = place.guard.permits(place.database)

    def people() -> None:
        for each in found:
            desk.printer.line(permit_sentence(each))
        if not found:
            desk.printer.line(say("no permit holds now"))

    desk.printer.answer({"permits": [permit_document(each) for each in found]}, people)


def _revoke(desk: Desk, id: str) -> None:
    place = own_place(desk)
    found = _in_force(place, id)
    place.guard.end(found)
    sentence = say("permit {id} is worth nothing any more", id=id)
    desk.printer.answer({"permit": permit_document(found) | {"revoked": True}}, lambda: desk.printer.line(sentence))


def _in_force(place: GuardPlace, id: str) -> Permit:
    """Return the permit of that id that holds now; Refused where there is none."""
    found = [each for each in place.guard.permits(place.database) if each.id == id]
    if not found:
        raise Refused(say("cannot revoke permit {id}: no such permit holds now", id=id), next=say("aman permit --list"))
    return found[0]


def permit_sentence(given: Permit) -> Sentence:
    """Return a permit in one line."""
    reach = say("{tables}", tables=", ".join(given.tables)) if given.tables else say("everything")
    return say(
        "permit {id} in {database} until {until}, for {reach}: {why}",
        id=given.id,
        database=given.database,
        until=time_text(given.until),
        reach=reach,
        why=given.why,
    )


def permit_document(given: Permit) -> dict[str, Any]:
    """Return a permit as scripts read it."""
    return {
        "id": given.id,
        "database": given.database,
        "why": given.why,
        "until": time_text(given.until),
        "tables": list(given.tables),
        "run": given.run,
    }
