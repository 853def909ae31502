"""`aman restore`: a snapshot gets the live name, or fills another database."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from amankan import wiring
from amankan.cli.backups import age_text
from amankan.cli.choose import choose, refuse_unusable
from amankan.cli.coverage import look, tell_guard
from amankan.cli.desk import Desk
from amankan.cli.key import KeyFile
from amankan.cli.news import News
from amankan.cli.operate import Work, asking, at_work, carry_out, document_of, refuse_unasked
from amankan.cli.times import time_text
from amankan.errors import ConfigurationFault
from amankan.model.message import Tone
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.model.snapshot import Snapshot
from amankan.model.units import duration_text
from amankan.operations.plans.restore import plan_restore

VARIABLE = "env:"


def restore(
    desk: Desk,
    id: Annotated[str, typer.Argument(metavar="[ID]", help="The snapshot; by default the newest proved one.")] = "",
    *,
    into: Annotated[
        str, typer.Option("--into", metavar="URL", help="Fill this empty database instead; env:NAME for one in a variable.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    key: KeyFile = None,
) -> None:
    """Load a snapshot beside what is live, compare it, keep what is there now, and swap names."""
    if not into:
        refuse_unasked(desk, yes=yes)
    with at_work(desk, why="restore", recovery=key) as work:
        snapshot = choose(work, id)
        if into:
            _fill(desk, work, snapshot=snapshot, url=_address(desk, into))
        else:
            _swap(desk, work, snapshot=snapshot, yes=yes)


def _swap(desk: Desk, work: Work, *, snapshot: Snapshot, yes: bool) -> None:
    refuse_unusable(work, snapshot)
    plan = plan_restore(work.house.survey(), snapshot=snapshot.id)
    aside, safety = next(step.aside for step in plan.steps if step.aside), plan.steps[0].source
    what = say(
        "{database} will hold what it held {age} ago: {rows} rows; what it holds now is kept as {aside}",
        database=plan.live,
        age=age_text(snapshot, desk.clock.now()),
        rows=f"{snapshot.fingerprint.rows:,}",
        aside=aside,
    )
    if yes:
        desk.printer.remark(what)
    guard = look(desk)
    told = carry_out(desk, work.asked(asking(desk, yes, what=what)), plan=plan)
    document = document_of(told) | {
        "snapshot": snapshot.id,
        "safety": safety,
        "kept": aside,
        "rows": snapshot.fingerprint.rows,
        "downtime_seconds": told.downtime_seconds,
        "guard": tell_guard(desk, guard),
    }
    sentence = say(
        "{database} holds {id} of {time}: {rows} rows; users waited {wait}; what was there before is {aside}",
        database=plan.live,
        id=snapshot.id,
        time=time_text(snapshot.time),
        rows=f"{snapshot.fingerprint.rows:,}",
        wait=duration_text(told.downtime_seconds),
        aside=aside,
    )
    desk.news = News(what=say("restored {id}", id=snapshot.id), more=(sentence,))
    desk.printer.answer({"restore": document}, lambda: desk.printer.line(sentence))


def _fill(desk: Desk, work: Work, *, snapshot: Snapshot, url: Secret) -> None:
    held = wiring.fill(work.house, snapshot, url=url, progress=desk.progress, warn=desk.printer.warn)
    document = {"outcome": "done", "snapshot": snapshot.id, "rows": held.rows, "tables": len(held.tables)}
    sentence = say("{id} is in that database: {rows} rows, compared and equal", id=snapshot.id, rows=f"{held.rows:,}")
    desk.news = News(what=say("another database was filled"), more=(sentence,), tone=Tone.NEWS)
    desk.printer.answer({"restore": document}, lambda: desk.printer.line(sentence))


def _address(desk: Desk, into: str) -> Secret:
    """Return the address that `--into` means, which is treated as a secret from here on."""
    if into.startswith(VARIABLE):
        found = os.environ.get(into.removeprefix(VARIABLE))
        if not found:
            raise ConfigurationFault(say("cannot follow {key}: {place} is not set", key="--into", place=into))
        into = found
    desk.secrets.append(Secret(into))
    return Secret(into)
