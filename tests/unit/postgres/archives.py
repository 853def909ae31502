"""Archives in custom format written by hand, so that every byte of them is known."""

from __future__ import annotations

from amankan.adapters.engines.postgres.archive.lines import ENDING
from amankan.adapters.engines.postgres.archive.write import STOP, chunk, write_number


def text(content: bytes | None) -> bytes:
    """Return a text as the archiver writes it."""
    return write_number(-1) if content is None else write_number(len(content)) + content


def entry(number: int, kind: bytes, name: bytes, *, has_data: bool, version: tuple[int, int]) -> bytes:
    """Return one entry of a table of contents."""
    parts = [write_number(number), write_number(int(has_data)), text(b"1"), text(b"2"), text(name), text(kind)]
    parts += [write_number(3), text(b""), text(b""), text(b"COPY public." + name + b" (a) FROM stdin;\n"), text(b"public")]
    parts += [text(None), text(None)]
    parts += [write_number(114)] if version >= (1, 16) else []
    parts += [text(b"owner"), text(b"false"), text(b"7"), text(None)]
    return b"".join(parts) + bytes([1 if has_data else 3]) + bytes(8)


def contents(*entries: bytes, version: tuple[int, int] = (1, 14)) -> bytes:
    """Return header and table of contents."""
    head = b"PGDMP" + bytes([*version, 0, 4, 8, 1])
    head += bytes([0]) if version >= (1, 15) else write_number(0)
    head += b"".join(write_number(part) for part in (1, 2, 3, 4, 10, 126, 0))
    head += text(b"db") + text(b"17.12") + text(b"17.12")
    return head + write_number(len(entries)) + b"".join(entries)


def table_block(number: int, *chunks: bytes) -> bytes:
    """Return a block of these chunks with the end mark behind them."""
    return b"\1" + write_number(number) + b"".join(map(chunk, chunks)) + chunk(ENDING) + STOP


def row_chunks(*rows: bytes) -> tuple[bytes, ...]:
    """Return rows as pg_dump writes them: a chunk each."""
    return tuple(row + b"\n" for row in rows)


def small(version: tuple[int, int] = (1, 16)) -> bytes:
    """Return an archive of two tables, an index and large objects."""
    toc = contents(
        entry(1, b"TABLE DATA", b"one", has_data=True, version=version),
        entry(2, b"TABLE DATA", b"two", has_data=True, version=version),
        entry(3, b"BLOBS", b"BLOBS", has_data=True, version=version),
        entry(4, b"INDEX", b"one_idx", has_data=False, version=version),
        version=version,
    )
    objects = b"\3" + write_number(3) + write_number(77) + chunk(b"\0\1\n") + chunk(b"x" * 300) + STOP
    objects += write_number(78) + STOP + STOP
    rows = [b"%d\trow" % number for number in range(400)]
    return toc + table_block(1, *row_chunks(*rows)) + table_block(2, b"a\nb\nc\n", b"d\n") + objects
