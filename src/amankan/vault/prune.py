"""Retention carried out: what the pure decision says, on the snapshots that are there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from amankan.vault.catalogue import Catalogue, Census
from amankan.vault.manifest import Origin
from amankan.vault.retain import Candidate, Decision, History, Keep, decide

DAY = timedelta(days=1)
# Long enough for every backup that is still at work, also one that was stopped over a weekend night.
ORPHAN = timedelta(hours=48)
_TIME = re.compile(r"(\d{8}T\d{6})Z-")


def decide_census(census: Census, *, keep: Keep, now: datetime, before_update: str = "") -> tuple[Decision, ...]:
    """Return what retention decides about the snapshots of a census; what cannot be believed is not among them."""
    candidates = candidates_of(census)
    lately = sum(1 for retired in census.retired if abs(now - retired.time) < DAY)
    return decide(candidates, keep=keep, now=now, history=History(before_update=before_update, deleted_lately=lately))


def candidates_of(census: Census) -> tuple[Candidate, ...]:
    """Return the snapshots of a census as retention sees them."""
    return tuple(
        Candidate(
            id=entry.manifest.snapshot,
            sequence=entry.manifest.sequence,
            time=entry.manifest.time,
            proof=entry.proof,
            pinned=entry.pinned,
            adopted=entry.manifest.origin is Origin.ADOPTED,
        )
        for entry in census.entries
    )


def prune(catalogue: Catalogue, decisions: Iterable[Decision], *, now: datetime) -> tuple[str, ...]:
    """
    Every snapshot that was decided to go is gone, each by itself; returns their ids.

    May be repeated after a crash. One that was pinned since the decision stays.
    """
    gone = []
    for decision in decisions:
        entry = catalogue.find(decision.id) if decision.deleted else None
        if entry is None or entry.pinned:
            continue
        catalogue.retire(entry, why=str(decision.reason), time=now)
        gone.append(decision.id)
    return tuple(gone)


def collect_orphans(catalogue: Catalogue, *, now: datetime) -> tuple[str, ...]:
    """
    Folders that never became a snapshot are gone where their name says that they are old; returns their ids.

    The caller holds the app's lock, so no backup is at work.
    """
    old = [folder for folder in catalogue.orphans() if _begun(folder, now) <= now - ORPHAN]
    for folder in old:
        catalogue.collect(folder)
    return tuple(old)


def _begun(folder: str, otherwise: datetime) -> datetime:
    found = _TIME.match(folder)
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if found else otherwise
    except ValueError:
        return otherwise
