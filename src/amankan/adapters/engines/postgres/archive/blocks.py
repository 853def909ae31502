"""The data blocks of an archive, read as events."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from typing import Final

from amankan.adapters.engines.postgres.archive.events import (
    Begin,
    Content,
    End,
    Event,
    LargeObject,
    Part,
    Rows,
    rows_of,
)
from amankan.adapters.engines.postgres.archive.lines import MARK, MARK_LINE, Lines
from amankan.adapters.engines.postgres.archive.source import Source
from amankan.adapters.engines.postgres.archive.toc import INTEGER_BYTES, LARGE_OBJECTS, Entry, Toc
from amankan.errors import Damaged
from amankan.model.sentence import say

TABLE_BLOCK: Final = 1
LARGE_OBJECTS_BLOCK: Final = 3
HEAD_BYTES: Final = 1 + INTEGER_BYTES
PIECE_BYTES: Final = 1 << 20

# A chunk below this is taken for one row, as pg_dump writes them; a larger one for many rows, as we write them.
SMALL_BYTES: Final = 1 << 16

# What stands between two rows that are a chunk each, and in front of the chunk with the end mark.
SEAM: Final = b"\n\0"
LAST_SEAM: Final = b"\n\0\5\0\0\0\\.\n\n\n"


def read_blocks(source: Source, toc: Toc) -> Iterator[Event]:
    """
    Return what the blocks hold, until the stream ends.

    Raises:
        Damaged: a block is broken, foreign, there twice, or missing; what was returned before is not to be used.
    Cost: the rows of one piece of 1 MiB are in memory at a time, however long a row is.
    """
    awaited = toc.with_data()
    while not source.ended():
        kind = source.take(1)[0]
        entry = awaited.pop(number(source), None)
        expected = LARGE_OBJECTS_BLOCK if entry and entry.kind == LARGE_OBJECTS else TABLE_BLOCK
        if entry is None or kind != expected:
            raise Damaged(say("cannot read the archive: an unknown block stands at byte {at}", at=source.position))
        yield Begin(entry=entry)
        yield from _large_objects(source) if entry.kind == LARGE_OBJECTS else _table(source, entry)
        yield End(entry=entry)
    if awaited:
        missing = next(iter(awaited.values())).tag.decode(errors="replace")
        raise Damaged(
            say("cannot read the archive: {count} blocks are missing, {name} first", count=len(awaited), name=missing)
        )


def number(source: Source) -> int:
    """Return the next number."""
    written = source.take(HEAD_BYTES)
    size = int.from_bytes(written[1:], "little")
    return -size if written[0] else size


def chunk_size(source: Source) -> int:
    """Return the length of the chunk that follows, 0 for the end; raises Damaged for what is none."""
    size = number(source)
    if size < 0:
        raise Damaged(say("cannot read the archive: a piece of {size} bytes at byte {at}", size=size, at=source.position))
    return size


def _large_objects(source: Source) -> Iterator[LargeObject | Content]:
    while (oid := number(source)) != 0:
        # The archiver writes an unsigned number as a signed one.
        yield LargeObject(oid=oid % (1 << 32))
        while (size := chunk_size(source)) != 0:
            while size > 0:
                content = source.skim(min(size, PIECE_BYTES))
                size -= len(content)
                yield Content(content=content)


def _table(source: Source, entry: Entry) -> Iterator[Rows | Part]:
    lines = Lines()
    ended = False
    while not ended:
        if size := _chunk_of_rows(source):
            source.skip(HEAD_BYTES)
            yield from lines.feed(source.take(size))
            continue
        raw = source.skim(PIECE_BYTES)
        rows, used = _rows_as_chunks(raw) if lines.aligned else (None, 0)
        if rows is not None:
            source.give_back(raw[used:])
            yield rows
            continue
        text, used, ended = _chunks(raw)
        source.give_back(raw[used:])
        yield from lines.feed(text)
        if used == 0:
            size = chunk_size(source)
            ended = size == 0
            yield from _long_chunk(source, lines, size=size)
    if not lines.ended:
        name = entry.tag.decode(errors="replace")
        raise Damaged(say("cannot read the archive: the rows of {name} end without their end mark", name=name))


def _chunk_of_rows(source: Source) -> int:
    """Return the length of the chunk that follows, where it holds several rows, as we write them; else 0."""
    buffer, at = source.at_hand()
    start = at + HEAD_BYTES
    size = int.from_bytes(buffer[at + 1 : start], "little")
    if start > len(buffer) or buffer[at] or not 0 < size <= PIECE_BYTES:
        return 0
    line_end = buffer.find(b"\n", start, start + size)
    return size if size >= SMALL_BYTES or 0 <= line_end < start + size - 1 else 0


def _long_chunk(source: Source, lines: Lines, *, size: int) -> Iterator[Rows | Part]:
    """Return the rows of one chunk of which only a part is at hand."""
    while size > 0:
        text = source.skim(min(size, PIECE_BYTES))
        size -= len(text)
        yield from lines.feed(text)


def _chunks(raw: bytes) -> tuple[bytes, int, bool]:
    """Return the content of the whole chunks at hand, the bytes they took, and whether the block ended with them."""
    contents, at = [], 0
    while at + HEAD_BYTES <= len(raw) and raw[at] == 0:
        size = int.from_bytes(raw[at + 1 : at + HEAD_BYTES], "little")
        stop = at + HEAD_BYTES + size
        if stop > len(raw):
            break
        contents.append(raw[at + HEAD_BYTES : stop])
        at = stop
        if size == 0:
            return b"".join(contents), at, True
    return b"".join(contents), at, False


def _rows_as_chunks(raw: bytes) -> tuple[Rows | None, int]:
    """
    Return the rows of the chunks at hand, where each is exactly one row, and how many bytes they took; else nothing.

    A row has neither a zero byte nor a line end in it, so a seam can only be found between two rows or inside the four
    bytes of a length; the latter leaves a piece that is shorter than a length.
    """
    if raw[0] or not 0 < int.from_bytes(raw[1:HEAD_BYTES], "little") < SMALL_BYTES:
        return None, 0
    stop = raw.find(LAST_SEAM) + 1 or raw.rfind(SEAM) + 1
    return (_rows_between_seams(raw[1 : stop - 1]), stop) if stop else (None, 0)


def _rows_between_seams(raw: bytes) -> Rows | None:
    pieces = raw.split(SEAM)
    found = rows_of([piece[INTEGER_BYTES:] for piece in pieces])
    heads = b"".join([piece[:INTEGER_BYTES] for piece in pieces])
    if len(heads) != len(pieces) * INTEGER_BYTES or found.text.count(b"\n") != len(pieces) or b"\0" in found.text:
        return None
    if MARK_LINE.search(found.text) and MARK in found.rows:
        return None
    lengths = array("I", heads)
    if sys.byteorder == "big":
        lengths.byteswap()
    return found if sum(lengths) == len(found.text) else None
