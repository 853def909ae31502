"""Until when a database is kept, as far as the journals tell."""

from __future__ import annotations

from typing import Any

from amankan.cli.desk import Desk
from amankan.cli.times import time_text
from amankan.errors import AmankanError
from amankan.model.sentence import Sentence, say
from amankan.operations.kept import Fate, fates, kept_aside


def kept_by_journal(desk: Desk) -> tuple[Fate, ...]:
    """Return what is kept as far as the journals tell; no server is asked, and a journal that is damaged is warned about."""
    try:
        kept = tuple(each for each in kept_aside(desk.disk) if each.certain)
    except AmankanError as error:
        desk.printer.warn(error.cannot)
        return ()
    return fates(kept, days=desk.settings.vault.keep.days, now=desk.clock.now())


def fate_document(fate: Fate) -> dict[str, Any]:
    """Return what becomes of a kept database as scripts read it."""
    kept = fate.kept
    return {
        "name": kept.name,
        "operation": kept.run,
        "since": time_text(kept.since),
        "until": None if kept.returns else time_text(fate.until),
        "due": fate.due,
        "reason": str(fate.reason),
    }


def until_sentence(fate: Fate) -> Sentence:
    """Return until when a database is kept."""
    name = fate.kept.name
    if fate.kept.returns:
        return say("{name}, the way back of the last update", name=name)
    return say("{name}, until {time}", name=name, time=f"{fate.until:%Y-%m-%d}")
