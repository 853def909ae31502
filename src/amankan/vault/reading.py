"""Stored parts read back and compared with their manifest."""

from __future__ import annotations

from collections.abc import Generator

from amankan.errors import SnapshotDamaged, StoreFailed
from amankan.model.sentence import say
from amankan.ports.store import Store
from amankan.vault.age import Identity
from amankan.vault.manifest import Manifest, Part
from amankan.vault.seal import Meter, decrypt, unseal


def examine(store: Store, manifest: Manifest) -> None:
    """
    Every part is in the store, byte for byte as its manifest says.

    Raises:
        SnapshotDamaged: one is missing, cut, padded or changed; its name is told.
    Cost: reads stored_bytes once; 1 MiB in memory.
    """
    for part in manifest.parts:
        for _ in read_stored(store, part, snapshot=manifest.snapshot):
            pass


def read_stored(store: Store, part: Part, *, snapshot: str) -> Generator[bytes, None, None]:
    """Yield a part as it is stored; raises SnapshotDamaged, at its end at the latest, for one that was changed."""
    name, expected = f"{snapshot}/{part.name}", part.stored
    size_bytes = store.size(name)
    if size_bytes is None:
        raise SnapshotDamaged(say("cannot use snapshot {id}: {name} is missing", id=snapshot, name=part.name))
    if size_bytes != expected.size_bytes:
        found = say(
            "cannot use snapshot {id}: {name} has {found} bytes and should have {expected}",
            id=snapshot,
            name=part.name,
            found=size_bytes,
            expected=expected.size_bytes,
        )
        raise SnapshotDamaged(found)
    meter = Meter()
    yield from meter.watch(store.get(name))
    if meter.measure() != expected:
        fault = say("cannot use snapshot {id}: {name} holds other bytes than were written", id=snapshot, name=part.name)
        raise SnapshotDamaged(fault)


def read_plain(store: Store, part: Part, *, snapshot: str, identity: Identity | None) -> Generator[bytes, None, None]:
    """
    Yield what was sealed in a part, in pieces of at most 1 MiB; whole only when the end is reached.

    Raises:
        SnapshotDamaged: a part may have been yielded.
    """
    if part.plain_bytes is None:
        raise SnapshotDamaged(say("cannot read {name} of snapshot {id}: nothing is sealed in it", name=part.name, id=snapshot))
    stored = read_stored(store, part, snapshot=snapshot)
    yield from unseal(stored, identity=identity, plain_bytes=part.plain_bytes)
    for _ in stored:  # what stands behind the end of the sealed stream is compared too
        pass


def read_back(store: Store, part: Part, *, snapshot: str, identity: Identity | None) -> None:
    """
    What was put is really there, byte for byte, and the identity opens every piece of it.

    It is not decompressed: bytes that are those which were written decompress to what was written, and a proof sees it.

    Raises:
        StoreFailed: the store took it and does not hold it.
    """
    try:
        stored = read_stored(store, part, snapshot=snapshot)
        opened = stored if part.plain_bytes is None or identity is None else decrypt(stored, identity)
        for _ in opened:
            pass
        for _ in stored:
            pass
    except SnapshotDamaged as error:
        fault = say("cannot trust the store with {name}: it does not hold what it took", name=part.name)
        raise StoreFailed(fault) from error
