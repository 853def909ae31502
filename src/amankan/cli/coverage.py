"""The guard of a database in words, for `aman status` and `aman guard`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from amankan import wiring
from amankan.cli.desk import Desk
from amankan.cli.times import time_text
from amankan.errors import AmankanError
from amankan.model.app import App
from amankan.model.guard import Change, Coverage, Gap
from amankan.model.sentence import Sentence, say
from amankan.operations.marked import refuse_mismarked
from amankan.wiring.guards import GuardPlace

KINDS: Final = {
    "database": say("database"),
    "event trigger": say("event trigger"),
    "grant": say("grant"),
    "owner": say("owner"),
    "role": say("role"),
    "schema": say("schema"),
    "table": say("table"),
    "triggers": say("triggers"),
}

LEVELS: Final = {"watch": say("watch"), "limit": say("limit"), "deny": say("deny")}

UNKNOWN: Final[dict[str, Any]] = {"state": "unknown", "level": None, "coverage": []}


def guard_place(desk: Desk) -> GuardPlace:
    """Return the guard of the configuration's database; its secrets are hidden from here on."""
    place = wiring.guard_place(desk.settings)
    desk.secrets.extend(place.secrets)
    for remark in place.remarks:
        desk.printer.remark(remark)
    return place


def own_place(desk: Desk) -> GuardPlace:
    """Return the same where something is to be changed; WrongTarget where the database says that it is another app's."""
    place, settings = guard_place(desk), desk.settings
    app = App(name=settings.app.name, environment=settings.app.environment, database=place.database)
    refuse_mismarked(app, place.marker())
    return place


def look(desk: Desk) -> Coverage | None:
    """Return the guard as it stands; a server that does not answer is warned about, for the rest can still be told."""
    try:
        place = guard_place(desk)
        return place.guard.status(place.database, app_role=place.app_role)
    except AmankanError as error:
        desk.printer.warn(error.cannot)
        return None


def tell_guard(desk: Desk, before: Coverage | None) -> dict[str, Any]:
    """
    Return the guard of the database that has the live name now, as scripts read it.

    Where there was a guard `before` and this one is not like it, people are told so, and what to type.
    """
    after = look(desk)
    if before is not None and before.level is not None and (after is None or _poorer(after, before)):
        now = guard_sentence(after)
        desk.printer.warn(say("the guard was at level {level} before; now: {now}", level=LEVELS[before.level], now=now))
    return as_document(after)


def _poorer(after: Coverage, before: Coverage) -> bool:
    return after.level != before.level or not after.at_home or (before.whole and not after.whole)


def state_of(seen: Coverage) -> str:
    """Return how the guard stands, in one word for scripts."""
    if seen.level is None:
        return "none"
    if not seen.at_home:
        return "copied"
    return "whole" if seen.whole else "partial"


def as_document(seen: Coverage | None) -> dict[str, Any]:
    """Return the guard as scripts read it in `aman status`."""
    if seen is None:
        return dict(UNKNOWN)
    objects = [
        {"kind": each.kind, "object": each.object, "covered": each.covered, "detail": str(each.detail)} for each in seen.objects
    ]
    return {"state": state_of(seen), "level": seen.level, "coverage": objects}


def whole_document(seen: Coverage) -> dict[str, Any]:
    """Return everything that is known of the guard, as scripts read it."""
    refusals = [
        {
            "number": each.number,
            "time": time_text(each.time),
            "rule": each.rule,
            "statement": each.verb,
            "object": each.object,
            "rows": each.rows,
            "role": each.role,
            "application": each.application,
            "address": each.address,
            "process": each.process,
        }
        for each in seen.refusals
    ]
    return as_document(seen) | {"gaps": gap_documents(seen.gaps), "refused": seen.refused, "refusals": refusals}


def gap_documents(gaps: Iterable[Gap]) -> list[dict[str, str]]:
    """Return what is not covered, as scripts read it."""
    return [{"object": gap.object, "reason": str(gap.reason)} for gap in gaps]


def change_documents(changes: Iterable[Change]) -> list[dict[str, str]]:
    """Return what an installation changes, as scripts read it."""
    return [{"kind": each.kind, "object": each.object, "do": each.do, "undo": each.undo} for each in changes]


def guard_sentence(seen: Coverage | None) -> Sentence:
    """Return how the guard stands, for one line."""
    if seen is None:
        return say("not known")
    if seen.level is None:
        return say("none; next: aman guard install")
    level = LEVELS[seen.level]
    if not seen.at_home:
        return say("level {level}, came along in a copy; next: aman guard install", level=level)
    open_count = sum(not each.covered for each in seen.objects)
    if open_count:
        return say("level {level}, {count} objects not covered; next: aman guard status", level=level, count=open_count)
    count = len(seen.objects)
    return say("level {level}, {count} objects covered, {refused} refused", level=level, count=count, refused=seen.refused)


def print_coverage(desk: Desk, seen: Coverage) -> None:
    """The guard is shown object by object, then what it does not cover, then what it refused last."""
    printer = desk.printer
    printer.line(say("{name}: {value}", name=say("guard"), value=guard_sentence(seen)))
    if seen.objects:
        answers = {True: say("covered"), False: say("NOT covered")}
        rows = [(KINDS[each.kind], each.object, answers[each.covered], each.detail) for each in seen.objects]
        printer.table((say("kind"), say("object"), say("covered"), say("detail")), rows)
    print_gaps(desk, seen.gaps)
    if seen.refusals:
        printer.line(say("refused, {count} in all; the last:", count=seen.refused))
        refusals = [
            (str(one.number), time_text(one.time), one.rule, one.verb, one.object, one.role, one.application, one.address)
            for one in seen.refusals
        ]
        headings = (say("number"), say("time"), say("rule"), say("statement"), say("object"), say("role"))
        printer.table((*headings, say("application"), say("address")), refusals)


def print_gaps(desk: Desk, gaps: Iterable[Gap]) -> None:
    """Each thing that is not covered is one line, with its reason."""
    for gap in gaps:
        desk.printer.line(say("not covered: {object}: {reason}", object=gap.object, reason=gap.reason))
