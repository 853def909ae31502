"""The place of sealed copies."""

from __future__ import annotations

from typing import Protocol

from amankan.model.claim import Claim
from amankan.model.fingerprint import Fingerprint
from amankan.model.release import Release
from amankan.model.snapshot import Proof, Snapshot


class Vault(Protocol):
    """
    Snapshots of one app. What has no manifest does not exist; the manifest is written last.

    Failures are StoreFailed and EngineFailed (nothing that counts as a snapshot was left), SnapshotMissing,
    SnapshotDamaged.
    """

    def find(self, snapshot: str) -> Snapshot | None:
        """Return a complete snapshot, or None; reads only."""
        ...

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Return every complete snapshot, oldest first; reads only."""
        ...

    def take(self, snapshot: str, *, database: str, release: Release, label: str) -> Snapshot:
        """
        A sealed copy of `database` with its fingerprint of the same moment lies in the store under this id, complete.

        Not to be repeated with an id that is complete; a part left by a crash is replaced.
        """
        ...

    def load(self, snapshot: str, *, into: str, claim: Claim) -> Fingerprint:
        """
        The new database `into`, made and marked by this run, holds the snapshot; returns what it now holds.

        Not to be repeated while `into` exists. A failure leaves no such database, or one without a mark.
        """
        ...

    def attest(self, snapshot: str, proof: Proof) -> None:
        """What is known of the snapshot is written beside it; never lowers what was known; may be repeated."""
        ...

    def collect(self, snapshot: str) -> None:
        """Nothing is left of a snapshot that never became complete; a complete one is not touched; may be repeated."""
        ...
