"""How hard a load presses the machine."""

from __future__ import annotations

import pytest

from amankan.adapters.engines.postgres.load import builders


@pytest.mark.parametrize(("processors", "helpers"), [(1, 0), (2, 0), (3, 1), (8, 6)])
def test_builders(processors: int, helpers: int) -> None:
    """Each of two jobs gets the help of those processors only that the jobs leave."""
    assert f"-c max_parallel_maintenance_workers={helpers}" == builders(2, processors=processors)
