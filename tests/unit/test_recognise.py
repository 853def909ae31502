"""Migration tools are recognised by what they leave in a folder and in a database."""

from __future__ import annotations

import pytest

from amankan.adapters.migrators.answers import answer_of, names_in
from amankan.adapters.migrators.command import journal_names
from amankan.adapters.migrators.django import nowhere
from amankan.adapters.migrators.kinds import KINDS, kind_of
from amankan.adapters.migrators.recognise import recognise
from amankan.adapters.migrators.site import Said
from amankan.errors import MigrationFailed
from amankan.model.database import Ledger
from amankan.model.release import Release

RELEASE = Release(label="v2", images=())


@pytest.mark.parametrize(
    ("files", "tables", "name"),
    [
        (["prisma/schema.prisma", "package.json"], [], "prisma"),
        (["./apps/api/prisma/migrations/1_init/migration.sql"], [], "prisma"),
        (["prisma.config.ts"], [], "prisma"),
        (["manage.py"], [], "django"),
        (["alembic.ini", "app.py"], [], "alembic"),
        (["config/application.rb"], [], "rails"),
        (["artisan"], [], "laravel"),
        (["knexfile.cjs"], [], "knex"),
        (["drizzle.config.ts"], [], "drizzle"),
        (["src/data-source.ts"], [], "typeorm"),
        ([".sequelizerc"], [], "sequelize"),
        (["flyway.toml"], [], "flyway"),
        (["db/schema.sql"], [], "dbmate"),
        ([], ["customers", "_prisma_migrations"], "prisma"),
        ([], ["django_migrations"], "django"),
        ([], ["alembic_version"], "alembic"),
        ([], ["schema_migrations", "ar_internal_metadata"], "rails"),
        (["db/schema.sql"], ["schema_migrations"], "dbmate"),
        ([], ["migrations"], "laravel"),
        (["src/data-source.ts"], ["migrations"], "typeorm"),
        ([], ["knex_migrations"], "knex"),
        ([], ["__drizzle_migrations"], "drizzle"),
        ([], ["SequelizeMeta"], "sequelize"),
        ([], ["flyway_schema_history"], "flyway"),
        ([], ["pgmigrations"], "node-pg-migrate"),
        (["manage.py"], ["_prisma_migrations"], "prisma"),
    ],
)
def test_a_tool_is_recognised(files: list[str], tables: list[str], name: str) -> None:
    """What was really used in the database weighs more than a file; where it is shared by two tools, the files decide."""
    found = recognise(files, tables)
    assert found is not None
    assert name == found.name
    assert str(found.why).startswith(("the release has ", "the database has the table "))


def test_nothing_is_recognised_without_a_sign() -> None:
    """An app without a tool has none."""
    assert None is recognise(["server.mjs", "notes/manage.py.txt"], ["customers"])


@pytest.mark.parametrize(
    ("kind", "path", "name"),
    [
        ("rails", "db/migrate/20260101_add_notes.rb", "20260101"),
        ("rails", "db/migrate/README.md", None),
        ("laravel", "database/migrations/2026_01_01_000000_add.php", "2026_01_01_000000_add"),
        ("knex", "migrations/1_first.ts", "1_first.ts"),
        ("knex", "migrations/1_first.d.ts", None),
        ("typeorm", "migrations/1700000000000-first.js", "1700000000000"),
        ("sequelize", "migrations/1-first.js", "1-first.js"),
        ("flyway", "sql/V1_2__add.sql", "V1_2__add.sql"),
        ("flyway", "sql/afterMigrate.sql", None),
        ("dbmate", "db/migrations/20260101_add.sql", "20260101"),
        ("node-pg-migrate", "migrations/1700000000000_first.cjs", "1700000000000_first"),
    ],
)
def test_a_file_has_its_name_in_the_ledger(kind: str, path: str, name: str | None) -> None:
    """Each tool's files are named as its ledger names them, and other files are none of them."""
    found = kind_of(kind)
    assert found is not None
    assert name == found.name_of(path)


def test_kinds_are_told_apart() -> None:
    """Every kind has a name of its own, and one that is not there is not found."""
    assert len(KINDS) == len({kind.name for kind in KINDS})
    assert None is kind_of("nothing")


def test_the_journal_of_drizzle() -> None:
    """Entries are known by their moments, and anything else is no journal."""
    assert ("17", "18") == journal_names('{"entries": [{"when": 17}, {"when": 18}]}')
    for text in ("", "[]", '{"entries": [1]}', '{"entries": [{"when": "x"}]}'):
        with pytest.raises(MigrationFailed):
            journal_names(text)


@pytest.mark.parametrize("output", ["", "hello", "amankan:", "amankan:{", 'x amankan:["a"]'])
def test_an_answer_is_marked(output: str) -> None:
    """What a release prints of its own is no answer."""
    with pytest.raises(MigrationFailed):
        answer_of(Said(status=0, output=output), release=RELEASE)


def test_the_last_answer_counts() -> None:
    """Noise around an answer is passed over, and an answer that is no list of names is refused."""
    said = Said(status=0, output='noise\namankan:["x"]\nmore\namankan:["a", "b"]\nnoise')
    assert ("a", "b") == names_in(answer_of(said, release=RELEASE), release=RELEASE)
    for wrong in ({"a": 1}, [1], [""], None, "a"):
        with pytest.raises(MigrationFailed):
            names_in(wrong, release=RELEASE)


def test_a_ledger_holds_what_was_applied() -> None:
    """More, and another order, is as good; a failed migration, or one that is missing, is not."""
    assert Ledger(applied=("b", "a", "old")).holds(("a", "b"))
    assert Ledger(applied=()).holds(())
    assert not Ledger(applied=("a",)).holds(("a", "b"))
    assert not Ledger(applied=("a", "b"), failed=("c",)).holds(("a", "b"))


def test_nowhere_is_nowhere() -> None:
    """Each way of telling an app its database leads to a port at which nobody listens."""
    assert "127.0.0.1:1/" in nowhere("DATABASE_URL")
    assert ("127.0.0.1", "1", "nobody") == tuple(nowhere(f"DB_{part}") for part in ("HOST", "PORT", "NAME"))
