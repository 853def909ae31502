"""The one place that names the age library: recipients, identities, and both directions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyrage

from amankan.errors import ConfigurationFault, KeyRefused, SnapshotDamaged
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.vault.relay import Reader, Writer

IDENTITY_PREFIX = "AGE-SECRET-KEY-1"
_NO_MATCH = "No matching keys found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who a stream is sealed for: `age1…`, which may be known to everybody but is treated as confidential."""

    text: str

    def __post_init__(self) -> None:
        """Refuse what age would refuse, before anything is read."""
        _recipient(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The secret half of a recipient."""

    secret: Secret

    @property
    def recipient(self) -> Recipient:
        """The half that may be given away."""
        return Recipient(text=str(_identity(self).to_public()))


def make_identity() -> Identity:
    """Return a fresh identity that exists only in memory."""
    return Identity(secret=Secret(str(pyrage.x25519.Identity.generate())))


def read_identities(text: str, place: str) -> tuple[Identity, ...]:
    """
    Return the identities of an identity file's text (at least one); comments, empty lines and CRLF are allowed.

    Raises:
        KeyRefused: the file holds no identity, one that is mistyped, or one that must be opened by a passphrase first.
    """
    if text.lstrip().startswith(("age-encryption.org/", "-----BEGIN AGE ENCRYPTED FILE-----")):
        raise KeyRefused(say("cannot use the identity in {place}: it is sealed itself; open it with age first", place=place))
    lines = [line.strip() for line in text.splitlines()]
    identities = tuple(Identity(secret=Secret(line)) for line in lines if line and not line.startswith("#"))
    if not identities:
        raise KeyRefused(say("cannot use the identity in {place}: the file holds none", place=place))
    for identity in identities:
        if not identity.secret.reveal().startswith(IDENTITY_PREFIX):
            raise KeyRefused(say("cannot use the identity in {place}: a line is not an age identity", place=place))
        _identity(identity)
    return identities


def encrypt(content: bytes, recipients: Iterable[Recipient]) -> bytes:
    """Return a few bytes encrypted so that every recipient alone can read them."""
    return bytes(pyrage.encrypt(content, [_recipient(each) for each in recipients]))


def decrypt(content: bytes, identities: Iterable[Identity]) -> bytes:
    """
    Return a few bytes that were encrypted for one of the identities.

    Raises:
        KeyRefused: they were encrypted for others.
        SnapshotDamaged: they are not what age wrote.
    """
    try:
        return bytes(pyrage.decrypt(content, [_identity(each) for each in identities]))
    except pyrage.DecryptError as error:
        if str(error) == _NO_MATCH:
            raise KeyRefused(say("cannot open the sealed bytes: they were sealed for other keys")) from error
        raise SnapshotDamaged(say("cannot open the sealed bytes: {why}", why=_line(error))) from error


def encrypt_stream(reader: Reader, writer: Writer, *, recipient: Recipient) -> None:
    """Everything that `reader` has is in `writer`, encrypted in pieces of 64 KiB."""
    pyrage.encrypt_io(reader, writer, [_recipient(recipient)])


def decrypt_stream(reader: Reader, writer: Writer, *, identity: Identity) -> None:
    """
    Everything that was encrypted is in `writer`.

    Raises:
        SnapshotDamaged: it is cut, changed or sealed for another identity; what stands before the fault was written.
    """
    try:
        pyrage.decrypt_io(reader, writer, [_identity(identity)])
    except (pyrage.DecryptError, OSError) as error:
        raise SnapshotDamaged(say("cannot decrypt a sealed stream: {why}", why=_line(error))) from error


def _recipient(recipient: Recipient) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(recipient.text)
    except pyrage.RecipientError as error:
        # What stands there by mistake may be somebody's secret key, so only what looks public is repeated.
        text = recipient.text if recipient.text.startswith("age1") else "what is configured"
        fault = say("cannot seal for {text}: not an age recipient (age1…)", text=text)
        raise ConfigurationFault(fault) from error


def _identity(identity: Identity) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(identity.secret.reveal())
    except pyrage.IdentityError as error:
        raise KeyRefused(say("cannot use an identity: {why}", why=_line(error))) from error


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0]
