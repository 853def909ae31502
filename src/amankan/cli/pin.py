"""A snapshot pinned, so that retention keeps it, or unpinned."""

from __future__ import annotations

from amankan.cli.desk import Desk
from amankan.cli.operate import holder
from amankan.errors import ConfigurationFault, SnapshotMissing
from amankan.journal.lock import hold
from amankan.model.sentence import say
from amankan.vault.catalogue import Catalogue, Entry


def change_pin(desk: Desk, catalogue: Catalogue, *, pin: str, unpin: str, why: str) -> None:
    """
    The snapshot that was named is pinned for a reason, or is not pinned any more; may be repeated.

    Raises:
        ConfigurationFault: both or neither was asked for, or no reason was given; nothing was changed.
        SnapshotMissing, SnapshotDamaged, Refused: there is none of that id that can be believed; nothing was changed.
        Locked: another operation is at work.
    """
    if bool(pin) == bool(unpin):
        raise ConfigurationFault(say("cannot pin and unpin at once, and --why goes with --pin only"), next=say("aman backups"))
    if pin and not why.strip():
        raise ConfigurationFault(
            say("cannot pin {id} without a reason", id=pin), next=say("aman backups --pin {id} --why TEXT", id=pin)
        )
    if unpin and why:
        raise ConfigurationFault(say("cannot use --why with --unpin"), next=say("aman backups --unpin {id}", id=unpin))
    held = hold(desk.disk, holder(desk, "pin"))
    try:
        entry = _entry(catalogue, pin or unpin)
        if pin:
            catalogue.pin(entry, why=why.strip(), time=desk.clock.now())
        else:
            catalogue.unpin(entry)
    finally:
        held.release()
    id = entry.manifest.snapshot
    desk.printer.remark(say("{id} is pinned", id=id) if pin else say("{id} is not pinned any more", id=id))


def _entry(catalogue: Catalogue, id: str) -> Entry:
    entry = catalogue.find(catalogue.census().named(id) or id)
    if entry is None:
        raise SnapshotMissing(say("cannot find snapshot {id} in the vault", id=id))
    return entry
