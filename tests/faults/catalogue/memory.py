"""The tool's own memory: a journal that cannot be written, was changed, or is met by a process with little room."""

from __future__ import annotations

from functools import partial

from tests.faults.born import Blow
from tests.faults.catalogue.backups import FAILED, RESTORED
from tests.faults.catalogue.operators import EITHER, MOMENTS
from tests.faults.catalogue.play import AS_BEFORE, Fault, Play
from tests.faults.judge import journals, read_lines

STATE_BYTES = 3 << 20


def full_at_begin(play: Play) -> None:
    """F169: there is no room for the journal; it is refused before any effect."""
    folder = play.small_disk(".amankan", STATE_BYTES)
    databases = play.databases()
    filler = play.fill(folder)
    play.refused("restore", "--yes", statuses=(3,))
    filler.unlink()
    assert databases == play.databases()


def full_at(play: Play, *, moment: str) -> None:
    """F153: the process dies at this moment, and when somebody recovers there is not one byte left on the disk."""
    folder = play.small_disk(".amankan", STATE_BYTES)
    play.aman("restore", "--yes", blow=Blow(point=moment))
    filler = play.fill(folder)
    left = play.aman("recover")
    filler.unlink()
    assert 0 == left.status, left.err


def failing_sync(play: Play, *, moment: str) -> None:
    """F142: a sync of the journal fails; nothing more is written and no effect follows."""
    left = play.aman("restore", "--yes", blow=Blow(point=moment, blow="EIO"))
    assert left.status in {1, *FAILED}, (left.status, left.err)


def failing_write(play: Play, *, blow: str) -> None:
    """F142: a write of the journal answers with an error."""
    left = play.aman("restore", "--yes", blow=Blow(point="file: begun load, before fdatasync", blow=blow))
    assert left.status in {1, *FAILED}, (left.status, left.err)


def edited(play: Play) -> None:
    """F170: somebody edits the journal of an open run; it is refused, and nothing is touched until it is as it was."""
    play.aman("restore", "--yes", blow=Blow(point=MOMENTS[3]))
    path = next(path for path in journals(play.world) if read_lines(path)[-1].get("phase") != "closed")
    whole = path.read_bytes()
    databases = play.databases()
    path.write_bytes(whole.replace(b'"phase":"begun"', b'"phase":"ended"', 1))
    play.refused("recover", statuses=(13,))
    assert databases == play.databases()
    path.write_bytes(whole)


def few_files(play: Play, *, most: int) -> None:
    """F175: so many open files are allowed."""
    left = play.aman("restore", "--yes", blow=Blow(limits=(("RLIMIT_NOFILE", most),)))
    assert left.status in {0, 1, *FAILED}, (left.status, left.err)


def little_memory(play: Play, *, most_bytes: int) -> None:
    """F175: so much memory is allowed, for the tool and each of its children."""
    left = play.aman("restore", "--yes", blow=Blow(limits=(("RLIMIT_AS", most_bytes),)))
    assert left.status in {0, 1, *FAILED, -6, -9, -11}, (left.status, left.err)


SYNCS = ("begin", "begun fence", "done fence", "decision", "begun swap", "opened", "closed")

FAULTS = (
    *(
        Fault(
            id=f"F142 {line}",
            endings=EITHER,
            act=partial(failing_sync, moment=f"file: {line}, before fdatasync"),
            scenario=RESTORED,
        )
        for line in SYNCS
    ),
    *(
        Fault(id=f"F153 at {number}", endings=EITHER, act=partial(full_at, moment=moment), scenario=RESTORED)
        for number, moment in enumerate(MOMENTS, start=1)
    ),
    Fault(id="F169", endings=AS_BEFORE, act=full_at_begin),
    Fault(id="F170", endings=AS_BEFORE, act=edited),
    *(
        Fault(id=f"F175 {most} files", endings=EITHER, act=partial(few_files, most=most), scenario=RESTORED)
        for most in (12, 20, 32)
    ),
    *(
        Fault(id=f"F175 {most} MiB", endings=EITHER, act=partial(little_memory, most_bytes=most << 20), scenario=RESTORED)
        for most in (150, 300, 600)
    ),
)
