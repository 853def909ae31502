"""No secret is left in what people see."""

from __future__ import annotations

import base64
import json
import shlex
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amankan.model.secret import MASK, Secret
from amankan.proc.command import Command
from amankan.proc.environment import environment
from amankan.proc.redact import redact, secrets_among

HARD = "p@ss:/%w'rd \"\\é"


@pytest.mark.parametrize(
    "form",
    [HARD, quote(HARD, safe=""), base64.b64encode(HARD.encode()).decode(), json.dumps(HARD), shlex.quote(HARD)],
)
def test_known_secrets(form: str) -> None:
    """A secret that is known is masked in every form in which programs print it."""
    shown = redact(f"before {form} after", [HARD])
    assert MASK in shown
    assert form.strip("'\"") not in shown


@pytest.mark.parametrize(
    ("text", "leak"),
    [
        ("postgresql://app:hunter2@db/erp refused", "hunter2"),
        ("password=hunter2 host=db", "hunter2"),
        ("PASSWORD: 'hun ter2'", "ter2"),
        ("DETAIL:  Failing row contains (1, hunter2, null).", "hunter2"),
        ("DETAIL:  Key (email)=(hunter2@example.org) already exists.", "hunter2"),
    ],
)
def test_unknown_secrets(text: str, leak: str) -> None:
    """What looks like a password or a row is masked though nobody named it."""
    assert leak not in redact(text, [])


@given(st.text(min_size=6))
def test_command_shows_no_secret(secret: str) -> None:
    """A command for people has its words, without those that are secret."""
    command = Command(words=("tool", f"--key={secret}"), limit_seconds=1, secrets=(Secret(secret),))
    assert f"--key={secret}" not in str(command)


def test_environment_is_built() -> None:
    """A child sees what is allowed, fixed or added, and nothing else of its surroundings."""
    ambient = {"PATH": "/bin", "PGOPTIONS": "-c x=y", "LD_PRELOAD": "/evil.so", "LC_ALL": "de_DE"}
    added = (("PGHOST", "db"), ("PGPASSWORD", Secret("s")))
    assert {"PATH": "/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PGHOST": "db", "PGPASSWORD": "s"} == environment(
        added, ambient=ambient
    )


def test_secrets_are_known_by_the_names_of_variables() -> None:
    """What a variable's name calls secret is hidden, and the password of an address by itself too, in both of its forms."""
    pairs = {
        "PAYMENT_TOKEN": "canary-1",
        "DATABASE_URL": "postgresql://app:canary%2F2@db/shop",
        "SHOP_NAME": "Toko",
        "AUTH_ENABLED": "true",
        "API_KEY": "abc",
        "BROKEN_URL": "http://[",
    }
    found = [secret.reveal() for secret in secrets_among(pairs.items())]
    assert ["canary-1", pairs["DATABASE_URL"], "canary%2F2", "canary/2", "http://["] == found


@pytest.mark.parametrize("before", ["", "-", "a" * 100, "a" * 200_000])
def test_an_address_behind_a_long_word(before: str) -> None:
    """However long the word is that an address stands in, its password is masked, and it takes no time worth a wait."""
    assert "hunter2" not in redact(f"{before}http://app:hunter2@db/erp", [])
