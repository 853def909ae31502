"""`aman drill`: the bad day, rehearsed, with a receipt."""

from __future__ import annotations

from typing import Annotated

import typer

from amankan.cli.backups import age_text
from amankan.cli.choose import choose, refuse_unusable
from amankan.cli.desk import Desk
from amankan.cli.key import KeyFile
from amankan.cli.news import News
from amankan.cli.operate import at_work, carry_out, document_of
from amankan.cli.receipt import Receipt, keep_receipt, unlooked
from amankan.errors import RehearsalFailed
from amankan.journal.account import Account, StepAccount
from amankan.journal.papers import read_paper
from amankan.model.boot import Boot
from amankan.model.plan import StepKind
from amankan.model.sentence import Sentence, say
from amankan.model.units import duration_text
from amankan.operations.plans.backup import plan_drill
from amankan.operations.steps.boot import PAPER


def drill(
    desk: Desk,
    id: Annotated[str, typer.Argument(metavar="[ID]", help="The snapshot; by default the newest proved one.")] = "",
    *,
    key: KeyFile = None,
) -> None:
    """Restore a snapshot into a throwaway database, compare it, start its release there, and write a receipt."""
    with at_work(desk, why="drill", recovery=key) as work:
        snapshot = choose(work, id)
        refuse_unusable(work, snapshot)
        told = carry_out(desk, work, plan=plan_drill(work.house.survey(), snapshot=snapshot.id))
    receipt = Receipt(
        run=told.run,
        app=desk.settings.app.name,
        snapshot=snapshot,
        time=desk.clock.now(),
        load_seconds=_step(told, StepKind.PROVE).seconds,
        boot=_boot(desk, told),
        unlooked=unlooked(desk.settings.checks),
    )
    page = keep_receipt(desk, receipt)
    document = document_of(told) | receipt.document() | {"page": page}
    desk.printer.answer({"drill": document}, lambda: _tell(desk, receipt, page=page))
    if receipt.boot.tried and not receipt.boot.works:
        raise RehearsalFailed(
            say(
                "cannot recover {app} with {id} alone: release {release} does not work on the restored copy: {why}",
                app=receipt.app,
                id=snapshot.id,
                release=snapshot.release.label,
                why=receipt.spoke_against,
            ),
            next=say("see {page}", page=page),
        )
    desk.news = News(what=say("drilled: the backup restores"), more=(_restores(receipt), receipt.sentence))


def _boot(desk: Desk, told: Account) -> Boot:
    digest = str(_step(told, StepKind.BOOT).evidence.get(PAPER) or "")
    return read_paper(desk.disk, told.run, name=PAPER, kind=Boot, digest=digest)


def _step(told: Account, kind: StepKind) -> StepAccount:
    return next(step for step in told.steps if step.name == kind.value)


def _restores(receipt: Receipt) -> Sentence:
    snapshot = receipt.snapshot
    return say(
        "{id} restores: {rows} rows in {tables} tables, equal to what was backed up, in {time}; its content is {age} old",
        id=snapshot.id,
        rows=f"{snapshot.fingerprint.rows:,}",
        tables=len(snapshot.fingerprint.tables),
        time=duration_text(receipt.load_seconds),
        age=age_text(snapshot, receipt.time),
    )


def _tell(desk: Desk, receipt: Receipt, *, page: str) -> None:
    desk.printer.line(_restores(receipt))
    desk.printer.line(receipt.sentence)
    desk.printer.line(say("receipt: {page}", page=page))
