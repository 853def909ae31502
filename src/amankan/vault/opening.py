"""The first layer of a snapshot, opened with a recovery key."""

from __future__ import annotations

from amankan.errors import KeyRefused
from amankan.model.sentence import say
from amankan.ports.store import Store
from amankan.vault.age import Identity, Recipient
from amankan.vault.envelope import unwrap
from amankan.vault.manifest import Manifest
from amankan.vault.reading import read_stored


def unlock(store: Store, manifest: Manifest, *, identities: tuple[Identity, ...]) -> Identity:
    """
    Return the identity of the run that sealed an encrypted snapshot.

    Raises:
        KeyRefused: there is no identity at hand, or none that the snapshot was sealed for.
        SnapshotDamaged: its key is not what its manifest says.
    """
    if not identities:
        fault = say("cannot open snapshot {id}: no recovery key is at hand", id=manifest.snapshot)
        raise KeyRefused(fault, next=say("repeat it where the recovery key is"))
    wrapped = b"".join(read_stored(store, manifest.part("key"), snapshot=manifest.snapshot))
    run = Recipient(text=manifest.sealed.run)
    return unwrap(wrapped, identities, recipients=manifest.sealed.recipients, run=run)
