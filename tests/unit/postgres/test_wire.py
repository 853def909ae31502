"""Rows are found in what a server sends, whatever stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amankan.adapters.engines.postgres.archive.events import Part, Rows
from amankan.adapters.engines.postgres.archive.source import Source
from amankan.adapters.engines.postgres.wire import copied_rows
from amankan.errors import Damaged, EngineFailed

ROWS = st.lists(st.binary(max_size=3000).map(lambda raw: raw.replace(b"\n", b"").replace(b"\0", b"")))


def message(kind: bytes, content: bytes = b"") -> bytes:
    """Return one message of the protocol."""
    return kind + (len(content) + 4).to_bytes(4, "big") + content


READY = message(b"Z", b"T")
HEAD = message(b"H", b"\0\0\1\0\0")
TAIL = message(b"c") + message(b"C", b"COPY 3\0") + READY


def answer(rows: list[bytes]) -> bytes:
    """Return a whole answer."""
    return HEAD + b"".join(message(b"d", row + b"\n") for row in rows) + TAIL


def read(raw: bytes, size: int = 1 << 20) -> list[bytes]:
    """Return the rows of the first answer."""
    source = Source(raw[at : at + size] for at in range(0, len(raw), size))
    found: list[bytes] = []
    long = b""
    for event in copied_rows(source):
        if isinstance(event, Rows):
            found += event.rows
        elif isinstance(event, Part):
            long += event.content
            found += [long] if event.last else []
            long = b"" if event.last else long
    return found


@given(rows=ROWS, size=st.integers(1, 9000))
def test_rows(rows: list[bytes], size: int) -> None:
    """All rows are found in whatever pieces they come, and an answer that follows is not touched."""
    assert rows == read(answer(rows) + answer([b"of the next"]), size)


@pytest.mark.parametrize("length", [1, 5, 6, 2655, 65_530, 65_531, 65_532, 680_955, 680_956, 1 << 20, 5_000_000])
def test_lengths(length: int) -> None:
    """A row of any length is found between small ones, also one whose length looks like the seam between two rows."""
    rows = [b"a", b"dd", b"x" * length, b"", b"d", b"x" * length, b"b"] * 3
    assert rows == read(answer(rows))


def test_words_between_rows() -> None:
    """A notice or a changed setting between two rows is passed over."""
    rows = [b"%d" % number for number in range(1000)]
    between = message(b"N", b"SNOTICE\0Mhello\0\0") + message(b"S", b"TimeZone\0UTC\0")
    raw = HEAD + b"".join(message(b"d", row + b"\n") + (between if row.endswith(b"7") else b"") for row in rows)
    assert rows == read(raw + TAIL)


def test_refusal() -> None:
    """What the server refuses is said in its own words, after the rows that came before."""
    raw = HEAD + message(b"d", b"a\n") + message(b"E", b"SERROR\0C57P01\0Mterminated by an administrator\0\0") + READY
    with pytest.raises(EngineFailed, match="terminated by an administrator"):
        read(raw)


def test_lost_connection() -> None:
    """An answer that ends anywhere before the server is ready again is no answer."""
    raw = answer([b"one", b"two"])
    for size in range(len(raw)):
        with pytest.raises(Damaged):
            read(raw[:size])
