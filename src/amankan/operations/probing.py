"""All probes of an app, asked as one: what was not looked at never passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict
from amankan.ports.probe import Probe

UNLOOKED: Final = "unlooked"


def probe_dark(probes: Sequence[Probe], release: Release, *, run: str, database: str) -> Verdict:
    """
    Return what the probes found of the release that `run` started in the dark, up to the first probe that stops.

    What does not run will not answer either, so nobody waits for that; a stop always comes with a finding.
    """
    found: list[Finding] = []
    for probe in probes:
        found += _looked(probe.dark(release, run=run, database=database)).findings
        if any(finding.level is Level.STOP for finding in found):
            break
    return _looked(Verdict(findings=tuple(found)))


def probe_live(probes: Sequence[Probe], release: Release) -> Verdict:
    """Return what all probes found of what the release shows to the world; a stop always comes with a finding."""
    found: list[Finding] = []
    for probe in probes:
        found += _looked(probe.live(release)).findings
    return _looked(Verdict(findings=tuple(found)))


def _looked(verdict: Verdict) -> Verdict:
    if verdict.findings:
        return verdict
    unlooked = say("cannot tell whether the release works: nothing was probed")
    return Verdict(findings=(Finding(level=Level.STOP, code=UNLOOKED, sentence=unlooked),))
