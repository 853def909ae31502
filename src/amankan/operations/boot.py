"""A release started on a restored copy and looked at, as on the day when the copy is needed."""

from __future__ import annotations

from amankan.errors import EffectFailed
from amankan.model.boot import Boot
from amankan.model.release import Release
from amankan.model.verdict import Finding, Level, Verdict
from amankan.operations.probing import probe_dark
from amankan.operations.rehearsal import START, Ground


def boot(ground: Ground, *, release: Release, limit_seconds: float) -> Boot:
    """
    Return what was seen of `release` on the copy; nothing of it runs any more.

    A release that fails is a finding that stops; what fails in the place itself is raised.
    """
    began = ground.clock.ticks()
    findings: list[Finding] = []
    try:
        ground.runtime.start(release, database=ground.database, claim=ground.claim, limit_seconds=limit_seconds)
        findings += probe_dark(ground.probes, release, run=ground.claim.run, database=ground.database).findings
    except EffectFailed as failure:
        findings.append(Finding(level=Level.STOP, code=START, sentence=failure.cannot, remedy=failure.next))
    finally:
        seconds = ground.clock.ticks() - began
        ground.runtime.stop(ground.claim)
    return Boot(verdict=Verdict(findings=tuple(findings)), seconds=seconds)
