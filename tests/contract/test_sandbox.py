"""The promise of `ports.sandbox`, kept by every kind of throwaway place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.cases import OTHER_RUN, RUN, SandboxCase
from tests.contract.makers import SANDBOXES

from amankan.errors import AmankanError, SnapshotDamaged
from amankan.model.fingerprint import lost_rows
from amankan.model.verdict import Level

LIMIT_SECONDS = 600.0


@pytest.fixture(params=SANDBOXES, ids=str)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxCase]:
    """Yield a sandbox of one kind, with snapshots to restore."""
    with SANDBOXES[request.param](tmp_path) as made:
        yield made


def test_nothing_is_there_at_first(case: SandboxCase) -> None:
    """A run has no place before it restored something; removing what is not there changes nothing."""
    assert not case.sandbox.exists(RUN)
    case.sandbox.remove(RUN)
    assert not case.sandbox.exists(RUN)


def test_a_snapshot_comes_back(case: SandboxCase) -> None:
    """A restored place holds what the snapshot held, and restoring again makes the place anew."""
    for _ in range(2):
        assert case.held == case.sandbox.restore(RUN, snapshot=case.snapshot)
        assert case.sandbox.exists(RUN)


def test_runs_have_places_of_their_own(case: SandboxCase) -> None:
    """Removing the place of one run, once or twice, leaves that of another."""
    for run in (RUN, OTHER_RUN):
        case.sandbox.restore(run, snapshot=case.snapshot)
    for _ in range(2):
        case.sandbox.remove(RUN)
        assert (False, True) == (case.sandbox.exists(RUN), case.sandbox.exists(OTHER_RUN))


def test_a_damaged_snapshot_is_told(case: SandboxCase) -> None:
    """Stored bytes that are not those that were written are told; whatever is left goes with removing."""
    with pytest.raises(SnapshotDamaged):
        case.sandbox.restore(RUN, snapshot=case.damaged)
    case.sandbox.remove(RUN)
    assert not case.sandbox.exists(RUN)


def test_a_snapshot_that_is_not_there_is_told(case: SandboxCase) -> None:
    """What was never stored cannot be restored."""
    with pytest.raises(AmankanError):
        case.sandbox.restore(RUN, snapshot="nowhere")


def test_a_good_release_passes(case: SandboxCase) -> None:
    """A rehearsal of a good release finds nothing to stop for, loses nothing and foretells another schema."""
    case.sandbox.restore(RUN, snapshot=case.snapshot)
    seen = case.sandbox.rehearse(RUN, before=case.before, after=case.after, limit_seconds=LIMIT_SECONDS)
    assert Level.STOP is not seen.verdict.level
    assert {} == lost_rows(case.held, seen.foretold)
    assert case.held.schema != seen.foretold.schema


def test_a_lossy_release_is_stopped(case: SandboxCase) -> None:
    """A rehearsal of a release that deletes rows says so, and foretells what would be left."""
    case.sandbox.restore(RUN, snapshot=case.snapshot)
    seen = case.sandbox.rehearse(RUN, before=case.before, after=case.lossy, limit_seconds=LIMIT_SECONDS)
    assert Level.STOP is seen.verdict.level
    assert {} != lost_rows(case.held, seen.foretold)


def test_the_release_of_a_snapshot_runs(case: SandboxCase) -> None:
    """A release that fits the restored copy works on it, which takes a time, and the copy stays."""
    case.sandbox.restore(RUN, snapshot=case.snapshot)
    seen = case.sandbox.boot(RUN, release=case.before, limit_seconds=LIMIT_SECONDS)
    assert (True, True) == (seen.tried, seen.works)
    assert seen.seconds > 0
    assert case.sandbox.exists(RUN)


def test_a_release_of_another_schema_does_not_run(case: SandboxCase) -> None:
    """A release that needs what the restored copy does not have is told as one that does not work; nothing is raised."""
    case.sandbox.restore(RUN, snapshot=case.snapshot)
    seen = case.sandbox.boot(RUN, release=case.after, limit_seconds=LIMIT_SECONDS)
    assert (True, False) == (seen.tried, seen.works)
