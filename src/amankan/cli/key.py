"""`aman key`: who can read the backups."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Final

import typer

from amankan import wiring
from amankan.cli.desk import Desk
from amankan.cli.vanished import refuse_vanished
from amankan.config.read import decode
from amankan.errors import KeyRefused, SnapshotMissing
from amankan.model.sentence import say
from amankan.vault.keys import make_identity_file
from amankan.vault.opening import unlock

KeyFile = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="The recovery key; by default recovery.key, where it is here.")
]


NOBODY: Final = re.compile(r"^recipients = \[\]$", re.MULTILINE)


def new(
    desk: Desk,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where the recovery key is written.")] = None,
) -> None:
    """Make a recovery key; its public half belongs into the configuration, the file to a safe place elsewhere."""
    keys = wiring.keychain(desk.settings, file.absolute() if file is not None else None, new=True)
    signing = keys.make_signing()
    recipient = make_identity_file(keys.recovery, trusts=signing.public)
    place, entered = str(keys.recovery), _enter(desk, recipient.text)

    def people() -> None:
        desk.printer.line(recipient.text)
        desk.printer.remark(say("the recovery key is in {place}: keep it where the backups are not", place=place))
        if entered:
            desk.printer.remark(say("the line above was entered into recipients of [vault] in amankan.toml"))
        else:
            desk.printer.remark(say("write the line above into recipients of [vault] in amankan.toml"))

    document = {"recipient": recipient.text, "file": place, "signing": signing.public, "entered": entered}
    desk.printer.answer({"key": document}, people)


def _enter(desk: Desk, recipient: str) -> bool:
    """The configuration names the recipient, where its list stood empty, as `aman init` leaves it; tells whether it does."""
    path = desk.configuration
    text = decode(path.read_bytes(), place=str(path))
    fresh, count = NOBODY.subn(f'recipients = ["{recipient}"]', text)
    if count != 1 or tomllib.loads(fresh).get("vault", {}).get("recipients") != [recipient]:
        return False
    wiring.write_instead(path, fresh.encode())
    return True


def show(desk: Desk, *, key: KeyFile = None) -> None:
    """Show who can read the backups, and which keys are at hand; never a secret."""
    keys = wiring.keychain(desk.settings, key)
    recipients = desk.settings.vault.recipients
    held = [identity.recipient.text for identity in keys.identities()]
    signing = keys.keyring().signing
    public = signing.public if signing is not None else None
    document = {"key": {"recipients": list(recipients), "at_hand": held, "signing": public}}

    def people() -> None:
        for recipient in recipients:
            at_hand = say("at hand") if recipient in held else say("elsewhere")
            desk.printer.line(say("{recipient}  {place}", recipient=recipient, place=at_hand))
        if not recipients:
            desk.printer.warn(say("nobody is named in recipients, so backups are not encrypted; next: aman key new"))
        for other in (other for other in held if other not in recipients):
            desk.printer.warn(say("{recipient} is at hand and not among the recipients", recipient=other))
        desk.printer.line(say("signing key: {key}", key=public or say("none; next: aman key new")))

    desk.printer.answer(document, people)


def check(desk: Desk, *, key: KeyFile = None) -> None:
    """Prove that the recovery key opens the newest snapshot."""
    keys = wiring.keychain(desk.settings, key)
    identities = keys.identities()
    if not identities:
        fault = say("cannot check the recovery key: there is none at {place}", place=str(keys.recovery))
        raise KeyRefused(fault, next=say("aman key check --key FILE"))
    refuse_vanished(desk)
    entries = wiring.catalogue(desk.settings, keys).census().entries
    if not entries:
        raise SnapshotMissing(say("cannot check the recovery key: the vault is empty"), next=say("aman backup"))
    newest = entries[-1].manifest
    if not newest.encrypted:
        raise KeyRefused(
            say("cannot check the recovery key: {id} is not encrypted", id=newest.snapshot), next=say("aman key show")
        )
    unlock(wiring.place(desk.settings).store, newest, identities=identities)
    desk.printer.answer(
        {"key": {"opens": newest.snapshot}}, lambda: desk.printer.line(say("the key opens {id}", id=newest.snapshot))
    )
