"""Expressions are brought to the form that the server writes once it has read them, and nothing else is touched."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amankan.adapters.engines.postgres.catalogue.written import PLACES, settle, settle_answer

V = "character varying"

# As written by a server before a dump, and by the one that was filled from it.
FORMS = [
    (f"ANY ((ARRAY['a'::{V}, 'b'::{V}])::text[])", f"ANY (ARRAY[('a'::{V})::text, ('b'::{V})::text])"),
    (f"(v::text = ANY (ARRAY['a'::{V}, b]::text[]))", f"(v::text = ANY (ARRAY['a'::{V}::text, b::text]))"),
    (
        "(((ARRAY['a'::text])::character varying(3)[])::character varying(5)[])::text[]",
        "ARRAY[((('a'::text)::character varying(3))::character varying(5))::text]",
    ),
    (
        "((ARRAY['a'::text, 'b'::text])::character varying(3)[] = x)",
        "(ARRAY[('a'::text)::character varying(3), ('b'::text)::character varying(3)] = x)",
    ),
    (f"(ARRAY['a'::{V}, NULL::{V}, v])::{V}(3)[]", f"ARRAY['a'::{V}(3), NULL::{V}(3), (v)::{V}(3)]"),
    ("(ARRAY['a'::bpchar])::character(3)[]", "ARRAY['a'::character(3)]"),
    ("(ARRAY['1'::\"bit\"])::bit(3)[]", "ARRAY['1'::bit(3)]"),
    ("(ARRAY[1.5, '2'::numeric])::numeric(5,1)[]", "ARRAY[1.5::numeric(5,1), '2'::numeric(5,1)]"),
    ("(ARRAY[1, 2])::numeric(5,1)[]", "ARRAY[(1)::numeric(5,1), (2)::numeric(5,1)]"),
    ("(ARRAY['1 day'::interval])::interval day to second(2)[]", "ARRAY['1 day'::interval day to second(2)]"),
    (
        "(ARRAY['10:00'::time(0) with time zone])::time(1) without time zone[]",
        "ARRAY[('10:00'::time(0) with time zone)::time(1) without time zone]",
    ),
    ("(ARRAY[ARRAY[a, b], ARRAY[c, d]])::text[]", "ARRAY[ARRAY[(a)::text, (b)::text], ARRAY[(c)::text, (d)::text]]"),
    ("(ARRAY[ARRAY[a], b])::text[]", "ARRAY[ARRAY[(a)::text], (b)::text[]]"),
    (f"(ARRAY[('a'::{V} COLLATE \"C\")])::text[]", f"ARRAY[(('a'::{V})::text COLLATE \"C\")]"),
    ("(ARRAY[\nCASE\n    WHEN x THEN 1\nEND])::bigint[]", "ARRAY[(\nCASE\n    WHEN x THEN 1\nEND)::bigint]"),
    ('(ARRAY[f(a, b), c[1]])::s."T, ("[]', 'ARRAY[(f(a, b))::s."T, (", (c[1])::s."T, ("]'),
    ("(ARRAY['],'::x, E'\\'],'::x])::y[]", "ARRAY[('],'::x)::y, (E'\\'],'::x)::y]"),
    ("((ARRAY[a])::text[])[1]", "(ARRAY[(a)::text])[1]"),
    ("(x > (- 1))", "(x > '-1'::integer)"),
    ("(- 1.50)", "'-1.50'::numeric"),
    ("((- 0) + (- 0.0))", "(0 + 0.0)"),
    ("(ARRAY[(- 1), 2])::bigint[]", "ARRAY[('-1'::integer)::bigint, (2)::bigint]"),
]

# What looks like one of the forms and is none.
OTHERS = [
    "'(ARRAY[a])::text[]'",
    "('ARRAY[a])::text[]')",
    '"(ARRAY[a])::text[]"',
    "$f$ select (ARRAY[a])::text[], (- 1) $f$",
    "$$(ARRAY[a])::text[]$$",
    "E'\\'(ARRAY[a])::text[]'",
    "'''(ARRAY[a])::text[]'",
    "(ARRAY[a])::text",
    "(ARRAY[a])::text, b text[]",
    "(ARRAY[a] || b)::text[]",
    "(ARRAY[]::text[])::name[]",
    "ARRAY[]::text[]",
    "ARRAY[lower(a)]::text[]",
    "(MY_ARRAY[1])::text[]",
    "abs(- 1)",
    "'x'(- 1)",
    "(- 1)$$(- 1)$$",
    "f(ARRAY[a])::text[]",
    '"f"(ARRAY[a])::text[]',
    "(- a)",
    "(- '5000000000'::bigint)",
    "(2 - 1)",
    "(ARRAY[a)]::text[]",
    "(ARRAY[a])::text[] 'open",
    "))(ARRAY[a])::text[]",
]

WORDS = st.lists(
    st.sampled_from(
        (
            *("(", ")", "[", "]", "ARRAY[", "])::text[]", ", ", "::", "'", "''", '"', "$$", "$f$", "E'", "\\", "a", "v", "1"),
            *("- ", "(- 1)", "'a'::text", ' COLLATE "C"', "(ARRAY[", "character varying(3)", "\n", "é"),
        )
    ),
    max_size=30,
).map("".join)
LITERAL = st.text().map(lambda text: "'" + text.replace("'", "''") + "'")


@pytest.mark.parametrize(("before", "after"), FORMS)
def test_forms(before: str, after: str) -> None:
    """Both forms of the same have one text: that of the server that has read it as often as changes it."""
    assert after == settle(before)
    assert after == settle(after)


@pytest.mark.parametrize("text", OTHERS)
def test_others(text: str) -> None:
    """What stands in quotes, is cast otherwise or is not well formed stays as it is."""
    assert text == settle(text)


@given(WORDS)
def test_settled_once(text: str) -> None:
    """What is settled stays so, whatever it is made of."""
    assert settle(text) == settle(settle(text))


@given(st.text())
def test_anything(text: str) -> None:
    """A text without the forms is not changed."""
    if "ARRAY[" not in text and "(- " not in text:
        assert text == settle(text)


@given(st.lists(LITERAL, min_size=1), st.lists(LITERAL, min_size=1))
def test_literals_stay(one: list[str], other: list[str]) -> None:
    """Lists of any literals come through whole: two become one only where they were one."""

    def spread(found: list[str]) -> str:
        return "ARRAY[" + ", ".join(f"({each}::x)::y" for each in found) + "]"

    def whole(found: list[str]) -> str:
        return "(ARRAY[" + ", ".join(f"{each}::x" for each in found) + "])::y[]"

    assert spread(one) == settle(whole(one)) == settle(spread(one))
    assert (one == other) == (settle(whole(one)) == settle(whole(other)))


@given(st.text(), st.text(st.characters(codec="utf-8")))
def test_answers(name: str, body: str) -> None:
    """Of an answer only the places of expressions are looked at, and the rest is written as the server writes it."""
    form = f"(ARRAY['{body.replace(chr(39), chr(39) * 2)}'::x])::y[]"
    answer = json.dumps([2, name, form, None, form, [form], True], ensure_ascii=False)
    expected = json.dumps([2, name, form, None, settle(form), [form], True], ensure_ascii=False)
    assert expected == settle_answer("column", answer)
    assert answer == settle_answer("schema", answer)
    assert settle(form) == settle_answer("view", form)


def test_places() -> None:
    """An answer without a text at the place, such as that of a type without a base, is not changed."""
    assert ["domain constraint", "view"] == sorted(kind for kind, places in PLACES.items() if places == ((),))
    for answer in ('["e", "o", "(- 1)", "", null, ["a"], null, null]', '["d", "o", "", "", ["int", false, null, "-"]]'):
        assert answer == settle_answer("type", answer)
