"""Which snapshot a user means, and whether it can be used at all: both known before anything is begun."""

from __future__ import annotations

from amankan.cli.operate import Work
from amankan.errors import Refused, SnapshotMissing
from amankan.model.sentence import say
from amankan.model.snapshot import Proof, Snapshot


def choose(work: Work, id: str) -> Snapshot:
    """
    Return the snapshot of that id, or the only one whose id begins or ends so; without an id the newest proved one.

    Raises:
        SnapshotMissing: there is none.
        SnapshotDamaged, Refused: it is there and cannot be believed.
        ConfigurationFault: several have it.
    """
    if not id:
        return _newest_proved(work)
    found = work.house.vault.catalogue.census().named(id)
    snapshot = work.house.vault.find(found) if found else None
    if snapshot is None:
        raise SnapshotMissing(say("cannot find snapshot {id} in the vault", id=id))
    return snapshot


def refuse_unreadable(work: Work, snapshot: Snapshot) -> None:
    """The snapshot can be opened and every byte of it is there; raises KeyRefused or SnapshotDamaged where not."""
    if snapshot.encrypted:
        work.house.vault.unlock(snapshot.id, work.house.identities)
    work.house.vault.examine(snapshot.id)


def refuse_unusable(work: Work, snapshot: Snapshot) -> None:
    """
    The snapshot can be opened, every byte of it is there, and this server is not older than the one it comes from.

    Raises:
        KeyRefused, SnapshotDamaged, Refused: nothing was made anywhere.
    Cost: reads stored_bytes once.
    """
    refuse_unreadable(work, snapshot)
    theirs, ours = work.house.vault.server_version(snapshot.id), work.house.server_version()
    if int(theirs.partition(".")[0]) > int(ours.partition(".")[0]):
        raise Refused(
            say(
                "cannot restore {id}: it comes from {engine} {theirs}, and this server is {ours}",
                id=snapshot.id,
                engine=snapshot.engine,
                theirs=theirs,
                ours=ours,
            ),
            next=say("restore it into a server of version {theirs} or newer: aman restore --into URL", theirs=theirs),
        )


def _newest_proved(work: Work) -> Snapshot:
    proved = [each for each in work.house.vault.snapshots() if each.proof is Proof.PROVED]
    if not proved:
        raise SnapshotMissing(say("cannot choose a snapshot: none in the vault is proved"))
    return proved[-1]
