"""Retention decides without a clock, and never takes what must stay."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from amankan.model.snapshot import Proof
from amankan.vault.retain import FLOOR, Candidate, Decision, History, Keep, decide

START = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
KEEP = Keep(days=30, weekly=8, monthly=12)
NOTHING = Keep(days=0, weekly=0, monthly=0)


def history_of(count: int, *, every: timedelta = DAY, proof: Proof = Proof.PROVED) -> list[Candidate]:
    """Return so many snapshots, one after the other, all alike."""
    return [
        Candidate(id=f"s{number}", sequence=number, time=START + every * number, proof=proof) for number in range(1, count + 1)
    ]


def gone(decisions: tuple[Decision, ...]) -> set[str]:
    """Return the ids that are deleted."""
    return {decision.id for decision in decisions if decision.deleted}


def after(candidates: list[Candidate]) -> datetime:
    """Return a moment soon after the newest snapshot."""
    return max((candidate.time for candidate in candidates), default=START) + timedelta(minutes=30)


def prune_daily(candidates: list[Candidate], now: datetime, keep: Keep, days: int) -> list[Candidate]:
    """Return what is left after so many days of one proved backup and one pruning each."""
    left = list(candidates)
    for _ in range(days):
        now += DAY
        number = left[-1].sequence + 1
        left.append(Candidate(id=f"s{number}", sequence=number, time=now, proof=Proof.PROVED))
        deleted = gone(decide(left, keep=keep, now=now))
        left = [candidate for candidate in left if candidate.id not in deleted]
    return left


candidates_of_any_kind = some.lists(
    some.builds(
        lambda minutes, proof, pinned, adopted: (minutes, proof, pinned, adopted),
        some.integers(-600_000, 600_000),
        some.sampled_from(Proof),
        some.booleans(),
        some.booleans(),
    ),
    max_size=60,
).map(
    lambda rows: [
        Candidate(
            id=f"s{number}",
            sequence=number,
            time=START + timedelta(minutes=minutes),
            proof=proof,
            pinned=pinned and number % 5 == 0,
            adopted=adopted and number % 7 == 0,
        )
        for number, (minutes, proof, pinned, adopted) in enumerate(rows, start=1)
    ]
)
orderly = some.builds(
    lambda steps, proofs: [
        Candidate(id=f"s{number}", sequence=number, time=START + timedelta(hours=sum(steps[:number])), proof=proof)
        for number, (_, proof) in enumerate(zip(steps, proofs, strict=False), start=1)
    ],
    some.lists(some.integers(1, 48), min_size=1, max_size=80),
    some.lists(some.sampled_from(Proof), min_size=80, max_size=80),
)
moments = some.integers(-2_000_000, 2_000_000).map(lambda minutes: START + timedelta(minutes=minutes))
keeps = some.builds(Keep, days=some.integers(0, 60), weekly=some.integers(0, 9), monthly=some.integers(0, 13))


@given(candidates=candidates_of_any_kind, keep=keeps, now=moments, update=some.integers(0, 60))
def test_what_must_stay_stays(candidates: list[Candidate], keep: Keep, now: datetime, update: int) -> None:
    """Whatever the clock, the policy and the order of times: the newest proved, the pinned and the way back stay."""
    history = History(before_update=f"s{update}")
    decisions = decide(candidates, keep=keep, now=now, history=history)
    deleted = gone(decisions)
    assert [candidate.id for candidate in candidates] == [decision.id for decision in decisions]
    assert all(str(decision.reason) for decision in decisions)
    own = [candidate for candidate in candidates if not candidate.adopted]
    proved = [candidate.id for candidate in own if candidate.proof is Proof.PROVED]
    protected = {candidate.id for candidate in candidates if candidate.pinned or candidate.adopted}
    protected |= {f"s{update}", *proved[-FLOOR:]}
    if proved:
        newest = int(proved[-1][1:])
        protected |= {candidate.id for candidate in candidates if candidate.sequence > newest}
    assert set() == deleted & protected
    assert len(deleted) <= max(1, len(proved) // 10)
    assert not deleted or proved


@given(candidates=orderly, keep=keeps, extra=some.integers(1, 20))
def test_broken_ones_push_nothing_out(candidates: list[Candidate], keep: Keep, extra: int) -> None:
    """However many unproved snapshots come after, no proved one goes that would have stayed without them."""
    now = after(candidates)
    before = gone(decide(candidates, keep=keep, now=now))
    last = candidates[-1]
    broken = [
        replace(last, id=f"b{number}", sequence=last.sequence + number, proof=Proof.NONE) for number in range(1, extra + 1)
    ]
    later = gone(decide([*candidates, *broken], keep=keep, now=now))
    proved = {candidate.id for candidate in candidates if candidate.proof is Proof.PROVED}
    assert later & proved <= before & proved


@given(candidates=orderly, keep=keeps, years=some.sampled_from([-56, -10, -1, 1, 10]))
def test_a_clock_that_jumped_deletes_nothing(candidates: list[Candidate], keep: Keep, years: int) -> None:
    """A clock that is a year or more off, in either direction, deletes nothing."""
    assert set() == gone(decide(candidates, keep=keep, now=after(candidates) + years * 365 * DAY))


@pytest.mark.parametrize("days", [40, 365, 3650])
@pytest.mark.parametrize("taken", [1, 2, 6])
def test_a_jump_is_not_believed_because_of_some_backups(days: int, taken: int) -> None:
    """Snapshots that were taken by the wrong clock do not make it right: nothing goes until a week of them is there."""
    candidates = history_of(90)
    wrong = candidates[-1].time + days * DAY
    for number in range(taken):
        candidates.append(Candidate(id=f"w{number}", sequence=91 + number, time=wrong + number * DAY, proof=Proof.PROVED))
    assert set() == gone(decide(candidates, keep=KEEP, now=after(candidates)))


def test_one_backup_of_the_year_1970_makes_nothing_old() -> None:
    """A snapshot that a clock without a battery dated is as old as its neighbours, and retention waits."""
    candidates = history_of(90)
    candidates[60] = replace(candidates[60], time=datetime(1970, 1, 1, tzinfo=UTC))
    decisions = decide(candidates, keep=Keep(days=10, weekly=0, monthly=0), now=after(candidates))
    assert "s61" not in gone(decisions)
    recent = history_of(40)
    recent[38] = replace(recent[38], time=datetime(1970, 1, 1, tzinfo=UTC))
    assert set() == gone(decide(recent, keep=NOTHING, now=after(recent)))


def test_a_snapshot_from_the_future_stops_everything() -> None:
    """While a snapshot is dated after now, nothing goes, and the reason names it."""
    candidates = history_of(50)
    candidates[20] = replace(candidates[20], time=START + 400 * DAY)
    decisions = decide(candidates, keep=NOTHING, now=START + 51 * DAY)
    assert set() == gone(decisions)
    assert "s21" in str(decisions[0].reason)


def test_nothing_proved_means_nothing_goes() -> None:
    """A vault without a single proved snapshot loses nothing, however old it is."""
    candidates = history_of(100, proof=Proof.SAMPLED)
    assert set() == gone(decide(candidates, keep=NOTHING, now=after(candidates)))


def test_twenty_broken_ones_leave_the_proved_ones() -> None:
    """Twenty backups that fail to be proved, one after the other, cost no proved one its place."""
    candidates = history_of(3)
    candidates += [replace(each, id=f"b{each.sequence}", proof=Proof.NONE) for each in history_of(23)[3:]]
    assert set() == gone(decide(candidates, keep=Keep(days=3, weekly=0, monthly=0), now=after(candidates)))


def test_a_year_of_days_weeks_and_months() -> None:
    """After a year of daily backups and prunings: the last 30 days, 8 weeks and 12 months are there, and no more."""
    left = prune_daily(history_of(1), START + DAY, KEEP, 400)
    now = left[-1].time
    young = [candidate for candidate in left if now - candidate.time < 30 * DAY]
    weeks = {candidate.time.isocalendar()[:2] for candidate in left}
    months = {(candidate.time.year, candidate.time.month) for candidate in left}
    assert 30 == len(young)
    assert len(weeks) >= 8
    assert 12 == len(months)
    assert len(left) <= 30 + 8 + 12


def test_at_most_a_tenth_goes_in_one_day() -> None:
    """A policy that was made smaller takes effect over days, oldest first, and what went today counts."""
    candidates = history_of(100)
    now = after(candidates)
    assert {f"s{number}" for number in range(1, 11)} == gone(decide(candidates, keep=NOTHING, now=now))
    assert {"s1", "s2", "s3"} == gone(decide(candidates, keep=NOTHING, now=now, history=History(deleted_lately=7)))
    assert set() == gone(decide(candidates, keep=NOTHING, now=now, history=History(deleted_lately=10)))


def test_old_unproved_ones_go_first() -> None:
    """What was never proved and lies before the newest proved one goes before any proved one."""
    candidates = history_of(40)
    candidates[30] = replace(candidates[30], proof=Proof.NONE)
    assert {"s31", "s1", "s2"} == gone(decide(candidates, keep=NOTHING, now=after(candidates)))


def test_adopted_ones_say_nothing_about_the_clock() -> None:
    """Old backups that were taken in today neither stop retention nor are taken away by it."""
    candidates = history_of(40)
    candidates.append(Candidate(id="old", sequence=41, time=START - 900 * DAY, proof=Proof.PROVED, adopted=True))
    decisions = decide(candidates, keep=NOTHING, now=START + 40 * DAY + timedelta(minutes=30))
    assert {"s1", "s2", "s3", "s4"} == gone(decisions)


@given(candidates=orderly, keep=keeps)
def test_the_order_of_the_input_does_not_matter(candidates: list[Candidate], keep: Keep) -> None:
    """The same snapshots in another order get the same decisions."""
    now = after(candidates)
    assert decide(candidates, keep=keep, now=now) == decide(candidates[::-1], keep=keep, now=now)
