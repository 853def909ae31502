"""Key files: made once, for their owner alone, never through a link and never over another file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from amankan.errors import KeyRefused
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.vault.age import Identity, Recipient, make_identity, read_identities
from amankan.vault.signature import SigningKey, make_signing_key

# An identity file holds some lines; whatever is larger is not one.
MOST_BYTES = 64 << 10


def make_identity_file(path: Path, *, trusts: str = "") -> Recipient:
    """
    A new identity file stands at `path`, mode 0600, as `age` itself reads it; returns its recipient.

    Args:
        trusts: the public half of the signing key whose manifests it will believe, told in a comment.
    """
    identity = make_identity()
    recipient = identity.recipient
    trusted = f"# trusts: {trusts}\n" if trusts else ""
    _write(path, f"# public key: {recipient.text}\n{trusted}{identity.secret.reveal()}\n")
    return recipient


def read_text(path: Path) -> str:
    """Return the text of a key file that its owner alone can read; raises as `read_identity_file` does."""
    return _read(path)


def read_identity_file(path: Path) -> tuple[Identity, ...]:
    """
    Return the identities in a file that its owner alone can read.

    Raises:
        KeyRefused: there is no such file, others can read it, it is empty, sealed, or holds something else.
    """
    return read_identities(_read(path), str(path))


def make_signing_key_file(path: Path) -> SigningKey:
    """A new signing key stands at `path`, mode 0600; returns it."""
    key = make_signing_key()
    _write(path, f"# public key: {key.public}\n{key.secret.reveal()}\n")
    return key


def read_signing_key_file(path: Path) -> SigningKey:
    """Return the signing key in a file that its owner alone can read; raises as `read_identity_file` does."""
    lines = [line.strip() for line in _read(path).splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1:
        raise KeyRefused(say("cannot use the signing key in {path}: the file holds {count}", path=str(path), count=len(keys)))
    return SigningKey(secret=Secret(keys[0]))


def _write(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file = os.open(path, flags, 0o600)
    except OSError as error:
        fault = say("cannot make the key file {path}: {why}", path=str(path), why=error.strerror or "refused")
        raise KeyRefused(fault) from error
    with os.fdopen(file, "w", encoding="ascii") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        fault = say("cannot read the key file {path}: {why}", path=str(path), why=error.strerror or "refused")
        raise KeyRefused(fault) from error
    try:
        _refuse_shared(path, os.fstat(file))
        content = os.read(file, MOST_BYTES + 1)
    finally:
        os.close(file)
    if len(content) > MOST_BYTES:
        raise KeyRefused(say("cannot use the key file {path}: it is too large for one", path=str(path)))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise KeyRefused(say("cannot use the key file {path}: it is not text", path=str(path))) from error


def _refuse_shared(path: Path, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise KeyRefused(say("cannot use the key file {path}: it is not a file", path=str(path)))
    if state.st_uid not in {os.geteuid(), 0}:
        raise KeyRefused(say("cannot use the key file {path}: it belongs to another user", path=str(path)))
    if stat.S_IMODE(state.st_mode) & 0o077:
        raise KeyRefused(
            say("cannot use the key file {path}: others can read it", path=str(path)),
            next=say("chmod 600 {path}", path=str(path)),
        )
