"""Where the keys of one app lie: the signing key beside its journal, the recovery key wherever its owner keeps it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan.errors import KeyRefused
from amankan.model.sentence import say
from amankan.vault.age import Identity
from amankan.vault.keys import make_signing_key_file, read_identity_file, read_signing_key_file, read_text
from amankan.vault.signature import Keyring, SigningKey

SIGNING: Final = "signing.key"
RECOVERY: Final = "recovery.key"

# A recovery key names the signing key that it was made beside, so that it alone is enough on another machine.
TRUSTED: Final = re.compile(r"^# trusts: ([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keychain:
    """The keys of an app: `state` holds the signing key; `recovery` is the recovery key's file, wherever it is."""

    state: Path
    recovery: Path

    @property
    def has_recovery(self) -> bool:
        """Whether the recovery key is at hand."""
        return self.recovery.exists()

    def identities(self) -> tuple[Identity, ...]:
        """Return the recovery identities that are at hand; KeyRefused where the file cannot be used."""
        return read_identity_file(self.recovery) if self.has_recovery else ()

    def keyring(self) -> Keyring:
        """Return the keys to sign with and to believe; without a signing key a vault can only be read."""
        trusted = frozenset(TRUSTED.findall(read_text(self.recovery))) if self.has_recovery else frozenset()
        path = self.state / SIGNING
        return Keyring(trusted=trusted, signing=read_signing_key_file(path) if path.exists() else None)

    def make_signing(self) -> SigningKey:
        """There is a signing key; one that is there stays."""
        path = self.state / SIGNING
        if path.exists():
            return read_signing_key_file(path)
        try:
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            fault = say("cannot make the folder {path}: {why}", path=str(self.state), why=error.strerror or "refused")
            raise KeyRefused(fault) from error
        return make_signing_key_file(path)
