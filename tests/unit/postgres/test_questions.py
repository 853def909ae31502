"""Tables are cut into ranges that leave no row out and read none twice."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amankan.adapters.engines.postgres.archive.toc import Entry
from amankan.adapters.engines.postgres.direct import COPY, Extent, questions


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
    ("copy", "statement"),
    [
        (b"COPY public.t (a, b) FROM stdin;\n", b"copy public.t (a, b) to stdout"),
        (b"COPY public.t  FROM stdin;\n", b"copy (select  from only public.t) to stdout"),
        (b'COPY "a.b"."c""d (e)" ("f)", g) FROM stdin;\n', b'copy "a.b"."c""d (e)" ("f)", g) to stdout'),
        (
            b'COPY "x\ny".t ("; drop table t; --") FROM stdin;\n',
            b'copy "x\ny".t ("; drop table t; --") to stdout',
        ),
    ],
)
def test_names_stay_whole(copy: bytes, statement: bytes) -> None:
    """Names stand in a question exactly as pg_dump quoted them."""
    assert [statement] == [
        each.statement for each in questions(entry(copy), Extent(pages=9000, size_bytes=1 << 30), divided=False)
    ]


@pytest.mark.parametrize(
    "copy", [b"", b"COPY t (a) FROM stdin;\n", b"COPY s.t (a) FROM stdin;\nDROP TABLE s.t;\n", b"SELECT 1;"]
)
def test_strange_statements(copy: bytes) -> None:
    """A statement of another form is not taken apart: such an archive is left to pg_dump."""
    assert None is COPY.fullmatch(copy)
