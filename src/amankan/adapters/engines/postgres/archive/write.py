"""Data blocks of an archive, written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from amankan.adapters.engines.postgres.archive.blocks import LARGE_OBJECTS_BLOCK, TABLE_BLOCK
from amankan.adapters.engines.postgres.archive.events import Begin, Content, End, Event, LargeObject, Part, Rows
from amankan.adapters.engines.postgres.archive.lines import ENDING
from amankan.adapters.engines.postgres.archive.toc import INTEGER_BYTES, LARGE_OBJECTS, Entry

# The end of a block's chunks, and the end of its large objects.
STOP: Final = bytes(1 + INTEGER_BYTES)

# What is smaller is joined with what comes next: to hand on a piece costs as much as to copy this.
SMALL_BYTES: Final = 1 << 16


def write_number(value: int) -> bytes:
    """Return a number as the archiver writes it."""
    return bytes([value < 0]) + abs(value).to_bytes(INTEGER_BYTES, "little")


def chunk(content: bytes) -> bytes:
    """Return a chunk of a block; empty for no content, because an empty chunk would end the block."""
    return write_number(len(content)) + content if content else b""


class Writer:
    """Turns events into the bytes of blocks; rows stay as they are, so that they are copied no more than once."""

    def __init__(self) -> None:
        """No block has begun."""
        self._in_object = False

    def write(self, event: Event) -> tuple[bytes, ...]:
        """Return the bytes of one event."""
        if isinstance(event, Rows):
            return (write_number(len(event.text)), event.text) if event.text else ()
        return (self._plain(event),)

    def _plain(self, event: Begin | Part | LargeObject | Content | End) -> bytes:
        match event:
            case Begin(entry=entry):
                self._in_object = False
                kind = LARGE_OBJECTS_BLOCK if entry.kind == LARGE_OBJECTS else TABLE_BLOCK
                return bytes([kind]) + write_number(entry.number)
            case Part(content=content, last=last):
                return chunk(content + b"\n" if last else content)
            case LargeObject(oid=oid):
                # PostgreSQL reads an unsigned number back from the signed one.
                opening = write_number(oid if oid < 1 << 31 else oid - (1 << 32))
                before = STOP if self._in_object else b""
                self._in_object = True
                return before + opening
            case Content(content=content):
                return chunk(content)
            case End(entry=entry):
                return self._ending(entry)

    def _ending(self, entry: Entry) -> bytes:
        if entry.kind != LARGE_OBJECTS:
            return chunk(ENDING) + STOP
        return STOP + STOP if self._in_object else STOP


def in_pieces(written: Iterable[bytes], *, piece_bytes: int) -> Iterator[bytes]:
    """Return the same bytes in pieces of at most `piece_bytes`, small ones joined; what is large is handed on as it is."""
    gathered: list[bytes] = []
    size, small = 0, min(SMALL_BYTES, piece_bytes)
    for content in written:
        if size > 0 and (size >= small or len(content) >= small or size + len(content) > piece_bytes):
            yield b"".join(gathered)
            gathered, size = [], 0
        if len(content) < small:
            gathered.append(content)
            size += len(content)
        elif len(content) <= piece_bytes:
            yield content
        else:
            yield from (content[at : at + piece_bytes] for at in range(0, len(content), piece_bytes))
    if size > 0:
        yield b"".join(gathered)
