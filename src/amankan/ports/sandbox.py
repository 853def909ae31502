"""A throwaway place that cannot reach production or the outside world."""

from __future__ import annotations

from typing import Protocol

from amankan.model.boot import Boot
from amankan.model.fingerprint import Fingerprint
from amankan.model.rehearsal import Rehearsal
from amankan.model.release import Release


class Sandbox(Protocol):
    """Places named for runs. Failures are EffectFailed; whatever is left goes with `remove`."""

    def exists(self, run: str) -> bool:
        """Tell whether anything of the run's place is left; reads only."""
        ...

    def restore(self, run: str, *, snapshot: str) -> Fingerprint:
        """
        The run's place is made anew, with a server as production's, and holds the snapshot as read back from the store.

        Returns what it holds. Raises SnapshotDamaged where the stored bytes are not those that were written.
        """
        ...

    def rehearse(self, run: str, *, before: Release, after: Release, limit_seconds: float) -> Rehearsal:
        """
        The restored copy was migrated by `after`, both releases were started on it and probed; returns what was seen.

        Needs `restore` first; not to be repeated without it.
        """
        ...

    def boot(self, run: str, *, release: Release, limit_seconds: float) -> Boot:
        """
        `release` was started on the restored copy and probed, and is ended again; returns what was seen.

        Needs `restore` first. Nothing of it can reach production or the outside.
        """
        ...

    def remove(self, run: str) -> None:
        """Nothing of the run's place is left; may be repeated."""
        ...
