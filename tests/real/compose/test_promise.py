"""The promise of `ports.runtime`, kept by a real Compose project."""

from __future__ import annotations

import pytest
from tests.contract.cases import RuntimeCase
from tests.contract.test_runtime import (
    test_a_placed_release_does_not_run,
    test_an_opened_release_is_as_before,
    test_nothing_runs_after_a_halt,
    test_settling_may_be_repeated,
    test_the_inventory_is_the_app,
    test_what_starts_in_the_dark_leaves_the_app_alone,
)
from tests.real.compose.place import CLONE, Shop

__all__ = [
    "test_a_placed_release_does_not_run",
    "test_an_opened_release_is_as_before",
    "test_nothing_runs_after_a_halt",
    "test_settling_may_be_repeated",
    "test_the_inventory_is_the_app",
    "test_what_starts_in_the_dark_leaves_the_app_alone",
]

pytestmark = pytest.mark.real


@pytest.fixture
def case(ocn: Shop) -> RuntimeCase:
    """Return OCN at work in its first release, with the second at hand."""
    ocn.clone()
    return RuntimeCase(runtime=ocn.runtime, before=ocn.release("v1"), after=ocn.release("v2"), database=CLONE)
