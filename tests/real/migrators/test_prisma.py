"""What real `prisma migrate deploy` does, and what its ledger says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql
from tests.contract.cases import CLAIM
from tests.kit.postgres.database import Database, Role
from tests.real.migrators.place import ADDED, Place, add_migration, columns, place

from amankan.adapters.migrators.prisma import PrismaMigrator
from amankan.errors import MigrationFailed, TimedOut
from amankan.model.database import Ledger
from amankan.model.release import Release

pytestmark = pytest.mark.real

INIT = "20260101000000_init"
DEPLOY = ("prisma", "migrate", "deploy")
LIMIT_SECONDS = 60.0
NOTE = 'alter table "Customer" add column note text;\n'


@pytest.fixture
def made(any_database: Database, tmp_path: Path) -> Iterator[Place]:
    """Yield the project of Prisma, and a database that its first release has migrated."""
    with place("prisma", any_database, folder=tmp_path) as project:
        migrate(project, project.before)
        yield project


def migrate(place: Place, release: Release, *, words: tuple[str, ...] = DEPLOY, limit_seconds: float = LIMIT_SECONDS) -> None:
    """Migrate to a release."""
    PrismaMigrator(place.site, words).migrate(release, database=place.database.name, claim=CLAIM, limit_seconds=limit_seconds)


def ledger(place: Place) -> Ledger:
    """Return what Prisma recorded."""
    return PrismaMigrator(place.site, DEPLOY).ledger(place.database.name)


def test_a_failed_migration_is_explained(made: Place) -> None:
    """A migration that fails is known by the ledger, with the server's reason; the next try is refused with the way out."""
    add_migration(made, "create type region as enum ('north');\ncreate type region as enum ('north');\n")
    with pytest.raises(MigrationFailed) as first:
        migrate(made, made.after)
    assert Ledger(applied=(INIT,), failed=(ADDED,)) == ledger(made)
    assert "P3018" in str(first.value)
    assert 'type "region" already exists' in str(first.value)
    with pytest.raises(MigrationFailed) as second:
        migrate(made, made.after)
    assert f"prisma migrate resolve --rolled-back {ADDED}" in str(second.value.next)


def test_a_resolved_migration_is_not_failed(made: Place) -> None:
    """Where the row is as `resolve --rolled-back` leaves it, nothing stands as failed, and the corrected release migrates."""
    add_migration(made, "select 1/0;\n")
    with pytest.raises(MigrationFailed):
        migrate(made, made.after)
    made.database.execute("update _prisma_migrations set rolled_back_at = now() where finished_at is null")
    assert Ledger(applied=(INIT,)) == ledger(made)
    (made.of(made.after) / "prisma" / "migrations" / ADDED / "migration.sql").write_text(NOTE)
    migrate(made, made.after)
    assert Ledger(applied=(INIT, ADDED)) == ledger(made)


def test_status_1_after_the_work_is_no_failure(made: Place) -> None:
    """A command that migrates and then exits with status 1 has migrated."""
    add_migration(made, NOTE)
    migrate(made, made.after, words=("node", "-e", _THEN.format(status=1)))
    assert Ledger(applied=(INIT, ADDED)) == ledger(made)
    assert "note" in columns(made.database, '"Customer"')


@pytest.mark.parametrize("words", [("true",), ("prisma", "migrate", "status"), ("prisma", "--version")])
def test_status_0_without_work_is_a_failure(made: Place, words: tuple[str, ...]) -> None:
    """A command that does nothing is found by the ledger, whatever its status is."""
    add_migration(made, NOTE)
    with pytest.raises(MigrationFailed, match=f"{ADDED} is not applied"):
        migrate(made, made.after, words=words)
    assert Ledger(applied=(INIT,)) == ledger(made)


def test_a_missing_folder_is_not_an_empty_one(made: Place) -> None:
    """An image without the folder of migrations is refused, not taken for one that brings none."""
    folder = made.of(made.after) / "prisma" / "migrations"
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(MigrationFailed, match="cannot find the migrations of after"):
        migrate(made, made.after)


def test_strangers_are_named(made: Place) -> None:
    """A database that is further than the release is seen."""
    add_migration(made, NOTE)
    migrate(made, made.after)
    migrator = PrismaMigrator(made.site, DEPLOY)
    assert (ADDED,) == migrator.strangers(ledger(made), release=made.before)
    assert () == migrator.strangers(ledger(made), release=made.after)


def test_a_lock_is_not_waited_for(made: Place) -> None:
    """A migration behind somebody's lock fails by lock_timeout, long before its limit."""
    add_migration(made, NOTE)
    site = made.site.__class__(
        tool=made.site.tool,
        books=made.site.books,
        environment=made.site.environment,
        stands=made.site.stands,
        lock_seconds=0.5,
    )
    with made.database.connect(autocommit=False) as holder:
        holder.execute('lock table "Customer" in access share mode')
        with pytest.raises(MigrationFailed, match="lock timeout"):
            PrismaMigrator(site, DEPLOY).migrate(
                made.after, database=made.database.name, claim=CLAIM, limit_seconds=LIMIT_SECONDS
            )


def test_a_limit_ends_the_tool(made: Place) -> None:
    """A migration without end is given up at its limit, and its try stands in the ledger."""
    add_migration(made, "select pg_sleep(1000);\n")
    with pytest.raises(TimedOut):
        migrate(made, made.after, limit_seconds=12)
    assert (ADDED,) == ledger(made).failed


def test_a_question_is_not_answered(made: Place) -> None:
    """A command that asks finds its input closed."""
    add_migration(made, NOTE)
    words = ("node", "-e", "process.stdin.on('end', () => process.exit(3)).resume()")
    with pytest.raises(MigrationFailed, match="status 3"):
        migrate(made, made.after, words=words)


def test_no_password_is_shown(made: Place) -> None:
    """A command that prints the database's address prints it without the password, in every form."""
    add_migration(made, NOTE)
    words = ("node", "-e", "const u = process.env.DATABASE_URL; console.log(u, new URL(u).password); console.error(u)")
    with pytest.raises(MigrationFailed) as failure:
        migrate(made, made.after, words=words)
    password = made.database.server.admin.password
    assert password not in str(failure.value)
    assert made.database.server.url(made.database.name) not in str(failure.value)


def test_a_ledger_that_runs_code_is_refused(made: Place, any_database: Database) -> None:
    """A view, a policy or a column that its owner could program is no ledger."""
    role = any_database.server.role()
    try:
        _hand_over(any_database, role)
        with any_database.connect(user=role.name, password=role.password) as owner:
            owner.execute("alter table _prisma_migrations rename to kept")
            owner.execute("create view _prisma_migrations as select * from kept")
        assert Ledger(applied=()) == ledger(made)
        with any_database.connect(user=role.name, password=role.password) as owner:
            owner.execute("drop view _prisma_migrations")
            owner.execute("alter table kept rename to _prisma_migrations")
            owner.execute("create domain programmed as text")
            owner.execute("alter table _prisma_migrations alter column logs type programmed")
        with pytest.raises(MigrationFailed, match="no column logs"):
            ledger(made)
    finally:
        any_database.drop()
        with any_database.server.connect() as connection:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role.name)))


def test_two_ledgers_are_not_chosen_from(made: Place, any_database: Database) -> None:
    """With a table of the name in two schemas nobody guesses."""
    any_database.execute("create schema old; create table old._prisma_migrations (like public._prisma_migrations)")
    with pytest.raises(MigrationFailed, match="one in old and one in public"):
        ledger(made)


def _hand_over(database: Database, role: Role) -> None:
    names = {"role": sql.Identifier(role.name)}
    with database.connect() as connection:
        connection.execute(sql.SQL("grant create, usage on schema public to {role}").format(**names))
        connection.execute(sql.SQL("alter table _prisma_migrations owner to {role}").format(**names))


_THEN = """
const {{ spawnSync }} = require("child_process");
spawnSync("prisma", ["migrate", "deploy"], {{ stdio: "inherit" }});
process.exit({status});
"""
