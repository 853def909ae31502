"""Databases that updates, restores and rollbacks kept aside, as `aman prune` and `aman status` tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amankan.cli.desk import Desk
from amankan.cli.fates import fate_document
from amankan.cli.operate import Work, at_work, carry_out
from amankan.errors import AmankanError
from amankan.model.sentence import Sentence, say
from amankan.model.units import size_text
from amankan.operations.kept import Fate, Kept, fates, kept_aside
from amankan.operations.plans.prune import plan_discard
from amankan.ports.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A database that was kept, with its size (None where its server was not asked), and whether it is gone by now."""

    fate: Fate
    size_bytes: int | None = None
    gone: bool = False


def prune_kept(desk: Desk, *, dry_run: bool, doubt: Sentence | None) -> tuple[Told, ...]:
    """
    What was kept for long enough is dropped, each by a run of its own; returns all that was kept.

    A server that cannot be asked is warned about, and keeps everything.
    """
    kept = kept_aside(desk.disk)
    if not kept:
        return ()
    known = fates(kept, days=desk.settings.vault.keep.days, now=desk.clock.now(), doubt=doubt)
    told: list[Told] = []
    try:
        with at_work(desk, why="prune") as work:
            for found in filter(None, (_seen(work.house.engine, fate) for fate in known)):
                told.append(found if dry_run or not found.fate.due else _dropped(desk, work, found=found))
    except AmankanError as fault:
        desk.printer.warn(say("cannot look at the databases that are kept: {why}", why=fault.cannot))
        met = {each.fate.kept.name for each in told}
        told += [Told(fate=_staying(each, each.reason)) for each in known if each.kept.certain and each.kept.name not in met]
    return tuple(told)


def as_document(told: Told) -> dict[str, Any]:
    """Return a kept database as scripts read it."""
    return fate_document(told.fate) | {"size_bytes": told.size_bytes, "deleted": told.gone}


def row_of(told: Told, *, dry_run: bool) -> tuple[str, str, Sentence, Sentence]:
    """Return a kept database as people read it: name, size, decision, why."""
    size = "?" if told.size_bytes is None else size_text(told.size_bytes)
    goes = say("would go") if dry_run and told.fate.due else say("stays")
    return (told.fate.kept.name, size, say("deleted") if told.gone else goes, told.fate.reason)


def _seen(engine: Engine, fate: Fate) -> Told | None:
    """Return the database as its server knows it; None where it is not there, and no journal must learn that."""
    kept = fate.kept
    state = engine.database(kept.name)
    if state is None:
        return Told(fate=fate, size_bytes=0) if fate.due and kept.certain else None
    size_bytes = engine.size_bytes(kept.name)
    if not _is_the_kept(engine, kept):
        return Told(fate=_staying(fate, say("another database has its name now")), size_bytes=size_bytes)
    if state.admits:
        return Told(fate=_staying(fate, say("somebody opened it")), size_bytes=size_bytes)
    return Told(fate=fate, size_bytes=size_bytes)


def _is_the_kept(engine: Engine, kept: Kept) -> bool:
    found = engine.identify(kept.name)
    return (found.system, found.oid) == (kept.identity.system, kept.identity.oid)


def _staying(fate: Fate, reason: Sentence) -> Fate:
    return Fate(kept=fate.kept, until=fate.until, due=False, reason=reason)


def _dropped(desk: Desk, work: Work, *, found: Told) -> Told:
    kept = found.fate.kept
    plan = plan_discard(work.house.survey(), database=kept.name, oid=kept.identity.oid)
    carry_out(desk, work, plan=plan)
    return Told(fate=found.fate, size_bytes=found.size_bytes, gone=True)
