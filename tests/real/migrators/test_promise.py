"""The promise of `ports.migrator`, kept by the real tools on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, MigratorCase
from tests.contract.test_migrator import (
    LIMIT_SECONDS,
    test_a_migrated_database_holds_what_the_release_expects,
    test_a_superseded_process_migrates_nothing,
    test_releases_say_what_they_bring,
    test_what_is_not_there_is_not_migrated,
)
from tests.kit.postgres.database import Database
from tests.real.migrators.place import Place, add_migration, place

from amankan.adapters.migrators.alembic import AlembicMigrator
from amankan.adapters.migrators.command import CommandMigrator
from amankan.adapters.migrators.django import DjangoMigrator
from amankan.adapters.migrators.kinds import kind_of
from amankan.adapters.migrators.prisma import PrismaMigrator
from amankan.ports.migrator import Migrator

pytestmark = pytest.mark.real

__all__ = [
    "test_a_migrated_database_holds_what_the_release_expects",
    "test_a_superseded_process_migrates_nothing",
    "test_releases_say_what_they_bring",
    "test_what_is_not_there_is_not_migrated",
]

DEPLOY = ("prisma", "migrate", "deploy")


def prisma(place: Place) -> Migrator:
    """Return Prisma, with a column more in the second release."""
    add_migration(place, 'alter table "Customer" add column note text;\n')
    return PrismaMigrator(place.site, DEPLOY)


def django(place: Place) -> Migrator:
    """Return Django, whose first release lacks the second migration."""
    (place.of(place.before) / "shop" / "migrations" / "0002_note.py").unlink()
    return DjangoMigrator(place.site)


def alembic(place: Place) -> Migrator:
    """Return Alembic, whose first release lacks the second migration."""
    (place.of(place.before) / "versions" / "0002_note.py").unlink()
    return AlembicMigrator(place.site)


def knex(place: Place) -> Migrator:
    """Return a command that knex records."""
    (place.of(place.before) / "migrations" / "20260102_second.cjs").unlink()
    kind = kind_of("knex")
    assert kind is not None
    return CommandMigrator(place.site, ("knex", "--knexfile=knexfile.cjs", "migrate:latest"), kind=kind)


CASES = {"prisma": prisma, "django": django, "alembic": alembic, "knex": knex}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, any_database: Database, tmp_path: Path) -> Iterator[MigratorCase]:
    """Yield a real tool, and a database that the first release has migrated."""
    with place(request.param, any_database, folder=tmp_path) as made:
        migrator = CASES[request.param](made)
        migrator.migrate(made.before, database=any_database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        yield MigratorCase(migrator=migrator, before=made.before, after=made.after, database=any_database.name)
