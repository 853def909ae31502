"""In production, journal and backups lie where they are still there tomorrow, or nothing is begun."""

from __future__ import annotations

from collections.abc import Iterable

from amankan.errors import Refused
from amankan.model.app import App
from amankan.model.keeping import Keep, Keeping
from amankan.model.sentence import Sentence, say
from amankan.operations.interlock.refuse import PRODUCTION


def fleeting(keeps: Iterable[Keep]) -> Keep | None:
    """Return the first folder that goes away by itself, or None where all stay."""
    return next((keep for keep in keeps if not keep.stays), None)


def danger(keep: Keep) -> Sentence:
    """Return what would become of a folder."""
    if keep.keeping is Keeping.IN_MEMORY:
        return say("{folder} lies in memory: journal or backups are gone when the machine starts anew", folder=keep.folder)
    return say("{folder} lies in a container's own layer: journal or backups go with the container", folder=keep.folder)


def remedy(keep: Keep) -> Sentence:
    """Return what to do about it."""
    return say("keep {folder} on a disk: move it there, or mount a volume or a folder of the host at it", folder=keep.folder)


def refuse_fleeting(app: App, keeps: Iterable[Keep]) -> None:
    """Raise Refused, before anything is begun, where an app in production would lose its journal or its backups."""
    found = fleeting(keeps)
    if app.environment == PRODUCTION and found is not None:
        raise Refused(say("cannot begin: {why}", why=danger(found)), next=remedy(found))
