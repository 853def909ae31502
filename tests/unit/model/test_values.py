"""Secrets, sentences, quantities, fingerprints, claims and budgets as values."""

from __future__ import annotations

import json
import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from amankan.journal.lock import locked
from amankan.model.app import Limits
from amankan.model.claim import Claim
from amankan.model.fingerprint import Difference, Fingerprint, TablePrint, compare, lost_rows
from amankan.model.release import Image, Release
from amankan.model.secret import MASK, Secret
from amankan.model.sentence import say, visible
from amankan.model.units import duration_text, size_text
from amankan.model.verdict import Finding, Level, Verdict

TEXT = "hunter2"


@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, "{!r:>20}".format, "{!a}".format, lambda it: f"{it:s}", lambda it: f"{[it]}"]
)
def test_a_secret_is_never_shown(show: object) -> None:
    """However a secret is turned into text, the text is a mask."""
    assert callable(show)
    shown = show(Secret(TEXT))
    assert TEXT not in shown
    assert MASK in shown or ascii(MASK).strip("'") in shown


@pytest.mark.parametrize("leave", [json.dumps, msgspec.json.encode, pickle.dumps, hash, vars, lambda it: it.__dict__])
def test_a_secret_goes_nowhere(leave: object) -> None:
    """A secret cannot be put into JSON, pickled, hashed or taken apart by accident."""
    assert callable(leave)
    with pytest.raises((TypeError, AttributeError)) as refused:
        leave(Secret(TEXT))
    assert TEXT not in str(refused.value)


def test_a_secret_is_opened_on_purpose() -> None:
    """Revealing gives the text back, and secrets are equal when their texts are."""
    assert TEXT == Secret(TEXT).reveal()
    assert Secret(TEXT) == Secret(TEXT)
    for other in (Secret(""), Secret("hunter3"), Secret("hunter22"), TEXT):
        assert Secret(TEXT) != other


def test_a_sentence_keeps_its_facts_apart() -> None:
    """A sentence is finished in any language, and facts are never read as templates."""
    sentence = say("cannot migrate {app}: {reason}", app="erp", reason="{app} {0.__class__}")
    assert "cannot migrate erp: {app} {0.__class__}" == str(sentence)
    assert "erp gagal: {app} {0.__class__}" == sentence.render(lambda _: "{app} gagal: {reason}")
    assert (("app", "erp"), ("reason", "{app} {0.__class__}")) == sentence.facts


def test_a_number_may_have_a_form() -> None:
    """Numbers are formatted as the template says, truths and texts as they are."""
    assert "7 of 12.5 True x" == str(say("{a:.0f} of {b} {c} {d}", a=6.6, b=12.5, c=True, d="x"))


@given(text=some.text())
def test_no_fact_can_draw(text: str) -> None:
    """Whatever a fact holds, its sentence is one printable line."""
    assert str(say("cannot {x}", x=text)).isprintable()
    assert visible(text).isprintable()


@pytest.mark.parametrize(
    ("harmful", "shown"),
    [("\x1b[2J", r"\x1b[2J"), ("a\nb", r"a\nb"), ("\u202etxt", r"\u202etxt"), ("köszön ñ 你", "köszön ñ 你")],
)
def test_harmful_characters_are_escaped(harmful: str, shown: str) -> None:
    """Control and direction-changing characters are written as escapes, letters of all people stay."""
    assert shown == visible(harmful)


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_400, "99.4 kB"),
        (99_500, "100 kB"),
        (999_600, "1.0 MB"),
        (1_234_000_000, "1.2 GB"),
        (5 * 10**12, "5.0 TB"),
        (10**19, "10000 PB"),
    ],
)
def test_sizes_are_told_in_decimal_units(size_bytes: int, text: str) -> None:
    """A size has at most one digit behind the point and goes up to petabytes."""
    assert text == size_text(size_bytes)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.084, "0.08 s"),
        (1, "1.0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations_are_told_as_people_do(seconds: float, text: str) -> None:
    """A duration is rounded once, and never shows sixty of anything."""
    assert text == duration_text(seconds)


def held(schema: str = "s", /, **tables: tuple[int, str]) -> Fingerprint:
    """Return a fingerprint of these tables."""
    prints = (TablePrint(table=name, rows=rows, digest=digest) for name, (rows, digest) in sorted(tables.items()))
    return Fingerprint(tables=tuple(prints), schema=schema)


def test_equal_fingerprints_do_not_differ() -> None:
    """What holds the same has no difference, and nothing is lost."""
    one = held(orders=(3, "d"), empty=(0, "e"))
    assert ((), {}, 3) == (compare(one, held(orders=(3, "d"), empty=(0, "e"))), lost_rows(one, one), one.rows)


def test_every_difference_is_found() -> None:
    """Schema, missing, added, rows and content are each told once, tables by name."""
    before = held("s", a=(1, "x"), b=(2, "y"), c=(3, "z"), same=(1, "s"))
    after = held("t", b=(1, "w"), c=(3, "zz"), d=(4, "v"), same=(1, "s"))
    told = [("", "schema", "s", "t"), ("a", "missing", "1", ""), ("b", "rows", "2", "1"), ("c", "content", "z", "zz")]
    told.append(("d", "added", "", "4"))
    expected = [Difference(table=table, what=what, before=old, after=new) for table, what, old, new in told]
    assert expected == list(compare(before, after))
    assert {"a": 1, "b": 1} == lost_rows(before, after)


@given(
    some.dictionaries(some.text(max_size=5), some.integers(0, 9)), some.dictionaries(some.text(max_size=5), some.integers(0, 9))
)
def test_comparing_is_fair(one: dict[str, int], other: dict[str, int]) -> None:
    """Two fingerprints differ from one another in as many places as the other way round, and not at all only where equal."""
    first, second = (held("s", **{name: (rows, str(rows)) for name, rows in tables.items()}) for tables in (one, other))
    assert len(compare(first, second)) == len(compare(second, first))
    assert (first == second) == (not compare(first, second))
    assert all(rows > 0 for rows in lost_rows(first, second).values())


def test_a_budget_is_by_table() -> None:
    """A table without a budget of its own has that of all, and without any it may lose nothing."""
    limits = Limits(lost_rows=(("sessions", 1000), ("*", 2)))
    assert (1000, 2, 0, 0) == (
        *(limits.budget("sessions"), limits.budget("orders")),
        *(Limits().budget("orders"), Limits(lost_rows=()).budget("orders")),
    )


def test_a_claim_supersedes_its_own_run_only() -> None:
    """A claim takes the place of an older or equal one of its run, never of another's."""
    claim = Claim(run="a", epoch=2)
    assert [True, True, False, False] == [
        claim.supersedes(Claim(run=run, epoch=epoch)) for run, epoch in (("a", 1), ("a", 2), ("a", 3), ("b", 1))
    ]


def test_a_release_is_its_digests() -> None:
    """Two releases run the same images when services and digests agree, whatever they are called."""
    one = Release(label="1", images=(Image(service="app", reference="shop:1", digest="sha256:a"),))
    same = Release(label="2", images=(Image(service="app", reference="shop:latest", digest="sha256:a"),))
    other = Release(label="1", images=(Image(service="app", reference="shop:1", digest="sha256:b"),))
    assert (True, False) == (one.runs_the_images_of(same), one.runs_the_images_of(other))


@pytest.mark.parametrize(
    ("levels", "verdict"),
    [((), "stop"), (("pass",), "pass"), (("pass", "warn"), "warn"), (("warn", "stop", "pass"), "stop")],
)
def test_a_verdict_is_its_heaviest_finding(levels: tuple[str, ...], verdict: str) -> None:
    """The heaviest finding decides, and where nothing was looked at the answer is no."""
    findings = tuple(Finding(level=Level(level), code="http", sentence=say("x")) for level in levels)
    assert Level(verdict) is Verdict(findings=findings).level


@pytest.mark.parametrize("note", ["", "{", "null", '{"who": 1}', "\ufffd"])
def test_a_note_that_cannot_be_read_still_locks(note: str) -> None:
    """A lock whose note is missing or broken is told as held by somebody unknown."""
    assert "another process" in str(locked(note))
