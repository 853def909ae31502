"""What lies sealed in a snapshot, opened for those who restore it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from amankan.model.database import Making


class SealedReader(Protocol):
    """
    Snapshots by id, read from the store. Failures are SnapshotMissing, SnapshotDamaged, KeyRefused and StoreFailed.
    """

    def examine(self, snapshot: str) -> None:
        """Every stored byte of the snapshot is what its manifest says."""
        ...

    def server_version(self, snapshot: str) -> str:
        """Return the version of the server that it was taken from: `15.20`."""
        ...

    def making(self, snapshot: str) -> Making:
        """Return what a new database must be told so that the snapshot fits into it."""
        ...

    def read(self, snapshot: str, stem: str = "dump") -> Generator[bytes, None, None]:
        """Return the plain content of one part (dump, globals or settings), whole only when its end is reached."""
        ...
