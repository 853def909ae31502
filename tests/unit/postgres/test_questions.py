"""Tables are cut into ranges that leave no row out and read none twice."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amankan.adapters.engines.postgres.archive.toc import Entry
from amankan.adapters.engines.postgres.direct import Extent, questions
from amankan.adapters.engines.postgres.statement import columns_of, copy_statement, target_of, understood


def entry(copy: bytes) -> Entry:
    """Return the entry of a table with this statement."""
    return Entry(number=1, kind="TABLE DATA", namespace=b"s", tag=b"t", definition=b"", copy=copy, has_data=True)


@given(pages=st.integers(0, 20_000), page_bytes=st.integers(1, 1 << 26))
def test_ranges_cover_everything(pages: int, page_bytes: int) -> None:
    """The ranges follow each other without gap from page 0, and the last is open, for what was added since."""
    asked = questions(entry(b"COPY s.t (a) FROM stdin;\n"), Extent(pages=pages, size_bytes=pages * page_bytes), divided=True)
    bounds = [[int(page) for page in re.findall(rb"\((\d+),0\)", question.statement)] for question in asked]
    if len(asked) > 1:
        assert 0 == bounds[0][0]
        assert all(before[1] == after[0] for before, after in itertools.pairwise(bounds))
        assert 1 == len(bounds[-1])
    assert [True] + [False] * (len(asked) - 1) == [question.first for question in asked]
    assert [False] * (len(asked) - 1) + [True] == [question.last for question in asked]


@pytest.mark.parametrize(
    ("columns", "condition", "statement"),
    [
        (b"(a, b) ", b"", b'copy "s"."t" (a, b) to stdout'),
        (b"", b"", b'copy (select  from only "s"."t") to stdout'),
        (b'("f)", g) ', b"", b'copy "s"."t" ("f)", g) to stdout'),
        (b'("; drop table t; --") ', b"", b'copy "s"."t" ("; drop table t; --") to stdout'),
        (b"(a) ", b"where a > 1", b'copy (select a from "s"."t" where a > 1) to stdout'),
    ],
)
@pytest.mark.parametrize("target", [b"s.t", b'above."the root"'])
def test_rows_are_the_entry_s_own(target: bytes, columns: bytes, condition: bytes, statement: bytes) -> None:
    """The columns stand in a question as pg_dump quoted them; the table is the entry's, wherever its rows are loaded."""
    extent = Extent(pages=9000, size_bytes=1 << 30, condition=condition)
    asked = questions(entry(b"COPY " + target + b" " + columns + b" FROM stdin;\n"), extent, divided=False)
    assert [statement] == [each.statement for each in asked]


@pytest.mark.parametrize(
    ("copy", "target", "columns"),
    [
        (b"COPY public.t (a, b) FROM stdin;\n", (b"public", b"t"), b"(a, b)"),
        (b"COPY public.t  FROM stdin;\n", (b"public", b"t"), b""),
        (b'COPY "a.b"."c""d (e)" ("f)", g) FROM stdin;\n', (b"a.b", b'c"d (e)'), b'("f)", g)'),
        (b'COPY "x\ny".t ("; drop table t; --") FROM stdin;\n', (b"x\ny", b"t"), b'("; drop table t; --")'),
    ],
)
def test_statements_are_taken_apart(copy: bytes, target: tuple[bytes, bytes], columns: bytes) -> None:
    """Names lose their quotes and nothing else; what is put together again says the same."""
    assert (target, columns) == (target_of(entry(copy)), columns_of(entry(copy)))
    again = entry(copy_statement(target, columns))
    assert understood(again)
    assert (target, columns) == (target_of(again), columns_of(again))


@pytest.mark.parametrize(
    "copy", [b"", b"COPY t (a) FROM stdin;\n", b"COPY s.t (a) FROM stdin;\nDROP TABLE s.t;\n", b"SELECT 1;"]
)
def test_strange_statements(copy: bytes) -> None:
    """A statement of another form is not taken apart: such an archive is left to pg_dump."""
    assert not understood(entry(copy))
