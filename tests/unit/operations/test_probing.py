"""What several probes say together."""

from __future__ import annotations

import pytest

from amankan.adapters.probes.running import RunningProbe
from amankan.model.release import Release
from amankan.model.verdict import Level
from amankan.operations.probing import UNLOOKED, probe_dark, probe_live
from amankan.testing.clock import SimClock
from amankan.testing.world import World

RELEASE = Release(label="v2", images=())
WELL = (("web", "ok"),)
SICK = (("web", "restarting"),)


class Services:
    """Services in one condition; how often somebody looked is counted."""

    def __init__(self, *conditions: tuple[str, str]) -> None:
        """Be in these."""
        self._conditions, self.looks = conditions, 0

    def conditions(self, *, run: str = "") -> tuple[tuple[str, str], ...]:
        """Say so."""
        self.looks += 1
        return self._conditions


def probes(*all_services: Services) -> list[RunningProbe]:
    """Return a probe of each."""
    return [RunningProbe(services, clock=SimClock(World()), steady_seconds=1.0) for services in all_services]


@pytest.mark.parametrize(
    ("conditions", "level"),
    [
        ((WELL, WELL), Level.PASS),
        ((WELL, ()), Level.STOP),
        (((), WELL), Level.STOP),
        ((WELL, SICK), Level.STOP),
        ((), Level.STOP),
    ],
)
def test_what_was_not_looked_at_never_passes(conditions: tuple[tuple[tuple[str, str], ...], ...], level: Level) -> None:
    """Probes pass together where each found something and nothing of it stops, in the dark and before the world."""
    asked = probes(*(Services(*each) for each in conditions))
    for verdict in (probe_dark(asked, RELEASE, run="r", database="d"), probe_live(asked, RELEASE)):
        assert level is verdict.level
        assert verdict.findings


def test_a_probe_that_sees_nothing_says_so() -> None:
    """A probe without a finding is a finding that stops, by a code of its own."""
    verdict = probe_dark(probes(Services(*WELL), Services()), RELEASE, run="r", database="d")
    assert ["running", UNLOOKED] == [finding.code for finding in verdict.findings]


def test_nobody_waits_for_what_does_not_run() -> None:
    """In the dark the first stop ends the questions; before the world all are asked."""
    later = Services(*WELL)
    asked = probes(Services(*SICK), later)
    probe_dark(asked, RELEASE, run="r", database="d")
    assert 0 == later.looks
    assert ["running", "running"] == [finding.code for finding in probe_live(asked, RELEASE).findings]
    assert 0 < later.looks
