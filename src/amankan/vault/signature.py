"""Documents that are signed: canonical JSON, an Ed25519 signature beside it, and the key that made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from amankan.errors import KeyRefused, NewerFormat, SnapshotDamaged, Unsigned
from amankan.model.secret import Secret
from amankan.model.sentence import say

Noun = TypeVar("Noun")

ALGORITHM = "ed25519"
# Far above a manifest of ten thousand tables; a forged document cannot ask for more memory than this.
MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The secret half of a signing key: 32 bytes as 64 hex digits."""

    secret: Secret

    def __post_init__(self) -> None:
        """Refuse what is no key, before anything is built on it."""
        try:
            self._key()
        except ValueError as error:
            raise KeyRefused(say("cannot use the signing key: it is not 64 hex digits")) from error

    @property
    def public(self) -> str:
        """The half that everybody may know: 64 hex digits."""
        return self._key().public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        """Return the signature of a message: 128 hex digits."""
        return self._key().sign(message).hex()

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.secret.reveal()))


def make_signing_key() -> SigningKey:
    """Return a fresh signing key that exists only in memory."""
    return SigningKey(secret=Secret(Ed25519PrivateKey.generate().private_bytes_raw().hex()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """
    The keys that documents are signed with and believed from.

    `trusted` are public halves, those of retired keys too; without `signing` a vault can be read and not written.
    """

    trusted: frozenset[str] = frozenset()
    signing: SigningKey | None = None

    @property
    def believed(self) -> frozenset[str]:
        """Every public half whose signature counts here."""
        return self.trusted | ({self.signing.public} if self.signing else frozenset())

    def signer(self) -> SigningKey:
        """Return the key to sign with; raises KeyRefused where there is none."""
        if self.signing is None:
            raise KeyRefused(say("cannot write to the vault: there is no signing key here"), next=say("aman key new"))
        return self.signing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signature:
    algorithm: str
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    body: msgspec.Raw
    signature: _Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbered:
    format: int


def sign(kind: str, body: object, *, key: SigningKey) -> bytes:
    """Return `body` as a signed document; the kind is signed too, so that one kind never passes for another."""
    canonical = msgspec.json.encode(body, order="sorted")
    value = key.sign(_message(kind, canonical))
    return _write(canonical, _Signature(algorithm=ALGORITHM, key=key.public, value=value))


def verify(kind: str, document: bytes, *, believed: frozenset[str]) -> bytes:
    """
    Return the body of a signed document, exactly the bytes that were signed.

    Raises:
        Unsigned: no signature, or one by a key that is not believed.
        SnapshotDamaged: the bytes are not those that were signed.
    """
    try:
        plain = msgspec.json.decode(document)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise SnapshotDamaged(say("cannot read the {kind}: it is not JSON", kind=kind)) from error
    if not isinstance(plain, dict) or "signature" not in plain:
        raise Unsigned(say("cannot believe the {kind}: it is not signed", kind=kind))
    try:
        read = msgspec.json.decode(document, type=_Document)
    except msgspec.ValidationError as error:
        raise SnapshotDamaged(say("cannot read the {kind}: {why}", kind=kind, why=str(error))) from error
    signature, body = read.signature, bytes(read.body)
    if signature.algorithm != ALGORITHM or signature.key not in believed:
        raise Unsigned(say("cannot believe the {kind}: it is signed by {key}", kind=kind, key=signature.key[:16]))
    if _write(body, signature) != document or not _holds(signature, _message(kind, body)):
        raise SnapshotDamaged(say("cannot believe the {kind}: its signature does not fit it", kind=kind))
    return body


def read_signed(kind: str, document: bytes, *, believed: frozenset[str], into: type[Noun], newest: int) -> Noun:
    """
    Return the body of a signed document as a value; keys that this version does not know are passed over.

    Raises: as `verify`, and NewerFormat where its `format` is above `newest`.
    """
    body = verify(kind, document, believed=believed)
    try:
        found = msgspec.json.decode(body, type=_Numbered).format
        if found <= newest:
            return msgspec.json.decode(body, type=into)
    except msgspec.DecodeError as error:
        raise SnapshotDamaged(say("cannot read the {kind}: {why}", kind=kind, why=str(error))) from error
    raise NewerFormat(
        say(
            "cannot read the {kind}: its format is {found}, this version knows {newest}",
            kind=kind,
            found=found,
            newest=newest,
        )
    )


def _write(body: bytes, signature: _Signature) -> bytes:
    return msgspec.json.encode(_Document(body=msgspec.Raw(body), signature=signature), order="sorted") + b"\n"


def _message(kind: str, body: bytes) -> bytes:
    return f"amankan {kind}\n".encode() + body


def _holds(signature: _Signature, message: bytes) -> bool:
    try:
        value = bytes.fromhex(signature.value)
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.key)).verify(value, message)
    except (InvalidSignature, ValueError):
        return False
    return value.hex() == signature.value
