"""What goes with a database, kept in a file before it goes."""

from __future__ import annotations

from typing import Protocol

from amankan.model.claim import Claim
from amankan.model.gone import Salvaged


class Salvage(Protocol):
    """Rows that one database has and another one has not, as a file of the run. Failures are EngineFailed and DiskFailed."""

    def keep(self, live: str, kept: str, *, title: str, claim: Claim) -> Salvaged:
        """
        A file of the run and of that title holds every row by which `live` differs from `kept`, which are both as they were.

        May be repeated: the newer file takes the place of the older one. Both databases may be shut.
        """
        ...

    def exists(self, run: str, *, title: str) -> bool:
        """Tell whether the run has a file of that title, whole."""
        ...

    def remove(self, run: str, *, title: str) -> None:
        """The run has no file of that title, and no part of one; may be repeated."""
        ...
