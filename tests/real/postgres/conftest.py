"""Throwaway servers for tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers


@pytest.fixture(scope="session")
def servers() -> Iterator[ThrowawayServers]:
    """Throwaway servers below a folder whose path their account may enter; pytest's own folders are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="aman-throwaway-"))
    folder.chmod(0o711)
    made = ThrowawayServers(folder=folder, clock=SystemClock())
    yield made
    for run in made.runs():
        made.remove(run)
    shutil.rmtree(folder)
