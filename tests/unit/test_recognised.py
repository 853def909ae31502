"""How an app is migrated follows from what is configured, and else from what is recognised."""

from __future__ import annotations

import pytest

from amankan.adapters.migrators.recognise import Recognised, recognise
from amankan.adapters.migrators.recognised import wished
from amankan.adapters.migrators.table import COMMAND, Wish
from amankan.errors import ConfigurationFault

PRISMA = recognise(["prisma/schema.prisma"], [])
RAILS = recognise([], ["schema_migrations"])


def never() -> Recognised | None:
    """Fail: nothing needs to be looked at."""
    raise AssertionError("looked")


@pytest.mark.parametrize(
    ("migrate", "found", "expected"),
    [
        ("", PRISMA, Wish(name="prisma")),
        ("", None, None),
        ("entrypoint", PRISMA, Wish(name="prisma", entrypoint=True)),
        ("entrypoint", RAILS, Wish(name="rails", entrypoint=True)),
        ("npm run db:migrate", PRISMA, Wish(name="prisma", words=("npm", "run", "db:migrate"))),
        ("./migrate.sh", None, Wish(name=COMMAND, words=("./migrate.sh",))),
    ],
)
def test_what_is_hidden_is_recognised(migrate: str, found: Recognised | None, expected: Wish | None) -> None:
    """Nothing configured means the recognised tool by its own rule; a command that hides its tool is judged by that tool."""
    assert expected == wished(migrate, seen=lambda: found)


def test_a_command_that_names_its_tool_needs_no_look() -> None:
    """Neither the database nor the image is looked at."""
    assert Wish(name="alembic", words=("alembic", "upgrade", "head")) == wished("alembic upgrade head", seen=never)


@pytest.mark.parametrize(("migrate", "found"), [("entrypoint", None), ("", RAILS)])
def test_what_cannot_be_known_is_refused(migrate: str, found: Recognised | None) -> None:
    """An entrypoint without a known tool, and a tool whose command differs from app to app, must be told."""
    with pytest.raises(ConfigurationFault) as fault:
        wished(migrate, seen=lambda: found)
    assert fault.value.next is not None
