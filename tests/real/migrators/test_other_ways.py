"""Commands without a ledger, and releases that migrate by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM
from tests.kit.framework import tools_dir
from tests.kit.postgres.database import Database
from tests.real.migrators.place import Place, airlock_of, columns, place

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.migrators.alembic import AlembicMigrator
from amankan.adapters.migrators.books import PostgresBooks
from amankan.adapters.migrators.command import OWN_TABLE, UnrecordedMigrator
from amankan.adapters.migrators.django import DjangoMigrator
from amankan.adapters.migrators.entrypoint import EntrypointMigrator
from amankan.adapters.migrators.folder import FolderTool
from amankan.adapters.migrators.recognise import recognise
from amankan.errors import MigrationFailed, TimedOut
from amankan.model.database import Ledger
from amankan.model.secret import Secret

pytestmark = pytest.mark.real

LIMIT_SECONDS = 60.0
UPGRADE = ("alembic", "upgrade", "head")


@pytest.fixture
def made(any_database: Database, tmp_path: Path) -> Iterator[Place]:
    """Yield the project of Alembic and an empty database."""
    with place("alembic", any_database, folder=tmp_path) as project:
        (project.of(project.before) / "versions" / "0002_note.py").unlink()
        yield project


def booting(made: Place, *start: str) -> Place:
    """Return the place with releases that start by these words."""
    tools = tools_dir()
    path = f"{tools}/python/bin:/usr/local/bin:/usr/bin:/bin"
    tool = FolderTool(
        lambda asked: str(made.folder / asked.label),
        airlock=airlock_of(made.database),
        surroundings=(("PATH", path),),
        start=start,
    )
    return replace(made, site=replace(made.site, tool=tool))


def unrecorded(made: Place, *words: str) -> UnrecordedMigrator:
    """Return the migrator of a command that keeps no ledger."""
    books = PostgresBooks(lambda name: Secret(made.database.server.url(name)))
    return UnrecordedMigrator(made.site, words, notebook=books)


def test_a_command_is_recorded_by_us(made: Place) -> None:
    """A command that ends well is noted, once for each release, and its note is the same in every database."""
    migrator = unrecorded(made, *UPGRADE)
    for _ in range(2):
        migrator.migrate(made.before, database=made.database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert Ledger(applied=migrator.expected(made.before)) == migrator.ledger(made.database.name)
    assert not migrator.ledger(made.database.name).holds(migrator.expected(made.after))
    assert [("sha256:before", True)] == made.database.rows("select * from amankan.amankan_ledger")


def test_a_failed_command_stands_as_begun(made: Place) -> None:
    """A command that fails leaves a note that it was begun, so that nobody takes the database for untouched."""
    migrator = unrecorded(made, "false")
    with pytest.raises(MigrationFailed, match="status 1"):
        migrator.migrate(made.before, database=made.database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert Ledger(applied=(), failed=("sha256:before",)) == migrator.ledger(made.database.name)


def test_a_notebook_of_somebody_else_is_not_written(made: Place) -> None:
    """A table of the name that belongs to another role, who could have put a trigger on it, is refused."""
    role = made.database.server.role()
    made.database.execute(
        f"create schema amankan; create table amankan.{OWN_TABLE} (name text primary key, finished boolean not null);"
        f' alter table amankan.{OWN_TABLE} owner to "{role.name}"'
    )
    try:
        with pytest.raises(MigrationFailed, match="belongs to somebody else"):
            unrecorded(made, "true").migrate(made.before, database=made.database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    finally:
        made.database.execute(f'drop schema amankan cascade; drop role "{role.name}"')


def test_a_release_that_migrates_when_it_starts(made: Place) -> None:
    """The release runs by its own entrypoint until the ledger is full, and not longer."""
    booted = booting(made, "sh", "-c", "alembic upgrade head && touch started && sleep 1000")
    migrator = EntrypointMigrator(booted.site, AlembicMigrator(booted.site), clock=SystemClock())
    migrator.migrate(made.after, database=made.database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert Ledger(applied=migrator.expected(made.after)) == migrator.ledger(made.database.name)
    assert migrator.strangers(migrator.ledger(made.database.name), release=made.before) == migrator.expected(made.after)


def test_a_release_that_talks_without_end_is_heard(made: Place) -> None:
    """A release that fills its output while it migrates does not stop for us."""
    booted = booting(made, "sh", "-c", "yes | head -c 3000000; alembic upgrade head; sleep 1000")
    migrator = EntrypointMigrator(booted.site, AlembicMigrator(booted.site), clock=SystemClock())
    migrator.migrate(made.after, database=made.database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)


def test_a_release_that_only_starts_is_given_up(made: Place) -> None:
    """A release that never migrates is given up at the limit; one that ends without it fails at once."""
    for start, error in (("sleep 1000", TimedOut), ("echo no; exit 0", MigrationFailed)):
        booted = booting(made, "sh", "-c", start)
        migrator = EntrypointMigrator(booted.site, AlembicMigrator(booted.site), clock=SystemClock())
        with pytest.raises(error):
            migrator.migrate(made.after, database=made.database.name, claim=CLAIM, limit_seconds=2)
        assert Ledger(applied=()) == migrator.ledger(made.database.name)


def test_two_heads_are_explained(made: Place) -> None:
    """A release whose history has two ends is refused with the way out, unless the command says `heads`."""
    versions = made.of(made.after) / "versions"
    (versions / "0003_side.py").write_text("revision, down_revision = '0003', '0001'\ndef upgrade(): pass\n")
    name = made.database.name
    with pytest.raises(MigrationFailed, match="2 heads") as refused:
        AlembicMigrator(made.site).migrate(made.after, database=name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert "alembic merge heads" in str(refused.value.next)
    migrator = AlembicMigrator(made.site, ("alembic", "upgrade", "heads"))
    migrator.migrate(made.after, database=name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert migrator.expected(made.after) == migrator.ledger(name).applied
    assert "0003" in migrator.strangers(migrator.ledger(name), release=made.before)


def test_an_unknown_revision_is_a_stranger(made: Place) -> None:
    """A database that stands at a revision which no file has is not taken for an old one."""
    migrator = AlembicMigrator(made.site)
    migrator.migrate(made.before, database=made.database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    made.database.execute("update alembic_version set version_num = 'gone'")
    ledger = migrator.ledger(made.database.name)
    assert ("gone",) == migrator.strangers(ledger, release=made.after)
    with pytest.raises(MigrationFailed):
        migrator.migrate(made.after, database=made.database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)


def test_a_failing_migration_of_django(any_database: Database, tmp_path: Path) -> None:
    """Django's failed migration leaves its ledger as it was, and the server's reason is told."""
    with place("django", any_database, folder=tmp_path) as made:
        migrations = made.of(made.after) / "shop" / "migrations"
        (migrations / "0003_bad.py").write_text(
            "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
            "    dependencies = [('shop', '0002_note')]\n"
            "    operations = [migrations.RunSQL('select 1/0')]\n"
        )
        migrator = DjangoMigrator(made.site)
        with pytest.raises(MigrationFailed, match=r"shop\.0003_bad is not applied.*division by zero"):
            migrator.migrate(made.after, database=any_database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        ledger = migrator.ledger(any_database.name)
        assert "shop.0002_note" in ledger.applied
        assert "note" in columns(any_database, "shop_customer") or "note" in columns(any_database, "shop_order")
        (migrations / "0002_note.py").rename(migrations / "kept.txt")
        (migrations / "0003_bad.py").unlink()
        assert ("shop.0002_note",) == migrator.strangers(ledger, release=made.after)
        books = PostgresBooks(lambda name: Secret(any_database.server.url(name)))
        found = recognise((), books.tables(any_database.name))
        assert found is not None
        assert "django" == found.name
