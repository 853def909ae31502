"""What `database.migrate` says is read without a shell, and its tool is known by name."""

from __future__ import annotations

import pytest

from amankan.adapters.migrators.kinds import KINDS
from amankan.adapters.migrators.table import tool_named, words_of
from amankan.errors import ConfigurationFault


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("npx prisma migrate deploy", "prisma"),
        ("npx prisma@6.19.3 migrate deploy", "prisma"),
        ("node_modules/.bin/prisma migrate deploy", "prisma"),
        ("poetry run python manage.py migrate --no-input", "django"),
        ("alembic -c db/alembic.ini upgrade head", "alembic"),
        ("flask db upgrade", "alembic"),
        ("bundle exec rails db:migrate", "rails"),
        ("php artisan migrate --force", "laravel"),
        ("npx knex migrate:latest", "knex"),
        ("npx sequelize-cli db:migrate", "sequelize"),
        ("flyway migrate", "flyway"),
        ("dbmate up", "dbmate"),
        ("drizzle-kit migrate", "drizzle"),
        ("npm run migrate", None),
        ("./migrate.sh", None),
    ],
)
def test_a_command_names_its_tool(text: str, tool: str | None) -> None:
    """The tool's program is found behind whatever starts it; a script names none."""
    assert tool == tool_named(words_of(text))
    assert tool in {None, "prisma", "django", "alembic", *(kind.name for kind in KINDS)}


@pytest.mark.parametrize("text", ["", "  ", "prisma 'migrate", "a && b", "a; b", "a | b", "a > b"])
def test_what_wants_a_shell_is_refused(text: str) -> None:
    """Nothing is run by halves: an operator, an open quote and an empty text are faults."""
    with pytest.raises(ConfigurationFault):
        words_of(text)


def test_a_shell_may_be_asked_for() -> None:
    """Whoever wants a shell writes it."""
    assert ("sh", "-c", "a && b") == words_of("sh -c 'a && b'")
