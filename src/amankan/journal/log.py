"""The journal of one run, open for writing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Final

from amankan.errors import DiskFailed, DiskFull, JournalDamaged, Superseded, SyncFailed
from amankan.journal.line import FIRST, LINE_LIMIT_BYTES, write_line
from amankan.journal.replay import Replayed, replay
from amankan.journal.story import Story, tell, then
from amankan.model.entry import NOTHING, Entry, Evidence, Phase
from amankan.model.sentence import say
from amankan.ports.clock import Clock
from amankan.ports.disk import Disk

ROOM_BYTES: Final = 64 * LINE_LIMIT_BYTES
"""
Room reserved for one run: 64 of the longest lines, some 500 usual ones; an update that goes up and back needs about 70.
"""

BALLAST: Final = "ballast"
"""A file that is there to be removed when the disk is full, so that the way back can be recorded."""

BALLAST_BYTES: Final = 4 * ROOM_BYTES

Redact = Callable[[str], str]


class Log:
    """
    The journal of one run; every line is synced before `append` returns.

    After a failed write or sync nothing more is written: what the file holds is open, and only a new process that
    replays it may go on.
    """

    def __init__(self, disk: Disk, clock: Clock, *, run: str, replayed: Replayed, redact: Redact = str) -> None:
        """Take over a journal whose file holds exactly the good lines of `replayed`, and room behind them."""
        self._disk, self._clock, self._redact = disk, clock, redact
        self._path = lines_path(run)
        self._offset, self._digest, self._number = replayed.good_bytes, replayed.digest, len(replayed.entries)
        self._broken = False
        self.run = run
        self.story: Story = tell(replayed.entries)
        self.epoch = self.story.epoch

    def append(self, phase: Phase, step: str = "", *, evidence: Evidence = NOTHING) -> Entry:
        """
        One more line stands in the journal and outlives the power.

        Raises:
            DiskFull: there is no room even without the ballast; nothing was written.
            DiskFailed, SyncFailed: the line may or may not be there; this journal takes no more lines.
        """
        if self._broken:
            raise SyncFailed(say("cannot write the journal of {run}: an earlier write failed", run=self.run))
        entry = Entry(
            number=self._number + 1,
            time=self._clock.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            run=self.run,
            epoch=self.epoch,
            phase=phase,
            step=step,
            evidence=_redacted(evidence, self._redact),
            previous=self._digest,
        )
        line, digest = write_line(entry)
        self._put(line)
        self._offset, self._digest, self._number = self._offset + len(line), digest, entry.number
        self.story = then(self.story, entry)
        if phase is Phase.CLOSED:
            self._disk.trim(self._path, size_bytes=self._offset)
        return entry

    def confirm(self) -> None:
        """
        The file of this run holds what this process wrote, and nothing else.

        Raises:
            Superseded: another process went on with the run while this one slept; nothing may be written any more.
        """
        replayed = replay(self._disk.read(self._path) or b"", self.run)
        if (len(replayed.entries), replayed.digest) != (self._number, self._digest):
            raise Superseded(say("cannot go on with {run}: another process took it up", run=self.run))

    def _put(self, line: bytes) -> None:
        try:
            self._write(line)
            self._disk.sync(self._path)
        except DiskFull:
            raise
        except DiskFailed:
            self._broken = True
            raise

    def _write(self, line: bytes) -> None:
        try:
            self._disk.write(self._path, offset=self._offset, content=line)
        except DiskFull:
            self._disk.remove(BALLAST)
            self._disk.write(self._path, offset=self._offset, content=line)


def begin_log(disk: Disk, clock: Clock, *, run: str, redact: Redact = str) -> Log:
    """
    A new, empty journal for `run` exists with its room, and a ballast beside it.

    Raises:
        DiskFull: there is no room for it; nothing is left, and nothing may be begun.
    """
    if disk.read(BALLAST) is None:
        disk.make(BALLAST, room_bytes=BALLAST_BYTES)
    disk.make(lines_path(run), room_bytes=ROOM_BYTES)
    return Log(disk, clock, run=run, replayed=Replayed(entries=(), good_bytes=0, tail=b"", digest=FIRST), redact=redact)


def resume_log(disk: Disk, clock: Clock, *, run: str, redact: Redact = str) -> Log:
    """
    The journal of `run` holds its good lines and nothing else, written anew with fresh room; a cut tail lies beside it.

    Writing anew also makes lines durable whose sync had failed but which were read now.

    Raises:
        JournalDamaged, NewerFormat: as `replay`; nothing was changed.
        DiskFull: no room even without the ballast; nothing was changed.
    """
    content = disk.read(lines_path(run))
    if content is None:
        raise JournalDamaged(say("cannot find the journal of {run}", run=run))
    replayed = replay(content, run)
    good = content[: replayed.good_bytes]
    if replayed.tail:
        _with_ballast(disk, lambda: disk.replace(f"{lines_path(run)}.cut{len(replayed.entries)}", replayed.tail))
    _with_ballast(disk, lambda: disk.replace(lines_path(run), good, room_bytes=len(good) + ROOM_BYTES))
    log = Log(disk, clock, run=run, replayed=replayed, redact=redact)
    log.epoch = log.story.epoch + 1
    return log


def read_story(disk: Disk, run: str) -> Story:
    """Return how far a run has come, changing nothing; an empty story for one whose first line was never written."""
    return tell(replay(disk.read(lines_path(run)) or b"", run).entries)


def lines_path(run: str) -> str:
    """Return where the lines of a run lie."""
    return f"journal/{run}/lines.jsonl"


def _with_ballast(disk: Disk, act: Callable[[], None]) -> None:
    try:
        act()
    except DiskFull:
        disk.remove(BALLAST)
        act()


def _redacted(evidence: Evidence, redact: Redact) -> Evidence:
    facts = tuple((name, redact(fact) if isinstance(fact, str) else fact) for name, fact in evidence.facts)
    return Evidence(facts=facts)
