"""A vault that held snapshots and is empty now: its disk is not mounted, or they were deleted; nothing begins anew there."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Final

from amankan import wiring
from amankan.cli.desk import Desk
from amankan.errors import AmankanError, EffectFailed, VaultMissing
from amankan.model.sentence import say
from amankan.ports.disk import Disk

# Below the folder of state: where the vault was, and of which app, when something lay in it.
SEEN: Final = "vault.json"


def refuse_vanished(desk: Desk) -> None:
    """Raise VaultMissing where nothing lies in the vault and something did; one that does not answer is not judged here."""
    location, gone = desk.settings.vault.location, False
    with suppress(EffectFailed):
        gone = _seen(desk.disk) == _place(desk) and _empty(desk)
    if gone:
        raise VaultMissing(
            say("cannot find the vault: there is nothing in {location}, and there was", location=location),
            next=say("mount what it lies on; where it is gone for good: set another vault.location, then aman backup"),
        )


def remember_vault(desk: Desk) -> None:
    """Where the vault is that holds something is known from now on; nothing is done where that cannot be told."""
    with suppress(AmankanError):
        if _seen(desk.disk) != _place(desk) and not _empty(desk):
            desk.disk.replace(SEEN, json.dumps(_place(desk)).encode())


def _empty(desk: Desk) -> bool:
    return wiring.catalogue(desk.settings, wiring.keychain(desk.settings)).empty()


def _place(desk: Desk) -> dict[str, str]:
    return {"app": desk.settings.app.name, "location": desk.settings.vault.location}


def _seen(disk: Disk) -> object:
    try:
        return json.loads(disk.read(SEEN) or b"null")
    except ValueError:
        return None
