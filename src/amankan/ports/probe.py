"""A look at a release that runs."""

from __future__ import annotations

from typing import Protocol

from amankan.model.release import Release
from amankan.model.verdict import Verdict


class Probe(Protocol):
    """Checks of one kind; each reads only, and a check that could not be made is a finding that stops."""

    def dark(self, release: Release, *, run: str, database: str) -> Verdict:
        """Return what the release shows that `run` started in the dark on `database`."""
        ...

    def live(self, release: Release) -> Verdict:
        """Return what the release shows to the world."""
        ...
