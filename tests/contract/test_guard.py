"""The promise of `ports.guard`, kept by every guard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, OTHER_RUN, RUN, GuardCase
from tests.contract.makers import GUARDS, real_only

from amankan.adapters.guards.none import NoGuard
from amankan.errors import EngineFailed

MINUTES = 5
WHY = "a migration"


@pytest.fixture(params=[pytest.param(name, marks=real_only(name)) for name in GUARDS])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GuardCase]:
    """Yield a guarded database and its copy, with a guard of one kind."""
    with GUARDS[request.param](tmp_path) as made:
        yield made


def test_nothing_passes_without_leave(case: GuardCase) -> None:
    """In the database and in its copy a migration that destroys is refused; the copy is not settled."""
    assert (False, False) == (case.destroys(case.database), case.destroys(case.copy))
    assert case.guard.settled(case.database, run=RUN)
    assert not case.guard.settled(case.copy, run=RUN)


def test_a_permit_holds_until_it_is_settled(case: GuardCase) -> None:
    """Permitted, the migration passes in that database alone; settled, it does not; both may be repeated."""
    for _ in range(2):
        for _ in range(2):
            case.guard.permit(case.copy, why=WHY, minutes=MINUTES, claim=CLAIM)
        assert (True, False) == (case.destroys(case.copy), case.destroys(case.database))
        assert not case.guard.settled(case.copy, run=RUN)
        for _ in range(2):
            case.guard.settle(case.copy, claim=CLAIM)
        assert (False, False) == (case.destroys(case.copy), case.destroys(case.database))
        assert case.guard.settled(case.copy, run=RUN)


def test_a_copy_is_at_home_when_it_is_settled(case: GuardCase) -> None:
    """A copy in which nothing was permitted is at home after it was settled, for every run."""
    case.guard.settle(case.copy, claim=CLAIM)
    assert [True, True] == [case.guard.settled(case.copy, run=run) for run in (RUN, OTHER_RUN)]


def test_a_copy_follows_its_origin(case: GuardCase) -> None:
    """A copy that follows what it was made from is at home, for every run, and lets nothing pass; may be repeated."""
    for _ in range(2):
        case.guard.follow(case.copy, source=case.database, claim=CLAIM)
        assert [True, True] == [case.guard.settled(case.copy, run=run) for run in (RUN, OTHER_RUN)]
    assert (False, False) == (case.destroys(case.database), case.destroys(case.copy))


def test_a_permit_can_be_long(case: GuardCase) -> None:
    """A migration that may take longer than any permit is permitted for as long as one can hold."""
    case.guard.permit(case.database, why=WHY, minutes=10_000, claim=CLAIM)
    assert case.destroys(case.database)
    case.guard.settle(case.database, claim=CLAIM)
    assert not case.destroys(case.database)


def test_what_is_not_there_fails(case: GuardCase) -> None:
    """A database that is not there can be neither permitted nor settled nor asked about."""
    with pytest.raises(EngineFailed):
        case.guard.permit("nowhere", why=WHY, minutes=MINUTES, claim=CLAIM)
    with pytest.raises(EngineFailed):
        case.guard.settle("nowhere", claim=CLAIM)
    with pytest.raises(EngineFailed):
        case.guard.follow("nowhere", source=case.database, claim=CLAIM)
    with pytest.raises(EngineFailed):
        case.guard.follow(case.copy, source="nowhere", claim=CLAIM)
    with pytest.raises(EngineFailed):
        case.guard.settled("nowhere", run=RUN)


def test_no_guard_is_always_settled() -> None:
    """Where there is no guard nothing stands in the way and nothing is left behind."""
    guard = NoGuard()
    guard.permit("shop", why=WHY, minutes=MINUTES, claim=CLAIM)
    guard.settle("shop", claim=CLAIM)
    guard.follow("shop", source="shop", claim=CLAIM)
    assert guard.settled("shop", run=RUN)
