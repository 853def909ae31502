"""An archive of pg_dump is read exactly, in whatever pieces it comes, or refused."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.postgres.archives import contents, entry, row_chunks, small, table_block

from amankan.adapters.engines.postgres.archive.blocks import read_blocks
from amankan.adapters.engines.postgres.archive.events import Part, Rows
from amankan.adapters.engines.postgres.archive.source import Source
from amankan.adapters.engines.postgres.archive.toc import read_toc
from amankan.adapters.engines.postgres.archive.write import Writer, in_pieces
from amankan.adapters.engines.postgres.rows import RowSum, Tally
from amankan.errors import Damaged, NewerFormat
from amankan.model.fingerprint import TablePrint

ONE = contents(entry(1, b"TABLE DATA", b"one", has_data=True, version=(1, 14)))
ROWS = st.lists(st.binary(max_size=3000).map(lambda raw: raw.replace(b"\n", b"").replace(b"\0", b"").replace(b"\\", b"")))


def cut(archive: bytes, size: int) -> Iterator[bytes]:
    """Return an archive in pieces of one size."""
    return (archive[at : at + size] for at in range(0, len(archive), size))


def prints(archive: bytes, size: int = 1 << 20) -> tuple[TablePrint, ...]:
    """Return what an archive holds, read in pieces of one size."""
    source, tally = Source(cut(archive, size)), Tally()
    for event in read_blocks(source, read_toc(source)):
        tally.count(event)
    return tally.prints()


def rewritten(archive: bytes) -> bytes:
    """Return the archive as we write what we read of it."""
    source, writer = Source(cut(archive, 1000)), Writer()
    toc = read_toc(source)
    return toc.raw + b"".join(piece for event in read_blocks(source, toc) for piece in writer.write(event))


def expected(rows: list[bytes]) -> tuple[TablePrint, ...]:
    """Return the print of one table with these rows."""
    total = RowSum()
    total.add(rows)
    return (total.table_print("public.one"),)


@pytest.mark.parametrize("version", [(1, 14), (1, 15), (1, 16)])
def test_contents(version: tuple[int, int]) -> None:
    """The contents of every version are read, and they are the bytes that were there."""
    archive = small(version)
    toc = read_toc(Source(cut(archive, 10)))
    assert archive.startswith(toc.raw)
    assert [1, 2, 3] == list(toc.with_data())
    assert ("db", "17.12") == (toc.database.decode(), toc.server_version)
    assert b"COPY public.one (a) FROM stdin;\n" == toc.entries[0].copy


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 1000, 1 << 20])
def test_pieces(size: int) -> None:
    """What an archive holds does not depend on the pieces it comes in."""
    assert prints(small()) == prints(small(), size)
    assert [("pg_catalog.pg_largeobject", 2), ("public.one", 400), ("public.two", 4)] == [
        (table.table, table.rows) for table in prints(small())
    ]


def test_rewritten() -> None:
    """An archive that we wrote again holds the same."""
    assert prints(small()) == prints(rewritten(small()))


@pytest.mark.parametrize("percent", range(100))
def test_cut_at_every_percent(percent: int) -> None:
    """An archive that is cut anywhere is found out."""
    archive = small()
    with pytest.raises(Damaged):
        prints(archive[: len(archive) * percent // 100])


def test_cut_at_every_byte() -> None:
    """Not one place is left where a cut goes unseen, at the end of a block least of all."""
    archive = small()
    for size in range(len(archive)):
        with pytest.raises(Damaged):
            prints(archive[:size])


def test_line_ends_changed() -> None:
    """An archive that went through a terminal is found out."""
    with pytest.raises(Damaged):
        prints(small().replace(b"\n", b"\r\n"))


def test_end_mark_missing() -> None:
    """A block without its end mark is found out, though its chunks end."""
    block = table_block(1, b"a\n").replace(b"\\.\n\n\n", b"xyzzy")
    with pytest.raises(Damaged, match="without their end mark"):
        prints(ONE + block)


def test_rows_behind_end_mark() -> None:
    """Rows behind the end mark, which no server would read, are found out."""
    with pytest.raises(Damaged, match="behind the end"):
        prints(ONE + table_block(1, b"a\n", b"\\.\n", b"b\n"))


@pytest.mark.parametrize("twice", [b"", table_block(1, b"a\n")])
def test_foreign_blocks(twice: bytes) -> None:
    """A block that is there twice, or of an unknown entry, is found out."""
    with pytest.raises(Damaged, match="unknown block"):
        prints(ONE + table_block(1, b"a\n") + (twice or table_block(9, b"a\n")))


def test_newer_format() -> None:
    """A later format is refused as such, and not taken for damage."""
    with pytest.raises(NewerFormat):
        prints(contents(version=(1, 17)))


@pytest.mark.parametrize("archive", [b"", b"PGDMP", b"--\n-- PostgreSQL database dump\n", b"\x1f\x8b" + bytes(100)])
def test_no_archive(archive: bytes) -> None:
    """What is no archive is refused."""
    with pytest.raises(Damaged):
        prints(archive)


@given(rows=ROWS, size=st.integers(1, 5000))
def test_rows_as_chunks(rows: list[bytes], size: int) -> None:
    """Rows that are a chunk each are found whatever their lengths are, also those whose length looks like a line end."""
    assert (expected(rows) if rows else expected([])) == prints(ONE + table_block(1, *row_chunks(*rows)), size)


@given(rows=ROWS, places=st.lists(st.integers(0, 5000)), size=st.integers(1, 5000))
def test_chunks_anywhere(rows: list[bytes], places: list[int], size: int) -> None:
    """Rows are found whatever chunks their text was cut into."""
    whole = b"".join(row_chunks(*rows))
    bounds = [0, *sorted(place for place in places if place < len(whole)), len(whole)]
    chunks = [whole[start:stop] for start, stop in itertools.pairwise(bounds)]
    assert expected(rows) == prints(ONE + table_block(1, *chunks), size)


@pytest.mark.parametrize("length", [9, 10, 11, 265, 266, 2559, 2560, 2661, 2815, 2816, 65535, 65536, 680_960])
def test_lengths_like_line_ends(length: int) -> None:
    """A length in which a line end stands does not make two rows of one."""
    rows = [b"x" * (length - 1)] * 7
    assert expected(rows) == prints(ONE + table_block(1, *row_chunks(*rows)))


def test_order_means_nothing() -> None:
    """The same rows in another order have the same digest; one row more, less or changed has not."""
    rows = [b"%d" % number for number in range(1000)]
    shuffled = random.Random(1).sample(rows, len(rows))
    assert expected(rows) == expected(shuffled)
    assert 4 == len({expected(rows), expected(rows[1:]), expected([*rows, b"1"]), expected([b"x", *rows[1:]])})


def test_equal_rows_count_each() -> None:
    """Two equal rows more are seen, so that rows cannot cancel each other."""
    assert expected([b"a", b"a", b"a"]) != expected([b"a"])


def test_long_row_in_parts() -> None:
    """A row that is too long to be kept is given in parts, and has the digest of the whole row."""
    row = b"y" * 5_000_000
    archive = ONE + table_block(1, *row_chunks(b"a", row, b"b"))
    source = Source(cut(archive, 1 << 16))
    events = list(read_blocks(source, read_toc(source)))
    assert max(len(event.content) for event in events if isinstance(event, Part)) <= 2 << 20
    assert [b"a", b"b"] == [each for event in events if isinstance(event, Rows) for each in event.rows]
    assert expected([b"a", row, b"b"]) == prints(archive)


@given(st.lists(st.binary(max_size=50)), st.integers(1, 20))
def test_in_pieces(written: list[bytes], size: int) -> None:
    """Pieces are never larger than asked for and nothing is lost between them."""
    pieces = list(in_pieces(written, piece_bytes=size))
    assert b"".join(written) == b"".join(pieces)
    assert all(0 < len(piece) <= size for piece in pieces)
