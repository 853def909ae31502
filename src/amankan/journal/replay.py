"""What a journal's bytes say: pure, and always done before a line is added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from amankan.errors import JournalDamaged
from amankan.journal.line import FIRST, START, Sealed, read_line
from amankan.model.entry import Entry
from amankan.model.sentence import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """
    The good lines of a journal.

    `good_bytes` is how far they reach, `tail` what stands behind them that is not room (zeros), `digest` the last good
    line's.
    """

    entries: tuple[Entry, ...]
    good_bytes: int
    tail: bytes
    digest: str


def replay(content: bytes, run: str) -> Replayed:
    """
    Return the longest chain of good lines from the beginning, and the bad tail behind it.

    Every line is synced before the next is written, so a power cut can spoil one line only, the last. A good line of
    this run behind a bad one therefore means that the journal was damaged or edited later.

    Raises:
        JournalDamaged: a good line of this run stands behind a bad one.
        NewerFormat: a line was written by a newer Amankan.
    """
    entries: list[Entry] = []
    place, digest = 0, FIRST
    while (end := content.find(b"\n", place)) >= 0:
        sealed = read_line(content[place:end])
        if sealed is None or not _follows(sealed, run, number=len(entries) + 1, digest=digest):
            break
        entries.append(sealed.entry)
        place, digest = end + 1, sealed.digest
    rest = content[place:]
    tail = b"" if rest == bytes(len(rest)) else rest.rstrip(b"\0")
    _refuse_damage(tail, run, number=len(entries) + 1)
    return Replayed(entries=tuple(entries), good_bytes=place, tail=tail, digest=digest)


def _follows(sealed: Sealed, run: str, *, number: int, digest: str) -> bool:
    return sealed.entry.run == run and sealed.entry.number == number and sealed.entry.previous == digest


def _refuse_damage(tail: bytes, run: str, *, number: int) -> None:
    for sealed in _good_lines(tail):
        if sealed.entry.run == run:
            raise JournalDamaged(
                say(
                    "cannot trust the journal of {run}: line {number} is damaged, line {later} behind it is not",
                    run=run,
                    number=number,
                    later=sealed.entry.number,
                ),
                production=say("as that operation left it; nothing was touched now"),
                next=say("aman show {run}", run=run),
            )


def _good_lines(tail: bytes) -> Iterator[Sealed]:
    """
    Yield every good line in a tail, wherever it begins, for a damaged end of a line hides the beginning of the next.

    A tail that is one line without its end is that line, torn just there, and none behind it.
    """
    place = tail.find(START)
    while place >= 0:
        end = tail.find(b"\n", place)
        sealed = read_line(tail[place:end] if end >= 0 else tail[place:])
        if sealed is not None and (place > 0 or end >= 0):
            yield sealed
        place = tail.find(START, place + 1)
