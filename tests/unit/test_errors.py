"""Every error as a tree: drawn as it is, each with a code of its own and a status that the contract names."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from amankan import errors
from amankan.errors import AmankanError, Damaged, EffectFailed, Interrupted, Locked, RolledBack, Stopped, WrongTarget
from amankan.model.sentence import say

STATUSES = {1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 130}
ENTRY = re.compile(r"^    (?P<lines>[│ ├└─]*)(?P<name>[A-Z]\w+)(?: +(?P<status>\d+))?")


def classes(root: type[AmankanError] = AmankanError) -> Iterator[type[AmankanError]]:
    """Yield a class and all below it, as they stand in the file."""
    yield root
    for below in root.__subclasses__():
        yield from classes(below)


def depth(kind: type[AmankanError]) -> int:
    """Return how many classes of the tree stand above one."""
    return [base.__name__ for base in kind.__mro__].index("AmankanError")


def drawn() -> list[tuple[int, str, str | None]]:
    """Return depth, name and status of each entry of the drawing."""
    found = (ENTRY.match(line) for line in (errors.__doc__ or "").splitlines())
    return [(len(each["lines"]) // 4, each["name"], each["status"]) for each in found if each]


ALL = sorted(classes(), key=lambda kind: kind.__name__)


def test_the_drawing_is_the_tree() -> None:
    """The tree at the top of the file shows every class at its depth, in the order of the file, and no other."""
    assert [(depth(kind), kind.__name__) for kind in classes()] == [(level, name) for level, name, _ in drawn()]


def test_the_drawing_tells_the_statuses() -> None:
    """Where the drawing names a status, it is the class's."""
    told = {name: int(status) for _, name, status in drawn() if status and name != "AmankanError"}
    assert told == {kind.__name__: kind.status for kind in ALL if kind.__name__ in told}
    assert {kind.__name__ for kind in ALL if not issubclass(kind, EffectFailed)} - {"AmankanError"} <= told.keys()


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_status_is_one_of_the_contract(kind: type[AmankanError]) -> None:
    """Every status is one that the contract with the outside names."""
    assert kind.status in STATUSES


def test_every_status_of_a_failure_has_a_class() -> None:
    """There is no status in the contract that no error has."""
    assert STATUSES == {kind.status for kind in ALL}


def test_codes_are_unique() -> None:
    """Every class has a code of its own, in lower case with dashes, and defines it itself."""
    codes = [kind.code for kind in ALL]
    assert len(codes) == len(set(codes))
    assert [] == [code for code in codes if not re.fullmatch(r"[a-z]+(-[a-z]+)*", code)]
    assert [] == [kind for kind in ALL if "code" not in vars(kind)]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_error_is_three_sentences(kind: type[AmankanError]) -> None:
    """What could not be done, what production looks like and what to type next are there for every class."""
    error = kind(say("cannot {x}", x="go on"))
    assert "cannot go on" == str(error)
    assert str(error.production)
    assert str(error.next)
    told = kind(say("cannot"), production=say("up"), next=say("aman show"))
    assert ("up", "aman show") == (str(told.production), str(told.next))


def test_what_must_not_be_mixed_up() -> None:
    """Endings, refusals and damage are told apart by their statuses, and promise what is true."""
    assert [3, 5, 6, 11, 13, 130] == [kind.status for kind in (WrongTarget, RolledBack, Stopped, Locked, Damaged, Interrupted)]
    assert ["exactly as before"] * 2 == [str(kind.production_by_rule) for kind in (RolledBack, Interrupted)]
    assert "aman recover" == str(Stopped.next_by_rule)
