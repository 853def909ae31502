"""What a snapshot says of itself: written last, signed, and chained to the one before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from amankan.errors import SnapshotDamaged
from amankan.model.database import Making
from amankan.model.fingerprint import Fingerprint
from amankan.model.identity import Identity
from amankan.model.project import Along
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.vault.seal import Measure
from amankan.vault.signature import SigningKey, read_signed, sign

FORMAT = 1
KIND = "manifest"
FIRST = "0" * 64


class Origin(Enum):
    """How a snapshot came to be: from the living database, or taken in from a backup that was made by hand."""

    TAKEN = "taken"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a snapshot as it is stored; `plain_bytes` went into it, None where it is stored as it is."""

    name: str
    stored: Measure
    plain_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the content came from, and with which tools."""

    engine: str
    server_version: str
    tool_version: str
    identity: Identity
    making: Making | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Who can read it: recipients of `key.age`, and the run's own, for whom the parts are sealed; else empty."""

    recipients: tuple[str, ...] = ()
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """
    A snapshot's own description.

    `sequence` counts the app's snapshots from 1; `previous` is the digest of the manifest before (64 hex digits, zeros
    for the first). `program` is the version of Amankan that wrote it. `project` tells of the files that the app is started
    from; None where none went along.
    """

    snapshot: str
    app: str
    sequence: int
    previous: str
    time: datetime
    label: str
    origin: Origin
    source: Source
    fingerprint: Fingerprint
    release: Release
    sealed: Sealed
    parts: tuple[Part, ...]
    program: str
    project: Along | None = None
    format: int = FORMAT

    @property
    def stored_bytes(self) -> int:
        """The bytes of all parts as they are stored."""
        return sum(part.stored.size_bytes for part in self.parts)

    @property
    def encrypted(self) -> bool:
        """Whether only the recipients can read it."""
        return bool(self.sealed.run)

    def part(self, stem: str) -> Part:
        """Return the part whose name begins with `stem` and a point; raises SnapshotDamaged where there is none."""
        for part in self.parts:
            if part.name.startswith(f"{stem}."):
                return part
        raise SnapshotDamaged(say("cannot use snapshot {id}: it has no part {stem}", id=self.snapshot, stem=stem))


def write(manifest: Manifest, key: SigningKey) -> bytes:
    """Return the file `manifest.json`."""
    return sign(KIND, manifest, key=key)


def read(document: bytes, believed: frozenset[str]) -> Manifest:
    """
    Return the manifest in a file that a believed key signed.

    Raises:
        Unsigned: no believed key signed it.
        NewerFormat: a newer Amankan wrote it.
        SnapshotDamaged: the bytes are not those that were signed.
    """
    return read_signed(KIND, document, believed=believed, into=Manifest, newest=FORMAT)


def digest(document: bytes) -> str:
    """Return the link of the chain that a signed file is."""
    return hashlib.sha256(document).hexdigest()
