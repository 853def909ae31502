"""The journal of one run, on a simulated disk."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from amankan.errors import DiskFailed, DiskFull, JournalDamaged, Superseded, SyncFailed
from amankan.journal.log import BALLAST, Log, begin_log, lines_path, read_story, resume_log
from amankan.journal.papers import keep_paper, read_paper
from amankan.journal.shelf import open_runs, runs
from amankan.model.app import Limits
from amankan.model.entry import Ending, Phase, leave
from amankan.testing.chance import DiskTrouble, Loss, Process
from amankan.testing.clock import SimClock
from amankan.testing.disk import SimDisk
from amankan.testing.world import World

RUN = "20260105T101500Z-shop-0badcafe"
LATER = "20260106T101500Z-shop-0badf00d"


@dataclass(slots=True)
class Desk:
    """A world with processes that write journals."""

    world: World = field(default_factory=World)

    def disk(self, **trouble: object) -> SimDisk:
        """Return the disk as a new process sees it."""
        return SimDisk(self.world, Process(number=1, **trouble))  # type: ignore[arg-type]

    def begin(self, run: str = RUN, **trouble: object) -> Log:
        """Return a journal with its first line."""
        log = begin_log(self.disk(**trouble), SimClock(self.world), run=run, redact=lambda text: text.replace("hunter2", "***"))
        log.epoch = 1
        log.append(Phase.BEGIN, evidence=leave(plan="f" * 64))
        return log

    def resume(self, run: str = RUN) -> Log:
        """Return the journal as the next process takes it up."""
        return resume_log(self.disk(), SimClock(self.world), run=run)

    def lines(self, run: str = RUN) -> bytes:
        """Return the used part of a journal."""
        return (self.disk().read(lines_path(run)) or b"").rstrip(b"\0")


@pytest.fixture
def desk() -> Desk:
    """Return an empty desk."""
    return Desk()


def test_every_line_outlives_the_power(desk: Desk) -> None:
    """When `append` has returned, a power cut that keeps nothing unsynced keeps the line."""
    log = desk.begin()
    for phase in (Phase.BEGUN, Phase.DONE):
        log.append(phase, "backup")
        desk.world.platter.power_cut(Loss.LOSE)
        assert log.story == read_story(desk.disk(), RUN)


@pytest.mark.parametrize("loss", [Loss.LOSE, Loss.TEAR, Loss.ZERO, Loss.STALE])
def test_a_torn_line_is_cut_and_kept_aside(desk: Desk, loss: Loss) -> None:
    """Resuming cuts the bad tail, keeps its bytes beside the journal, and goes on under the next epoch."""
    log = desk.begin()
    whole = desk.lines()
    path = lines_path(RUN)
    disk = desk.disk()
    disk.write(path, offset=len(whole), content=b'{"format":1,"number":2,"time":"2026-01-05T10:15:00.000Z"')
    desk.world.platter.power_cut(loss)
    torn = desk.lines()[len(whole) :]
    resumed = desk.resume()
    assert (whole, log.story, 2) == (desk.lines(), resumed.story, resumed.epoch)
    assert (torn or None) == desk.disk().read(f"{path}.cut1")
    resumed.append(Phase.RESUMED)
    assert 2 == read_story(desk.disk(), RUN).epoch


def test_a_failed_sync_is_final(desk: Desk) -> None:
    """After a sync failed, the journal takes no more lines, however often it is asked; a new process may replay it."""
    log = desk.begin(verb="disk.sync", call=2, trouble=DiskTrouble.SYNC_FAILS)
    before = log.story
    for _ in range(3):
        with pytest.raises(SyncFailed):
            log.append(Phase.BEGUN, "backup")
    assert before == log.story
    desk.world.platter.power_cut(Loss.LOSE)
    assert before == desk.resume().story


def test_resuming_makes_durable_what_was_read(desk: Desk) -> None:
    """A line whose sync failed, but which was read after it, is written anew, so that it cannot vanish later."""
    log = desk.begin(verb="disk.sync", call=2, trouble=DiskTrouble.SYNC_FAILS)
    with pytest.raises(SyncFailed):
        log.append(Phase.BEGUN, "backup")
    resumed = desk.resume()
    assert ("backup",) == resumed.story.begun
    desk.world.platter.power_cut(Loss.LOSE)
    assert resumed.story == read_story(desk.disk(), RUN)


def test_the_room_is_enough_on_a_full_disk(desk: Desk) -> None:
    """Within its room a journal needs nothing of the disk, and the ballast stays."""
    log = desk.begin()
    desk.world.platter.free_bytes = 0
    for _ in range(300):
        log.append(Phase.BEGUN, "backup")
    assert desk.disk().read(BALLAST) is not None


def test_the_ballast_is_given_up_first(desk: Desk) -> None:
    """Where a resumed journal finds no room, the ballast goes and the way back can be recorded."""
    desk.begin()
    desk.world.platter.free_bytes = 0
    log = desk.resume()
    assert None is desk.disk().read(BALLAST)
    log.append(Phase.RESUMED)
    assert 2 == read_story(desk.disk(), RUN).epoch


def test_without_any_room_nothing_changes(desk: Desk) -> None:
    """Where even the ballast is gone, resuming says so and leaves the journal as it was."""
    desk.begin()
    desk.disk().remove(BALLAST)
    before = desk.disk().read(lines_path(RUN))
    desk.world.platter.free_bytes = 0
    with pytest.raises(DiskFull):
        desk.resume()
    assert before == desk.disk().read(lines_path(RUN))


def test_a_run_is_begun_once(desk: Desk) -> None:
    """A journal that exists is never begun again."""
    desk.begin()
    with pytest.raises(DiskFailed):
        begin_log(desk.disk(), SimClock(desk.world), run=RUN)


def test_secrets_are_taken_out(desk: Desk) -> None:
    """No text reaches the disk but through the redaction; numbers and truths stay what they are."""
    log = desk.begin()
    entry = log.append(Phase.FAILED, "backup", evidence=leave(reason="cannot reach app:hunter2@db", rows=3, ok=False))
    assert leave(reason="cannot reach app:***@db", rows=3, ok=False) == entry.evidence
    assert not desk.world.platter.holds(b"hunter2")


def test_a_superseded_journal_is_confirmed_no_more(desk: Desk) -> None:
    """As long as nobody else wrote, the journal is confirmed; after another process took it up, it is not."""
    log = desk.begin()
    log.confirm()
    log.append(Phase.BEGUN, "backup")
    log.confirm()
    desk.resume().append(Phase.RESUMED)
    with pytest.raises(Superseded):
        log.confirm()


def test_a_sleeper_writes_nothing_into_the_journal(desk: Desk) -> None:
    """A process that slept through a recovery cannot change the journal that the recovery wrote, nor cut it at its end."""
    sleeper = desk.begin()
    resumed = desk.resume()
    resumed.append(Phase.RESUMED)
    whole = desk.lines()
    sleeper.append(Phase.CLOSED, evidence=leave(ending="done"))
    assert whole == desk.lines()
    resumed.append(Phase.CLOSED, evidence=leave(ending="as-before"))
    assert Ending.AS_BEFORE is read_story(desk.disk(), RUN).ending


def test_a_closed_journal_gives_its_room_back(desk: Desk) -> None:
    """The last line cuts the room that is left."""
    log = desk.begin()
    log.append(Phase.CLOSED, evidence=leave(ending="done"))
    content = desk.disk().read(lines_path(RUN))
    assert content is not None
    assert b"\n" == content[-1:]


def test_open_runs_are_found_through_their_journals(desk: Desk) -> None:
    """A run that was begun and not closed is open; one without a first line, or closed, is not; the oldest comes first."""
    for run in (RUN, LATER):
        desk.begin(run)
    begin_log(desk.disk(), SimClock(desk.world), run="20260107T000000Z-shop-00000001")
    assert [RUN, LATER] == [story.run for story in open_runs(desk.disk())]
    desk.resume(RUN).append(Phase.CLOSED, evidence=leave(ending="as-before"))
    assert [LATER] == [story.run for story in open_runs(desk.disk())]
    assert (RUN, LATER, "20260107T000000Z-shop-00000001") == runs(desk.disk())


def test_a_damaged_journal_is_not_passed_over(desk: Desk) -> None:
    """A damaged journal that is not closed stops everybody who looks for open runs; a missing one cannot be resumed."""
    log = desk.begin()
    log.append(Phase.BEGUN, "backup")
    content = desk.disk().read(lines_path(RUN)) or b""
    desk.disk().replace(lines_path(RUN), b"x" + content[1:])
    with pytest.raises(JournalDamaged):
        open_runs(desk.disk())
    with pytest.raises(JournalDamaged):
        desk.resume(LATER)


def test_a_paper_is_the_one_that_was_written(desk: Desk) -> None:
    """A paper comes back by its digest; another digest, other bytes or another shape are damage."""
    limits = Limits(downtime_seconds=7.0)
    digest = keep_paper(desk.disk(), RUN, name="limits", paper=limits)
    assert limits == read_paper(desk.disk(), RUN, name="limits", kind=Limits, digest=digest)
    with pytest.raises(JournalDamaged):
        read_paper(desk.disk(), RUN, name="limits", kind=Limits, digest="0" * 64)
    with pytest.raises(JournalDamaged):
        read_paper(desk.disk(), RUN, name="plan", kind=Limits, digest=digest)
    with pytest.raises(JournalDamaged):
        read_paper(desk.disk(), RUN, name="limits", kind=int, digest=digest)
