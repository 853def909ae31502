"""Key files are for their owner alone, and what is wrong with one is told plainly."""

import os
import stat
from pathlib import Path

import pyrage
import pytest

from amankan.errors import ConfigurationFault, KeyRefused
from amankan.vault.age import Recipient, decrypt, encrypt, make_identity
from amankan.vault.keys import (
    make_identity_file,
    make_signing_key_file,
    read_identity_file,
    read_signing_key_file,
)


def refused(path: Path) -> str:
    """Return why an identity file cannot be used."""
    with pytest.raises(KeyRefused) as told:
        read_identity_file(path)
    assert 12 == told.value.status
    assert "AGE-SECRET-KEY" not in str(told.value)
    return str(told.value)


def test_an_identity_file_opens_what_was_sealed_for_it(tmp_path: Path) -> None:
    """A new identity file has mode 0600, names its recipient, and opens what is sealed for that recipient."""
    path = tmp_path / "recovery.key"
    before = os.umask(0)
    try:
        recipient = make_identity_file(path)
    finally:
        os.umask(before)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert recipient.text in path.read_text()
    assert b"secret" == decrypt(encrypt(b"secret", [recipient]), read_identity_file(path))


def test_a_signing_key_comes_back(tmp_path: Path) -> None:
    """A new signing key has mode 0600 and is read as it was made."""
    made = make_signing_key_file(tmp_path / "signing.key")
    assert made.public == read_signing_key_file(tmp_path / "signing.key").public
    assert 0o600 == stat.S_IMODE((tmp_path / "signing.key").stat().st_mode)


def test_no_file_is_written_over(tmp_path: Path) -> None:
    """A key is never written over another file, nor through a link."""
    (tmp_path / "there").write_text("theirs")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("there", "link"):
        for make in (make_identity_file, make_signing_key_file):
            with pytest.raises(KeyRefused):
                make(tmp_path / name)
    assert ("theirs", False) == ((tmp_path / "there").read_text(), (tmp_path / "target").exists())


def test_windows_line_ends_and_comments_are_read(tmp_path: Path) -> None:
    """An identity file with CRLF, comments and empty lines is read, and may hold several identities."""
    one, two = make_identity(), make_identity()
    path = tmp_path / "keys"
    path.write_bytes(b"# mine\r\n\r\n%s\r\n# other\r\n%s\r\n" % (one.secret.reveal().encode(), two.secret.reveal().encode()))
    path.chmod(0o600)
    assert (one, two) == read_identity_file(path)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """An identity file that others can read is refused, with the command that helps."""
    path = tmp_path / "recovery.key"
    make_identity_file(path)
    path.chmod(mode)
    assert "others can read it" in refused(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds none"),
        (b"# only a comment\n", "holds none"),
        (b"hello\n", "not an age identity"),
        (b"AGE-SECRET-KEY-1QQQQ\n", "cannot use an identity"),
        (b"\xff\xfe\0", "not text"),
        (b"x" * 100_000, "too large"),
        (pyrage.passphrase.encrypt(b"x", "correct horse"), "not text"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n", "sealed itself"),
        (b"age-encryption.org/v1\n-> scrypt x 18\n", "sealed itself"),
    ],
    ids=["empty", "comment", "text", "mistyped", "binary", "large", "passphrase", "armour", "age"],
)
def test_what_is_no_identity_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    """A file that is empty, mistyped, sealed itself or something else is refused in words that help."""
    path = tmp_path / "recovery.key"
    path.write_bytes(content)
    path.chmod(0o600)
    assert why in refused(path)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """A missing file, a folder, a link and a pipe are refused, and none of them hangs."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("missing", ".", "pipe", "link"):
        refused(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    ["", "age1", "age1zzz", "ssh-ed25519 AAAA", "AGE1QQ", make_identity().secret.reveal()],
    ids=["empty", "short", "letters", "ssh", "capitals", "secret"],
)
def test_what_is_no_recipient_is_told(text: str) -> None:
    """A recipient that is mistyped, or something else, is refused before anything is sealed for it."""
    with pytest.raises(ConfigurationFault) as told:
        Recipient(text=text)
    assert "AGE-SECRET-KEY" not in str(told.value)


def test_one_changed_letter_of_a_recipient_is_found() -> None:
    """A recipient with any one letter changed is refused: nothing is ever sealed for nobody."""
    text = make_identity().recipient.text
    for place in range(4, len(text)):
        changed = text[:place] + ("q" if text[place] != "q" else "p") + text[place + 1 :]
        with pytest.raises(ConfigurationFault):
            Recipient(text=changed)
