"""Small signed documents beside a manifest: what was proved, what is pinned, what was retired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amankan.errors import SnapshotDamaged
from amankan.model.sentence import say
from amankan.model.snapshot import Proof
from amankan.vault.signature import SigningKey, read_signed, sign

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """What is known of the snapshot whose manifest has this digest."""

    snapshot: str
    manifest: str
    proof: Proof
    time: datetime
    format: int = FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """The snapshot is kept as long as this document is there; the signature tells whose word `why` is."""

    snapshot: str
    manifest: str
    why: str
    time: datetime
    format: int = FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """The snapshot was deleted on purpose: its place in the chain, so that no link is missed."""

    snapshot: str
    app: str
    sequence: int
    previous: str
    manifest: str
    why: str
    time: datetime
    format: int = FORMAT


KINDS: dict[type[Attested | Pinned | Retired], str] = {Attested: "proof", Pinned: "pin", Retired: "retirement"}


def state(statement: Attested | Pinned | Retired, key: SigningKey) -> bytes:
    """Return the statement as a signed document."""
    return sign(KINDS[type(statement)], statement, key=key)


def read_attested(document: bytes, believed: frozenset[str], *, snapshot: str, manifest: str) -> Proof:
    """Return what a document says of the snapshot; raises SnapshotDamaged where it speaks of another one."""
    read = read_signed(KINDS[Attested], document, believed=believed, into=Attested, newest=FORMAT)
    if (read.snapshot, read.manifest) != (snapshot, manifest):
        fault = say("cannot believe the proof beside {id}: it was made for {other}", id=snapshot, other=read.snapshot)
        raise SnapshotDamaged(fault)
    return read.proof


def read_retired(document: bytes, believed: frozenset[str]) -> Retired:
    """Return which link of the chain was taken out on purpose."""
    return read_signed(KINDS[Retired], document, believed=believed, into=Retired, newest=FORMAT)
