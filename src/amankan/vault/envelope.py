"""Two layers: a run's own identity seals the content, and `key.age` holds that identity for the recipients."""

from __future__ import annotations

from collections.abc import Iterable

from amankan.errors import KeyRefused, SnapshotDamaged
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.vault.age import Identity, Recipient, decrypt, encrypt


def wrap(run: Identity, recipients: Iterable[Recipient]) -> bytes:
    """Return the content of `key.age`: an age identity file, encrypted for every recipient."""
    return encrypt(f"{run.secret.reveal()}\n".encode(), recipients)


def unwrap(wrapped: bytes, identities: Iterable[Identity], *, recipients: tuple[str, ...], run: Recipient) -> Identity:
    """
    Return the run's identity out of a `key.age` whose digest was compared with its manifest before.

    Args:
        recipients: those that the manifest names.
        run: the run's recipient that the manifest names.
    Raises:
        KeyRefused: none of the identities is one of those that it was sealed for.
        SnapshotDamaged: it was sealed for one of the identities and holds something else than this run's identity.
    """
    mine = tuple(identities)
    if not {identity.recipient.text for identity in mine} & set(recipients):
        raise KeyRefused(say("cannot open key.age: it was sealed for {count} other keys", count=len(recipients)))
    try:
        text = decrypt(wrapped, mine).decode("ascii").strip()
        identity = Identity(secret=Secret(text))
        held = identity.recipient
    except (KeyRefused, UnicodeDecodeError) as error:
        raise SnapshotDamaged(say("cannot open key.age: it is not what its manifest says")) from error
    if held != run:
        raise SnapshotDamaged(say("cannot use key.age: it holds the identity of another run"))
    return identity
