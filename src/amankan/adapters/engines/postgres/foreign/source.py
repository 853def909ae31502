"""What kind of backup a file is, and its content as a stream."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final

from amankan.adapters.engines.postgres.archive.toc import MAGIC
from amankan.errors import SnapshotCut, SnapshotDamaged
from amankan.model.sentence import say

PIECE_BYTES: Final = 1 << 20
GZIP: Final = b"\x1f\x8b"
GZIP_BITS: Final = 31

# The first and the last thing that pg_dump writes into plain SQL.
BEGINNING: Final = b"PostgreSQL database dump"
ENDING: Final = b"-- PostgreSQL database dump complete"
ENDING_OF_ALL: Final = b"-- PostgreSQL database cluster dump complete"
TAIL_BYTES: Final = 4096


class Kind(Enum):
    """How pg_dump wrote it."""

    PLAIN = "plain"
    CUSTOM = "custom"
    FOLDER = "folder"
    TAR = "tar"
    EMPTY = "empty"


def kind_of(path: Path) -> Kind:
    """Return what a file is by its first bytes; raises SnapshotDamaged for one that pg_dump did not write."""
    if path.is_dir():
        if (path / "toc.dat").is_file():
            return Kind.FOLDER
        raise SnapshotDamaged(say("cannot use {file}: the folder holds no toc.dat", file=path.name))
    if path.stat().st_size == 0:
        return Kind.EMPTY
    start = b""
    for piece in content(path):
        start += piece
        if len(start) >= PIECE_BYTES:
            break
    if not start:
        return Kind.EMPTY
    if start.startswith(MAGIC):
        return Kind.CUSTOM
    if start.startswith(b"toc.dat\0"):
        return Kind.TAR
    if BEGINNING in start:
        return Kind.PLAIN
    raise SnapshotDamaged(say("cannot use {file}: pg_dump did not write it", file=path.name))


def content(path: Path) -> Iterator[bytes]:
    """
    Yield the content of a file, unpacked where it is packed by gzip.

    Raises:
        SnapshotDamaged: the packed stream is cut or changed; a part was yielded.
    """
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
        file.seek(0)
        pieces = iter(lambda: file.read(PIECE_BYTES), b"")
        yield from _unpacked(pieces, path.name) if packed else pieces


def whole_plain(pieces: Iterator[bytes], file: str) -> Iterator[bytes]:
    """Pass plain SQL on; raises SnapshotDamaged at its end where the last thing that pg_dump writes is not there."""
    tail = b""
    for piece in pieces:
        tail = (tail + piece)[-TAIL_BYTES:]
        yield piece
    if ENDING not in tail and ENDING_OF_ALL not in tail:
        raise SnapshotCut(say("cannot use {file}: it is cut, its last line is missing", file=file))


def without_restriction(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield plain SQL without the lines in which pg_dump opens and closes a restriction of its own."""
    left = b""
    for piece in pieces:
        *lines, left = (left + piece).split(b"\n")
        kept = [line for line in lines if not line.startswith((b"\\restrict ", b"\\unrestrict "))]
        if kept:
            yield b"\n".join(kept) + b"\n"
    if not left.startswith((b"\\restrict ", b"\\unrestrict ")):
        yield left


def _unpacked(pieces: Iterator[bytes], file: str) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=GZIP_BITS)
    try:
        left = next(pieces, b"")
        while left:
            yield unpacker.decompress(left, PIECE_BYTES)
            left = unpacker.unconsumed_tail
            if unpacker.eof and unpacker.unused_data:  # one packed stream behind another is one file for gzip too
                left, unpacker = unpacker.unused_data, zlib.decompressobj(wbits=GZIP_BITS)
            left = left or next(pieces, b"")
    except zlib.error as fault:
        raise SnapshotDamaged(say("cannot use {file}: its packed stream is damaged", file=file)) from fault
    if not unpacker.eof:
        raise SnapshotCut(say("cannot use {file}: it is cut, its packed stream does not end", file=file))
