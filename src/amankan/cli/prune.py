"""`aman prune`: retention applied, to snapshots and to the databases that were kept aside."""

from __future__ import annotations

from typing import Annotated

import typer

from amankan import wiring
from amankan.cli.chain import tell_breaks
from amankan.cli.desk import Desk
from amankan.cli.ending import begin
from amankan.cli.history import accounts
from amankan.cli.kept import as_document, prune_kept, row_of
from amankan.cli.operate import holder
from amankan.cli.vanished import refuse_vanished
from amankan.journal.lock import hold
from amankan.model.plan import Operation
from amankan.model.sentence import say
from amankan.vault.prune import candidates_of, collect_orphans, decide_census
from amankan.vault.prune import prune as carry_out
from amankan.vault.retain import Decision, Keep, doubt


def prune(
    desk: Desk,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Delete the snapshots and the old databases that nothing keeps; the newest proved one and the way back always stay."""
    begin(desk, "prune")
    refuse_vanished(desk)
    settings = desk.settings
    catalogue = wiring.catalogue(settings, wiring.keychain(settings))
    held = hold(desk.disk, holder(desk, "prune"))
    try:
        now = desk.clock.now()
        census = catalogue.census()
        tell_breaks(desk, census)
        keep = Keep(days=settings.vault.keep.days, weekly=settings.vault.keep.weekly, monthly=settings.vault.keep.monthly)
        decisions = decide_census(census, keep=keep, now=now, before_update=_before_update(desk))
        gone = () if dry_run else carry_out(catalogue, decisions, now=now)
        collected = () if dry_run else collect_orphans(catalogue, now=now)
    finally:
        held.release()
    kept = prune_kept(desk, dry_run=dry_run, doubt=doubt(candidates_of(census), now=now))
    document = {
        "dry_run": dry_run,
        "deleted": [each.id for each in decisions if each.deleted] if dry_run else list(gone),
        "kept": [{"id": each.id, "reason": str(each.reason)} for each in decisions if not each.deleted],
        "collected": list(collected),
        "databases": [as_document(each) for each in kept],
    }

    def people() -> None:
        _print(desk, decisions, dry_run=dry_run)
        if kept:
            headings = (say("database"), say("size"), say("decision"), say("why"))
            desk.printer.table(headings, [row_of(each, dry_run=dry_run) for each in kept])

    desk.printer.answer({"prune": document}, people)


def _before_update(desk: Desk) -> str:
    """Return the snapshot that the last update took before it began, if there was one."""
    updates = [each for each in accounts(desk) if each.operation == Operation.UPDATE.value]
    return str(updates[0].evidence("snapshot") or "") if updates else ""


def _print(desk: Desk, decisions: tuple[Decision, ...], *, dry_run: bool) -> None:
    goes = say("would go") if dry_run else say("deleted")
    rows = [(each.id, goes if each.deleted else say("stays"), each.reason) for each in decisions]
    if rows:
        desk.printer.table((say("id"), say("decision"), say("why")), rows)
    else:
        desk.printer.remark(say("there is no snapshot yet; next: aman backup"))
