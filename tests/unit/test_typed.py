"""What the command line says of what was typed, and how it is typed again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from amankan.cli.desk import Desk
from amankan.cli.main import run
from amankan.cli.operate import refuse_unasked, whoever
from amankan.cli.wishes import guess
from amankan.errors import ConsentMissing
from amankan.model.secret import Secret


@pytest.mark.parametrize("words", [("run",), ("adopt",), ("run", "--json")])
def test_a_missing_argument_is_usage(words: tuple[str, ...], capfd: pytest.CaptureFixture[str]) -> None:
    """It ends with status 2 and says what is missing."""
    assert 2 == run(words)
    said = capfd.readouterr()
    assert "is missing" in said.out + said.err
    assert "Error;" not in said.out + said.err


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (
            ("restore", "5b5c57a0", "--key", "my key", "--config", "a.toml"),
            "aman restore 5b5c57a0 --key 'my key' --config a.toml --yes",
        ),
        (("rollback", "--database"), "aman rollback --database --yes"),
        (("guard", "install", "--level", "watch", "--free", "q*"), "aman guard install --level watch --free 'q*' --yes"),
        (("update", "--tag", "g 4;x"), "aman update --tag 'g 4;x' --yes"),
    ],
)
def test_what_needs_consent_is_typed_again_whole(words: tuple[str, ...], typed: str) -> None:
    """The next command is the one that was typed, with consent: nothing of it is lost, and a shell reads it alike."""
    desk = Desk(guess(words), words=words)
    with pytest.raises(ConsentMissing) as refused:
        refuse_unasked(desk, yes=False)
    assert typed == str(refused.value.next)


def test_no_secret_is_typed_again() -> None:
    """What is known to be a secret is masked."""
    words = ("restore", "--into", "postgresql://u:hunter2@h/d")
    desk = Desk(guess(words), words=words)
    desk.secrets.append(Secret("hunter2"))
    assert "hunter2" not in desk.again()


def test_an_account_without_a_name_has_its_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where nobody knows what the account is called, its number tells who it was."""

    def nobody() -> Callable[[], str]:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr("getpass.getuser", nobody)
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    assert "54321" == whoever()
