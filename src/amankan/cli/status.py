"""`aman status`: how the app stands, in one look."""

from __future__ import annotations

from typing import Any

from amankan import wiring
from amankan.cli.backups import age_text, as_document, proof_text
from amankan.cli.coverage import as_document as as_guard_document
from amankan.cli.coverage import guard_sentence, look
from amankan.cli.desk import Desk
from amankan.cli.fates import fate_document, kept_by_journal, until_sentence
from amankan.cli.history import accounts, shown
from amankan.cli.history import as_document as operation_document
from amankan.cli.show import at_work
from amankan.cli.vanished import refuse_vanished
from amankan.cli.words import outcome_text
from amankan.errors import AmankanError
from amankan.journal.account import Account
from amankan.model.marker import Marker
from amankan.model.plan import Operation
from amankan.model.sentence import Sentence, say
from amankan.model.snapshot import Snapshot
from amankan.operations.marked import mismatch, remedy
from amankan.operations.saved import last_placed


def status(desk: Desk) -> None:
    """Show release, guard, last backup, last update, and an operation that is not finished."""
    told = accounts(desk)
    open_runs = [each for each in told if each.ending is None]
    updates = [each for each in told if each.operation == Operation.UPDATE.value]
    # While an operation holds the database shut nobody can look at its guard, and nothing is wrong with that.
    newest, silent = _newest(desk)
    seen, kept = None if open_runs else look(desk), kept_by_journal(desk)
    marker = None if open_runs else _marker(desk)
    release = _release(desk, newest)
    app = desk.settings.app
    document = {
        "app": app.name,
        "environment": app.environment,
        "mark": None if marker is None else {"app": marker.app, "environment": marker.environment},
        "release": release,
        "guard": as_guard_document(seen),
        "last_backup": _backup_document(desk, newest),
        "last_update": operation_document(updates[0]) if updates else None,
        "kept": [fate_document(each) for each in kept],
        "unfinished": operation_document(open_runs[0]) | {"running": at_work(desk)} if open_runs else None,
    }

    def people() -> None:
        rows: list[tuple[Sentence, str | Sentence]] = [
            (say("app"), f"{app.name} ({app.environment})"),
            *_mark_rows(Marker(app=app.name, environment=app.environment), marker),
            (say("release"), release or say("not known")),
            (say("guard"), say("looked at when the operation has ended") if open_runs else guard_sentence(seen)),
            (say("last backup"), say("not known") if silent else _backup_sentence(desk, newest)),
            (say("last update"), _update_sentence(updates)),
            *((say("kept database"), until_sentence(each)) for each in kept),
            (say("unfinished"), _unfinished_sentence(desk, open_runs)),
        ]
        for name, value in rows:
            desk.printer.line(say("{name}: {value}", name=name, value=value))

    desk.printer.answer(document, people)


def _marker(desk: Desk) -> Marker | None:
    """Return which app the database says that it belongs to; who looked at the guard has warned where it does not answer."""
    try:
        return wiring.guard_place(desk.settings).marker()
    except AmankanError:
        return None


def _mark_rows(ours: Marker, found: Marker | None) -> tuple[tuple[Sentence, Sentence], ...]:
    wrong = mismatch(ours, found)
    if wrong is None or found is None:
        return ()
    return ((say("mark"), say("{wrong}; next: {remedy}", wrong=wrong, remedy=remedy(found))),)


def _newest(desk: Desk) -> tuple[Snapshot | None, bool]:
    """Return the newest snapshot, and whether it cannot be known; that is warned about, for the rest can still be told."""
    try:
        refuse_vanished(desk)
        entries = wiring.catalogue(desk.settings, wiring.keychain(desk.settings)).census().entries
    except AmankanError as error:
        desk.printer.warn(error.cannot)
        return None, True
    return (entries[-1].snapshot if entries else None), False


def _release(desk: Desk, newest: Snapshot | None) -> str | None:
    """Return the release that an operation of ours placed last, or the one of the newest snapshot where that came later."""
    placed = last_placed(desk.disk)
    if placed is not None and (newest is None or placed.runs_the_images_of(newest.release) or _updated_since(desk, newest)):
        return placed.label or None
    return newest.release.label or None if newest else None


def _updated_since(desk: Desk, newest: Snapshot) -> bool:
    """Tell whether something was placed after the newest snapshot was taken; snapshots and runs begin with their time."""
    opened = [each.run for each in accounts(desk) if each.opened]
    return bool(opened) and opened[0][:16] >= newest.id[:16]


def _backup_document(desk: Desk, newest: Snapshot | None) -> dict[str, Any] | None:
    if newest is None:
        return None
    age_seconds = max((desk.clock.now() - newest.time).total_seconds(), 0.0)
    return as_document(newest) | {"age_seconds": age_seconds}


def _backup_sentence(desk: Desk, newest: Snapshot | None) -> Sentence:
    if newest is None:
        return say("none; next: aman backup")
    age = age_text(newest, desk.clock.now())
    return say("{age} ago, {proof}, {id}", age=age, proof=proof_text(newest), id=newest.id)


def _update_sentence(updates: list[Account]) -> Sentence:
    if not updates:
        return say("none")
    return say("{begun}, {outcome}, {id}", begun=shown(updates[0].begun), outcome=outcome_text(updates[0]), id=updates[0].run)


def _unfinished_sentence(desk: Desk, open_runs: list[Account]) -> Sentence:
    if not open_runs:
        return say("nothing")
    first = open_runs[0]
    if at_work(desk):
        return say("{operation} {id} is under way", operation=first.operation, id=first.run)
    return say("{operation} {id} was left behind; next: aman recover", operation=first.operation, id=first.run)
