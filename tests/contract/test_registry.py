"""The promise of `ports.registry`, kept by every place of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, OTHER_RUN, RUN, RegistryCase
from tests.contract.makers import REGISTRIES

from amankan.errors import RegistryFailed

OTHER = replace(CLAIM, run=OTHER_RUN)
LIMIT_SECONDS = 60.0


@pytest.fixture(params=REGISTRIES, ids=str)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RegistryCase]:
    """Yield a registry of one kind."""
    with REGISTRIES[request.param](tmp_path) as made:
        yield made


def test_what_was_pulled_is_here(case: RegistryCase) -> None:
    """A release is on this machine after it was pulled, and pulling may be repeated."""
    registry = case.registry
    assert (True, False) == (registry.present(case.before), registry.present(case.after))
    for _ in range(2):
        registry.pull(case.after, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        assert (True, True) == (registry.present(case.before), registry.present(case.after))


def test_what_is_nowhere_cannot_be_pulled(case: RegistryCase) -> None:
    """A release that the registry does not have is told, and is not here afterwards."""
    with pytest.raises(RegistryFailed):
        case.registry.pull(case.missing, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert not case.registry.present(case.missing)


def test_images_are_kept_by_run(case: RegistryCase) -> None:
    """Keeping and letting go may each be repeated, and what other runs keep stays."""
    registry = case.registry
    assert not registry.kept(case.before, run=RUN)
    for claim in (CLAIM, CLAIM, OTHER):
        registry.keep(case.before, claim=claim)
    assert (True, True) == (registry.kept(case.before, run=RUN), registry.kept(case.before, run=OTHER_RUN))
    for _ in range(2):
        registry.unkeep(CLAIM)
        assert (False, True) == (registry.kept(case.before, run=RUN), registry.kept(case.before, run=OTHER_RUN))
    assert registry.present(case.before)
