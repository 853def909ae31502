"""Several operators, and operators that go away: locks, signals, terminals, sleep."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from tests.faults.born import Blow, Left, Running
from tests.faults.catalogue.backups import RESTORED, snapshots
from tests.faults.catalogue.play import AS_BEFORE, DONE, Fault, Play

BUSY = 11
INTERRUPTED = 130

# Within a restore: before its backup, in it, in its load, behind the fence, behind the decision, behind the opening.
MOMENTS = (
    "journal: begin, after sync lines.jsonl",
    "verb: begun backup, after FolderStore.put (3)",
    "journal: begun fence, after sync lines.jsonl",
    "verb: begun fence, after PostgresEngine.shut",
    "journal: decision, after sync lines.jsonl",
    "verb: begun swap, before PostgresEngine.rename",
    "journal: opened, after sync lines.jsonl",
)


def crowd(play: Play, *, count: int) -> None:
    """F029: so many operators begin at once; whoever does not win is told who holds the lock, and touched nothing."""
    before = snapshots(play)
    running = [play.start("backup", "--no-prove") for _ in range(count)]
    left = [each.wait() for each in running]
    winners = [each for each in left if each.status == 0]
    assert {0, BUSY} >= {each.status for each in left}, sorted({each.status for each in left})
    assert len(winners) == len(snapshots(play) - before)
    assert winners
    for each in left:
        assert each.status == 0 or "holds the lock since" in each.err, each.err


def recoveries(play: Play) -> None:
    """F166: eight recoveries begin at once; one does the work."""
    play.aman("restore", "--yes", blow=Blow(point=MOMENTS[3]))
    left = [each.wait() for each in [play.start("recover") for _ in range(8)]]
    assert {0, BUSY} >= {each.status for each in left}, [each.err for each in left]
    assert [each for each in left if each.status == 0]


def two_folders(play: Play) -> None:
    """F030: a second host with a configuration of its own meets the claim of the first, touches nothing and says so."""
    running = play.start("restore", "--yes", blow=Blow(point=MOMENTS[3], blow="SIGSTOP"))
    await_sleep(play, running)
    other = play.world.folder.with_name(f"{play.world.folder.name}-other")
    subprocess.run(["cp", "--archive", str(play.world.ground.prepared), str(other)], check=True)
    second = play.tester.ground.nest.run(_Elsewhere(folder=other, play=play), "backup", "--no-prove")
    assert second.status != 0, second.out
    wake(running)
    assert 0 == running.wait().status
    subprocess.run(["rm", "-r", str(other)], check=True)


class _Elsewhere:
    """The same app's configuration in another folder."""

    def __init__(self, *, folder: Path, play: Play) -> None:
        self.folder, self.environment = folder, dict(play.world.environment)


def sleeper(play: Play, *, moment: str) -> None:
    """F032: the holder sleeps, somebody breaks its lock and recovers, then it wakes up, and ends itself."""
    running = play.start("restore", "--yes", blow=Blow(point=moment, blow="SIGSTOP"))
    await_sleep(play, running)
    (play.world.folder / ".amankan" / "lock").unlink()
    recovered = play.aman("recover")
    assert 0 == recovered.status, recovered.err
    wake(running)
    left = running.wait()
    assert "Traceback" not in left.err, left.err
    assert 0 != left.status or moment == MOMENTS[-1], left.out


def hung_up(play: Play, *, moment: str) -> None:
    """F033: the terminal's line is dropped at this moment; the operation goes on."""
    left = play.aman("restore", "--yes", blow=Blow(point=moment, blow="SIGHUP"))
    assert 0 == left.status, left.err


def lost_terminal(play: Play) -> None:
    """F033: the terminal itself goes away in the middle, so that nothing can be written to it either."""
    ours, theirs = pty.openpty()
    program = str(Path(sys.executable).with_name("aman"))
    running = subprocess.Popen(
        ["setsid", "--ctty", "--wait", program, "restore", "--yes"],
        cwd=play.world.folder,
        env=play.world.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.read(ours, 10)
    os.close(ours)
    assert 0 == running.wait(120)


def interrupted(play: Play, *, name: str, times: int) -> None:
    """F034: a signal asks to stop, once or more often; it ends in order, before or after."""
    running = play.start("restore", "--yes")
    for _ in range(times):
        time.sleep(play.chance.uniform(0.1, 1.5))
        os.kill(running.pid, signal.Signals[name])
    left = running.wait()
    assert left.status in {0, INTERRUPTED, -signal.Signals[name]}, (left.status, left.err)


def interrupted_at(play: Play, *, name: str, moment: str) -> None:
    """F034: a signal asks to stop at this very moment."""
    left = play.aman("restore", "--yes", blow=Blow(point=moment, blow=name))
    decided = moment in MOMENTS[4:]
    assert left.status == (0 if decided else INTERRUPTED), (left.status, left.err)


def scheduled(play: Play) -> None:
    """F035: a backup, a drill, a retention run and a restore begin in the same second; each is done or told to come later."""
    words = (("restore", "--yes"), ("backup", "--no-prove"), ("drill",), ("prune",))
    left: list[Left] = [each.wait() for each in [play.start(*each) for each in words]]
    assert {0, BUSY} >= {each.status for each in left}, [(each.words, each.status, each.err[-200:]) for each in left]


def await_sleep(play: Play, running: Running) -> None:
    """Wait until a command was stopped at its point."""
    play.until(lambda: Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")


def wake(running: Running) -> None:
    """It goes on."""
    os.kill(running.pid, signal.SIGCONT)


EITHER = (*AS_BEFORE, *DONE)

FAULTS = (
    Fault(id="F029", endings=DONE, act=partial(crowd, count=64)),
    Fault(id="F030", endings=DONE, act=two_folders, scenario=RESTORED),
    *(
        Fault(id=f"F032 at {number}", endings=EITHER, act=partial(sleeper, moment=moment), scenario=RESTORED)
        for number, moment in enumerate(MOMENTS, start=1)
    ),
    *(
        Fault(id=f"F033 at {number}", endings=DONE, act=partial(hung_up, moment=moment), scenario=RESTORED)
        for number, moment in enumerate(MOMENTS, start=1)
    ),
    Fault(id="F033 terminal", endings=DONE, act=lost_terminal, scenario=RESTORED),
    *(
        Fault(
            id=f"F034 {name} at {number}",
            endings=EITHER,
            act=partial(interrupted_at, name=name, moment=moment),
            scenario=RESTORED,
        )
        for number, moment in enumerate(MOMENTS, start=1)
        for name in ("SIGINT", "SIGTERM")
    ),
    *(
        Fault(
            id=f"F034 {name} {times} times", endings=EITHER, act=partial(interrupted, name=name, times=times), scenario=RESTORED
        )
        for name in ("SIGINT", "SIGTERM")
        for times in (1, 2, 3)
    ),
    Fault(id="F035", endings=EITHER, act=scheduled, scenario=RESTORED),
    Fault(id="F166", endings=AS_BEFORE, act=recoveries, scenario=RESTORED),
)
