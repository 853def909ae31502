"""What one run did, as it is told to people."""

from __future__ import annotations

import pytest

from amankan.journal.account import Account, Standing, account
from amankan.model.entry import NOTHING, Ending, Entry, Evidence, Phase, leave

RUN = "20260105T101500Z-shop-0badcafe"
Line = tuple[float, Phase, str, Evidence]
BEGIN = (0.0, Phase.BEGIN, "", leave(operation="update"))


def told(*lines: Line) -> Account:
    """Return the account of lines: each with the second at which it was written."""
    entries = [
        Entry(
            number=number,
            time=f"2026-01-05T10:{15 + int(second) // 60:02}:{second % 60:06.3f}Z",
            run=RUN,
            epoch=1,
            phase=phase,
            step=step,
            evidence=evidence,
            previous="0" * 64,
        )
        for number, (second, phase, step, evidence) in enumerate(lines, start=1)
    ]
    return account(RUN, entries)


def test_what_was_taken_back_keeps_its_own_time() -> None:
    """A step's seconds are those that it worked, not those until it was taken back, and the way back has its own."""
    run = told(
        BEGIN,
        (1.0, Phase.BEGUN, "fence", NOTHING),
        (1.5, Phase.DONE, "fence", leave(services=1)),
        (2.0, Phase.BEGUN, "migrate", NOTHING),
        (9.0, Phase.FAILED, "migrate", leave(reason="cannot migrate")),
        (9.0, Phase.ABORT, "", NOTHING),
        (9.5, Phase.UNDOING, "migrate", NOTHING),
        (10.0, Phase.UNDONE, "migrate", NOTHING),
        (10.0, Phase.UNDOING, "fence", NOTHING),
        (13.0, Phase.UNDONE, "fence", NOTHING),
        (14.0, Phase.CLOSED, "", leave(ending=Ending.AS_BEFORE.value)),
    )
    fence, migrate = run.steps
    assert (Standing.UNDONE, 0.5, 3.0) == (fence.standing, fence.seconds, fence.undone_seconds)
    assert (Standing.UNDONE, 7.0, 0.5) == (migrate.standing, migrate.seconds, migrate.undone_seconds)
    assert ("cannot migrate", "cannot migrate") == (migrate.reason, run.reason)
    assert (1, "as-before", 14.0) == (fence.evidence.get("services"), run.outcome, run.seconds)
    assert 12.0 == run.downtime_seconds


def test_a_way_back_that_takes_several_tries_is_counted_from_the_first() -> None:
    """Tries that failed are part of the time of taking it back."""
    run = told(
        BEGIN,
        (1.0, Phase.BEGUN, "fence", NOTHING),
        (1.5, Phase.DONE, "fence", NOTHING),
        (2.0, Phase.UNDOING, "fence", NOTHING),
        (3.0, Phase.FAILED, "fence", leave(reason="cannot reach it")),
        (60.0, Phase.UNDOING, "fence", NOTHING),
        (62.0, Phase.UNDONE, "fence", NOTHING),
    )
    [fence] = run.steps
    assert (0.5, 60.0, 61.0) == (fence.seconds, fence.undone_seconds, run.downtime_seconds)


def test_a_step_that_was_refused_has_failed() -> None:
    """What was refused before it began stands as failed, with the reason, and took no time."""
    run = told(BEGIN, (5.0, Phase.FAILED, "swap", leave(reason="interrupted before swap")))
    [swap] = run.steps
    assert (Standing.FAILED, "interrupted before swap", 0.0, 0.0) == (
        swap.standing,
        swap.reason,
        swap.seconds,
        swap.undone_seconds,
    )


@pytest.mark.parametrize(("ended", "seconds"), [(Phase.DONE, 4.0), (Phase.FAILED, 4.0), (Phase.UNDONE, 0.0)])
def test_what_was_cut_short_took_nobody_knows_how_long(ended: Phase, seconds: float) -> None:
    """Only what was done or failed has a time of its own."""
    run = told(BEGIN, (1.0, Phase.BEGUN, "clone", NOTHING), (5.0, ended, "clone", NOTHING))
    assert seconds == run.steps[0].seconds


def test_users_wait_until_it_is_open() -> None:
    """The wait is from the beginning of the fence to the end of the opening, and nothing where there was no fence."""
    lines = [
        BEGIN,
        (1.0, Phase.BEGUN, "backup", NOTHING),
        (5.0, Phase.DONE, "backup", NOTHING),
        (6.0, Phase.BEGUN, "fence", NOTHING),
        (7.0, Phase.DONE, "fence", NOTHING),
        (8.0, Phase.BEGUN, "open", NOTHING),
        (10.0, Phase.DONE, "open", NOTHING),
        (11.0, Phase.BEGUN, "watch", NOTHING),
        (41.0, Phase.DONE, "watch", NOTHING),
    ]
    assert 4.0 == told(*lines).downtime_seconds
    assert 0.0 == told(*lines[:3]).downtime_seconds
