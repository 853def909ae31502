"""An update, tried on a restored copy and watched closely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from amankan.errors import EffectFailed
from amankan.model.app import Limits
from amankan.model.claim import Claim
from amankan.model.fingerprint import Fingerprint
from amankan.model.guard import SCHEMA
from amankan.model.impact import Impact
from amankan.model.plan import RollbackClass
from amankan.model.rehearsal import Rehearsal
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict
from amankan.operations.impact import judge_impact, schema_changes
from amankan.operations.probing import probe_dark
from amankan.ports.clock import Clock
from amankan.ports.inspector import Inspector, Watch
from amankan.ports.migrator import Migrator
from amankan.ports.probe import Probe
from amankan.ports.runtime import Runtime

MIGRATE: Final = "migrate"
START: Final = "start"
BACK: Final = "back"

# Closing and opening a fence, the questions to the new release, changing names: what no rehearsal measures.
AROUND_SECONDS: Final = 2.5

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The throwaway place with the restored copy, and everything that acts there; nothing of it reaches production."""

    database: str
    inspector: Inspector
    migrator: Migrator
    runtime: Runtime
    probes: tuple[Probe, ...]
    census: Callable[[str], Fingerprint]
    clock: Clock
    limits: Limits
    claim: Claim


class _Notes:
    """What was found so far, and how long each part took; what never happened took nothing."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.clone_seconds = self.migrate_seconds = self.start_seconds = self.look_seconds = 0.0

    @property
    def stops(self) -> bool:
        return any(finding.level is Level.STOP for finding in self.findings)

    def stop(self, code: str, failure: EffectFailed) -> None:
        self.findings.append(Finding(level=Level.STOP, code=code, sentence=failure.cannot, remedy=failure.next))

    def downtime_seconds(self) -> float:
        """Return how long users would wait: the parts that come between fence and opening, each as often as it comes."""
        around = AROUND_SECONDS + self.clone_seconds + self.migrate_seconds
        return around + 2 * self.start_seconds + 2 * self.look_seconds


def rehearse(ground: Ground, *, before: Release, after: Release, limit_seconds: float) -> Rehearsal:
    """
    Return what happened when `after` migrated the copy and ran on it, and when `before` ran on what was left.

    A release that fails is a finding that stops; what fails in the place itself is raised.
    """
    notes = _Notes()
    ground.inspector.rest()
    kept = _timed(ground, lambda: ground.inspector.keep(ground.database))
    notes.clone_seconds = kept[1]
    with ground.inspector.watch(ground.database) as watch:
        _migrate(ground, notes, release=after)
        if not notes.findings:
            notes.start_seconds = _run(ground, notes, release=after, limit_seconds=limit_seconds)
    impact = _impact(ground, notes, kept=kept[0], watch=watch)
    held, notes.look_seconds = _timed(ground, lambda: ground.census(ground.database))
    way_back = RollbackClass.DATABASE
    if not notes.stops:
        way_back = _way_back(ground, notes, release=before, limit_seconds=limit_seconds)
    verdict = Verdict(findings=(*notes.findings, *judge_impact(impact, ground.limits).findings))
    return Rehearsal(
        verdict=verdict,
        foretold=held,
        rollback_class=way_back,
        migrate_seconds=notes.migrate_seconds,
        downtime_seconds=notes.downtime_seconds(),
        count_seconds=notes.look_seconds,
        impact=impact,
    )


def _migrate(ground: Ground, notes: _Notes, *, release: Release) -> None:
    limit_seconds = ground.limits.migrate_seconds
    began = ground.clock.ticks()
    try:
        ground.migrator.migrate(release, database=ground.database, claim=ground.claim, limit_seconds=limit_seconds)
    except EffectFailed as failure:
        notes.stop(MIGRATE, failure)
        ground.inspector.empty(ground.database)
    notes.migrate_seconds = ground.clock.ticks() - began


def _run(ground: Ground, notes: _Notes, *, release: Release, limit_seconds: float) -> float:
    """The release ran in the dark, was probed and is gone; returns how long it took to start and to end."""
    runtime, claim = ground.runtime, ground.claim
    seconds = 0.0
    try:
        began = ground.clock.ticks()
        runtime.start(release, database=ground.database, claim=claim, limit_seconds=limit_seconds)
        seconds = ground.clock.ticks() - began
        notes.findings += probe_dark(ground.probes, release, run=claim.run, database=ground.database).findings
    except EffectFailed as failure:
        notes.stop(START, failure)
    finally:
        ended = _timed(ground, lambda: runtime.stop(claim))[1]
    return seconds + ended


def _impact(ground: Ground, notes: _Notes, *, kept: str, watch: Watch) -> Impact:
    inspector = ground.inspector
    changes = schema_changes(inspector.schema(kept), inspector.schema(ground.database))
    tables = inspector.difference(kept, ground.database)
    return Impact(
        schema=tuple(change for change in changes if SCHEMA not in change.name),
        tables=tuple(table for table in tables if not table.table.startswith(f"{SCHEMA}.")),
        locks=watch.locks,
        statements=watch.statements,
        rewritten=watch.rewritten,
        migrate_seconds=notes.migrate_seconds,
        disk_bytes=watch.disk_bytes,
        wal_bytes=watch.wal_bytes,
    )


def _way_back(ground: Ground, notes: _Notes, *, release: Release, limit_seconds: float) -> RollbackClass:
    """Return whether the old release works on what the new one left; that it does not stops nothing."""
    tried = _Notes()
    _run(ground, tried, release=release, limit_seconds=limit_seconds)
    reasons = [finding.sentence for finding in tried.findings if finding.level is Level.STOP]
    if not reasons:
        return RollbackClass.IMAGE_ONLY
    notes.findings.append(
        Finding(
            level=Level.WARN,
            code=BACK,
            sentence=say(
                "the release of now does not run on the migrated data, so going back needs the database: {why}", why=reasons[0]
            ),
        )
    )
    return RollbackClass.DATABASE


def _timed(ground: Ground, act: Callable[[], Kept]) -> tuple[Kept, float]:
    began = ground.clock.ticks()
    return act(), ground.clock.ticks() - began
