"""The promise of `ports.runtime`, kept for a process of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, RuntimeCase
from tests.contract.test_runtime import (
    test_a_placed_release_does_not_run,
    test_an_opened_release_is_as_before,
    test_nothing_runs_after_a_halt,
    test_settling_may_be_repeated,
    test_the_inventory_is_the_app,
    test_what_starts_in_the_dark_leaves_the_app_alone,
)
from tests.real.process.place import make_release, make_runtime

from amankan.model.runtime import ServiceState

pytestmark = pytest.mark.real

__all__ = [
    "test_a_placed_release_does_not_run",
    "test_an_opened_release_is_as_before",
    "test_nothing_runs_after_a_halt",
    "test_settling_may_be_repeated",
    "test_the_inventory_is_the_app",
    "test_what_starts_in_the_dark_leaves_the_app_alone",
]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[RuntimeCase]:
    """Yield an app that runs from a folder, with a second release beside it."""
    for name in ("one", "two"):
        make_release(tmp_path, name)
    runtime = make_runtime(tmp_path)
    before = runtime.release_in("one")
    services = (ServiceState(service="app", digest=before.images[0].digest, running=True, open=True, restart="always"),)
    runtime.place(before, services=services, claim=CLAIM)
    try:
        runtime.open(services, claim=CLAIM)
        yield RuntimeCase(runtime=runtime, before=before, after=runtime.release_in("two"), database="clone")
    finally:
        runtime.stop(CLAIM)
        runtime.halt(CLAIM)
