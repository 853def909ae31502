"""What a journal's bytes say, whatever happened to them."""

from __future__ import annotations

import hashlib
import json

import pytest

from amankan.errors import JournalDamaged, NewerFormat, OwnFault
from amankan.journal.line import FIRST, LINE_LIMIT_BYTES, read_line, write_line
from amankan.journal.replay import replay
from amankan.model.entry import Entry, Phase, leave

RUN = "20260105T101500Z-shop-0badcafe"
OTHER = "20260104T101500Z-shop-0badf00d"


def entry(number: int, *, phase: Phase = Phase.DONE, previous: str = FIRST, run: str = RUN, step: str = "backup") -> Entry:
    """Return an entry."""
    return Entry(
        number=number,
        time="2026-01-05T10:15:00.000Z",
        run=run,
        epoch=1,
        phase=phase,
        step=step,
        evidence=leave(rows=number, ok=True, said="köszönöm", seconds=0.5),
        previous=previous,
    )


def journal(*, run: str = RUN, lines: int = 4) -> list[bytes]:
    """Return the lines of a small journal."""
    written, digest = [], FIRST
    for number in range(1, lines + 1):
        line, digest = write_line(entry(number, previous=digest, run=run))
        written.append(line)
    return written


GOLDEN = journal()
ENDS = [len(b"".join(GOLDEN[:count])) for count in range(5)]


def test_a_line_is_what_the_page_says() -> None:
    """A line is JSON whose last member is the SHA-256 of all before it, closed by a brace; anybody can check it."""
    line = GOLDEN[0]
    body, digest = line.rstrip(b"\n").split(b',"digest":"')
    assert digest == hashlib.sha256(body + b"}").hexdigest().encode() + b'"}'
    told = json.loads(line)
    assert ["format", "number", "time", "run", "epoch", "step", "phase", "evidence", "previous", "digest"] == list(told)
    assert (1, 1, "done", FIRST, {"ok": True, "rows": 1, "said": "köszönöm", "seconds": 0.5}) == (
        *(told["format"], told["number"], told["phase"], told["previous"]),
        told["evidence"],
    )


@pytest.mark.parametrize("phase", Phase)
def test_a_line_comes_back(phase: Phase) -> None:
    """What was written is what is read, in every phase."""
    line, digest = write_line(entry(7, phase=phase))
    sealed = read_line(line[:-1])
    assert sealed is not None
    assert (entry(7, phase=phase), digest) == (sealed.entry, sealed.digest)


@pytest.mark.parametrize("room_bytes", [0, 1, 4096])
def test_room_is_no_tail(room_bytes: int) -> None:
    """Zeros behind the lines are room and nothing else."""
    replayed = replay(b"".join(GOLDEN) + bytes(room_bytes), RUN)
    assert (4, ENDS[4], b"") == (len(replayed.entries), replayed.good_bytes, replayed.tail)
    assert [1, 2, 3, 4] == [one.number for one in replayed.entries]


def test_nothing_says_nothing() -> None:
    """An empty journal, and one of room alone, have no entries, and the first line may follow."""
    for content in (b"", bytes(4096)):
        replayed = replay(content, RUN)
        assert ((), 0, b"", FIRST) == (replayed.entries, replayed.good_bytes, replayed.tail, replayed.digest)


@pytest.mark.parametrize("bit", [0x01, 0x20, 0x80])
def test_a_flipped_byte_is_found(bit: int) -> None:
    """Whichever byte is flipped, either the damage is told, or the last line alone is cut; nothing false is ever read."""
    content = b"".join(GOLDEN)
    whole = replay(content, RUN).entries
    for place in range(len(content)):
        spoiled = content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]
        try:
            replayed = replay(spoiled, RUN)
        except JournalDamaged:
            assert place < ENDS[3], place
        else:
            assert place >= ENDS[3], place
            assert (whole[:3], ENDS[3]) == (replayed.entries, replayed.good_bytes)
            assert content[ENDS[3] :] != replayed.tail


def test_a_cut_journal_loses_its_last_line_only() -> None:
    """Wherever a journal was cut off, all lines before that place are read, and what is left of the last one is told."""
    content = b"".join(GOLDEN)
    for room_bytes in (0, 64):
        for place in range(len(content) + 1):
            replayed = replay(content[:place] + bytes(room_bytes), RUN)
            lines = max(count for count, end in enumerate(ENDS) if end <= place)
            assert (lines, ENDS[lines]) == (len(replayed.entries), replayed.good_bytes)
            assert content[ENDS[lines] : place] == replayed.tail


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_line_is_damage(missing: int) -> None:
    """A journal from which a line was taken out, other than the last, cannot be trusted."""
    with pytest.raises(JournalDamaged, match="is damaged"):
        replay(b"".join(GOLDEN[:missing] + GOLDEN[missing + 1 :]), RUN)


def test_a_repeated_line_is_damage() -> None:
    """A line of this run behind the end of the chain is damage, also where it was a good one once."""
    with pytest.raises(JournalDamaged):
        replay(b"".join([*GOLDEN, GOLDEN[1]]), RUN)


def test_stale_lines_of_another_run_are_cut() -> None:
    """Lines of an older run that a disk brought back are a tail, not damage, and never read."""
    stale = b"".join(journal(run=OTHER))
    replayed = replay(b"".join(GOLDEN) + stale, RUN)
    assert (4, ENDS[4], stale) == (len(replayed.entries), replayed.good_bytes, replayed.tail)
    assert () == replay(stale, RUN).entries


@pytest.mark.parametrize("junk", [b"x" * 30 + b"\n", b"\0" * 512, GOLDEN[2][:100], GOLDEN[2][:100] + bytes(412)])
def test_a_good_line_behind_a_bad_one_is_damage(junk: bytes) -> None:
    """A whole line of this run anywhere behind the chain is damage, whatever stands between, and also without its end."""
    for later in (GOLDEN[3], GOLDEN[3][:-1]):
        with pytest.raises(JournalDamaged, match="line 3 is damaged, line 4"):
            replay(b"".join(GOLDEN[:2]) + junk + later, RUN)


def test_a_forged_chain_is_not_followed() -> None:
    """A line with a right digest of its own that does not name the line before is not part of the journal."""
    forged, _ = write_line(entry(5, previous=FIRST))
    with pytest.raises(JournalDamaged):
        replay(b"".join(GOLDEN) + forged, RUN)


def resealed(line: bytes) -> bytes:
    """Return the line with a right digest of what it says now."""
    body = line.split(b',"digest":"')[0]
    return body + b',"digest":"' + hashlib.sha256(body + b"}").hexdigest().encode() + b'"}\n'


@pytest.mark.parametrize(
    "line",
    [
        resealed(GOLDEN[0].replace(b'"format":1', b'"format":2')),
        resealed(b'{"format":2,"number":5,"news":[1,2]'),
        b'{"format":3,"number":5}\n',
    ],
    ids=["same members", "other members", "other seal"],
)
@pytest.mark.parametrize("lines", [0, 1, 4])
def test_a_newer_format_is_refused(line: bytes, lines: int) -> None:
    """A journal with a whole line of a newer format is refused, whatever else that format changed."""
    with pytest.raises(NewerFormat) as refused:
        replay(b"".join(GOLDEN[:lines]) + line + bytes(64), RUN)
    assert (3, "newer-format") == (refused.value.status, refused.value.code)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"format":"one"}',
        b'{"format":1}',
        b"\0" * 200,
        b'","digest":"' + b"0" * 64 + b'"}',
    ],
)
def test_what_is_no_line_is_not_read(line: bytes) -> None:
    """Anything else than a whole line is not one, and nothing is raised."""
    assert None is read_line(line)


def test_a_line_has_a_limit() -> None:
    """A line of exactly 4 KiB is written, one byte more is a fault of ours, and the limit counts the end."""
    short, _ = write_line(entry(1, step=""))
    longest, _ = write_line(entry(1, step="x" * (LINE_LIMIT_BYTES - len(short))))
    assert LINE_LIMIT_BYTES == len(longest)
    with pytest.raises(OwnFault):
        write_line(entry(1, step="x" * (LINE_LIMIT_BYTES - len(short) + 1)))
