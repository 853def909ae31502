"""Which snapshots may go: a pure decision, with a reason for each one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from amankan.model.sentence import Sentence, say
from amankan.model.snapshot import Proof

Reasons = dict[str, Sentence | None]

# Never fewer proved ones than this, whatever is configured: one may have been taken after the fault that is looked for,
# one may be hit by another fault of its own.
FLOOR = 3
# What a clock may be off without being in doubt, and what is a pause and not a jump: a long weekend.
TOLERANCE = timedelta(hours=1)
PAUSE = timedelta(days=7)
# A gap is unusual when it is so many times the usual one, or longer than the LONGEST; a clock is believed again after
# so many proved ones over a PAUSE.
UNUSUAL_TIMES = 3
LONGEST = timedelta(days=60)
SETTLED = 7
# In one day at most a tenth of the proved ones goes, or one.
SHARE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """All of the last `days`, and the newest proved one of each of the last `weekly` weeks and `monthly` months."""

    days: int
    weekly: int
    monthly: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """
    A snapshot as retention sees it.

    `sequence` is the order in which the vault took them, which no clock can change. An `adopted` one has the date of
    its content and says nothing about our clock.
    """

    id: str
    sequence: int
    time: datetime
    proof: Proof
    pinned: bool = False
    adopted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened around the snapshots: the one before the last update, and how many were deleted in the last day."""

    before_update: str = ""
    deleted_lately: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one snapshot, and why."""

    id: str
    deleted: bool
    reason: Sentence


def decide(candidates: Iterable[Candidate], *, keep: Keep, now: datetime, history: History = History()) -> tuple[Decision, ...]:
    """
    Return a decision for every snapshot, in the order in which they were taken.

    Never deleted: the newest proved one, the one before the last update, pinned and adopted ones, whatever is newer
    than the newest proved one, and anything at all while the clock is in doubt or nothing is proved. Snapshots that are
    not proved do not count: however many there are, no proved one goes because of them.

    Args:
        now: the wall time in UTC, believed only as far as the snapshots' own order agrees with it.
    """
    ordered = sorted(candidates, key=lambda candidate: (candidate.sequence, candidate.id))
    own = [candidate for candidate in ordered if not candidate.adopted]
    proved = [candidate for candidate in own if candidate.proof is Proof.PROVED]
    times = _believed_times(own)
    reasons = {candidate.id: _spared(candidate, history) for candidate in ordered}
    _keep_all(reasons, own, why=_blocked(own, proved, now=now))
    _keep_newest(reasons, own, proved=proved)
    _keep_by_time(reasons, own, times=times, keep=keep, now=now)
    _keep_buckets(reasons, proved, times=times, keep=keep)
    _keep_floor(reasons, proved)
    left = max(1, len(proved) // SHARE) - history.deleted_lately
    _keep_rest(reasons, [candidate for candidate in own if reasons[candidate.id] is None], left=left)
    return tuple(_decision(candidate, reasons[candidate.id]) for candidate in ordered)


def doubt(candidates: Iterable[Candidate], *, now: datetime) -> Sentence | None:
    """Return why nothing at all may go now, or None: nothing is proved, or the clock cannot be believed."""
    ordered = sorted(candidates, key=lambda candidate: (candidate.sequence, candidate.id))
    own = [candidate for candidate in ordered if not candidate.adopted]
    return _blocked(own, [candidate for candidate in own if candidate.proof is Proof.PROVED], now=now)


def _decision(candidate: Candidate, kept: Sentence | None) -> Decision:
    if kept is not None:
        return Decision(id=candidate.id, deleted=False, reason=kept)
    why = say("older than everything that is kept") if candidate.proof is Proof.PROVED else say("old, and never proved")
    return Decision(id=candidate.id, deleted=True, reason=why)


def _spared(candidate: Candidate, history: History) -> Sentence | None:
    if candidate.pinned:
        return say("pinned")
    if candidate.adopted:
        return say("adopted: only taken away by hand")
    if candidate.id == history.before_update:
        return say("the way back before the last update")
    return None


def _keep(reasons: Reasons, candidates: Iterable[Candidate], *, why: Sentence) -> None:
    for candidate in candidates:
        if reasons[candidate.id] is None:
            reasons[candidate.id] = why


def _keep_all(reasons: Reasons, own: Sequence[Candidate], *, why: Sentence | None) -> None:
    if why is not None:
        _keep(reasons, own, why=why)


def _blocked(own: Sequence[Candidate], proved: Sequence[Candidate], *, now: datetime) -> Sentence | None:
    """Return why nothing may go now, or None."""
    if not proved:
        return say("nothing is proved, so nothing goes")
    return _doubt(own, proved, now=now)


def _doubt(own: Sequence[Candidate], proved: Sequence[Candidate], *, now: datetime) -> Sentence | None:
    """
    Return why the clock cannot be believed, or None.

    It is in doubt when it stands before a snapshot that exists, and after a gap that is unusual for this app until
    SETTLED proved snapshots were taken over at least PAUSE on the new side of it.
    """
    latest = max(own, key=lambda candidate: candidate.time)
    if now < latest.time - TOLERANCE:
        return say("the clock stands before snapshot {id}: nothing goes until it agrees", id=latest.id)
    times = [candidate.time for candidate in own]
    gaps = [later - earlier for earlier, later in zip(times, (*times[1:], now), strict=True)]
    usual = sorted(gaps[:-1])[len(gaps[:-1]) // 2] if len(gaps) > 1 else PAUSE
    most = min(max(PAUSE, UNUSUAL_TIMES * usual), LONGEST)
    jumps = [place for place, gap in enumerate(gaps) if gap > most or gap < -TOLERANCE]
    if not jumps:
        return None
    after = {candidate.id for candidate in own[jumps[-1] + 1 :]}
    since = [candidate.time for candidate in proved if candidate.id in after]
    if len(since) >= SETTLED and max(since) - min(since) >= PAUSE:
        return None
    return say("the clock jumped after snapshot {id}: nothing goes until it is seen to go on", id=own[jumps[-1]].id)


def _believed_times(own: Sequence[Candidate]) -> dict[str, datetime]:
    """Return a time for each snapshot that never goes back from one to the next: none looks older than it can be."""
    believed: dict[str, datetime] = {}
    latest = datetime.min.replace(tzinfo=UTC)
    for candidate in own:
        latest = max(latest, candidate.time)
        believed[candidate.id] = latest
    return believed


def _keep_newest(reasons: Reasons, own: Sequence[Candidate], *, proved: Sequence[Candidate]) -> None:
    if proved:
        newest = proved[-1]
        _keep(reasons, [newest], why=say("the newest proved one"))
        newer = [candidate for candidate in own if candidate.sequence > newest.sequence]
        _keep(reasons, newer, why=say("newer than the newest proved one"))


def _keep_by_time(reasons: Reasons, own: Sequence[Candidate], *, times: dict[str, datetime], keep: Keep, now: datetime) -> None:
    young = [candidate for candidate in own if now - times[candidate.id] < timedelta(days=keep.days)]
    _keep(reasons, young, why=say("of the last {days} days", days=keep.days))


def _keep_buckets(reasons: Reasons, proved: Sequence[Candidate], *, times: dict[str, datetime], keep: Keep) -> None:
    buckets: tuple[tuple[Callable[[datetime], tuple[int, int]], int, Sentence], ...] = (
        (lambda time: time.isocalendar()[:2], keep.weekly, say("the newest of its week")),
        (lambda time: (time.year, time.month), keep.monthly, say("the newest of its month")),
    )
    for bucket_of, count, why in buckets:
        newest = {bucket_of(times[candidate.id]): candidate for candidate in proved}
        chosen = sorted(newest.items())[-count:] if count else []
        _keep(reasons, [candidate for _, candidate in chosen], why=why)


def _keep_floor(reasons: Reasons, proved: Sequence[Candidate]) -> None:
    _keep(reasons, proved[-FLOOR:], why=say("one of the {floor} newest proved ones", floor=FLOOR))


def _keep_rest(reasons: Reasons, going: Sequence[Candidate], *, left: int) -> None:
    """Of those that would go only `left` go today: first what was never proved, then the oldest."""
    order = sorted(going, key=lambda candidate: (candidate.proof is Proof.PROVED, candidate.sequence, candidate.id))
    _keep(reasons, order[max(left, 0) :], why=say("would go, but enough went in one day"))
