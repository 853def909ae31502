"""One sealed copy in the vault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from amankan.model.fingerprint import Fingerprint
from amankan.model.identity import Identity
from amankan.model.project import Along
from amankan.model.release import Release


class Proof(Enum):
    """What is known of a snapshot: nothing was tried, only a part was compared, or all of it was restored and equal."""

    NONE = "none"
    SAMPLED = "sampled"
    PROVED = "proved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    A complete, sealed copy of one database, with the fingerprint taken at the same moment and the release it belongs
    to.

    `sequence` is its place in the vault's chain and `manifest` the digest that stands there; 0 and "" without a chain.
    `project` tells of the files that the app is started from.
    """

    id: str
    app: str
    time: datetime
    label: str
    engine: str
    identity: Identity
    fingerprint: Fingerprint
    release: Release
    stored_bytes: int
    proof: Proof = Proof.NONE
    pinned: bool = False
    encrypted: bool = True
    sequence: int = 0
    manifest: str = ""
    project: Along | None = None
