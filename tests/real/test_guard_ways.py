"""Ways around the guard that are closed, and ordinary life that it lets pass, on the oldest and the newest version."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.kit.guarded import LIMITS, Guarded, guard_shop, make_shop, run
from tests.kit.postgres.fixtures import Servers

from amankan.adapters.guards.postgres.coverage import status
from amankan.adapters.guards.postgres.install import install
from amankan.adapters.guards.postgres.leave import permit, revoke
from amankan.adapters.guards.postgres.ring import refusals
from amankan.adapters.guards.postgres.trial import trial
from amankan.errors import Refused
from amankan.model.guard import Leave, Level

pytestmark = pytest.mark.real

REFUSED = "AMG01"


@pytest.fixture(params=[14, 18], ids=lambda version: f"postgres{version}")
def shop(request: pytest.FixtureRequest, postgres_servers: Servers) -> Iterator[Guarded]:
    """A shop with a guard at level limit."""
    guarded = guard_shop(postgres_servers.version(request.param), "limit")
    yield guarded
    guarded.close()


WAYS = {
    "a parent that is free": (
        "CREATE TABLE free_p (order_id integer)",
        "ALTER TABLE items INHERIT free_p; DELETE FROM free_p",
    ),
    "a partitioned table that is free": (
        "CREATE TABLE free_above (LIKE settings) PARTITION BY LIST (name)",
        "ALTER TABLE free_above ATTACH PARTITION settings DEFAULT; DELETE FROM free_above",
    ),
    "a new name by ALTER INDEX": ("", "ALTER INDEX settings RENAME TO free_settings; DROP TABLE free_settings"),
    "new rows that stay": (
        "CREATE TABLE rep (id integer); INSERT INTO rep SELECT generate_series(1, 900); SELECT pg_sleep(1.1)",
        "INSERT INTO rep SELECT generate_series(901, 1700); DELETE FROM rep WHERE id <= 700",
    ),
    "checks that look at once": (
        "",
        "BEGIN; SET CONSTRAINTS ALL IMMEDIATE; DROP FUNCTION amankan_guard.on_drop() CASCADE; COMMIT",
    ),
    "a refusal by hand": (
        "",
        "SELECT amankan_guard.weigh('items'::regclass, 'DROP SCHEMA', '[0:3]={1,\"\",\"\",\"\"}'::text[], 999999)",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_around_is_closed(shop: Guarded, way: str) -> None:
    """What would have taken rows, or the guard, is refused, by the guard or by the server."""
    prepared, statement = WAYS[way]
    with shop.connect() as connection:
        if prepared:
            run(connection, prepared)
    with shop.connect() as connection, pytest.raises(psycopg.Error) as refused:
        run(connection, statement)
    assert refused.value.sqlstate in {REFUSED, "42501"}
    with shop.database.connect() as connection:
        assert status(connection).whole


def test_what_lies_below_a_free_table_is_free(shop: Guarded) -> None:
    """New partitions of a free table have no guard, and are named."""
    with shop.connect() as connection:
        run(connection, "CREATE TABLE free_events (at date) PARTITION BY RANGE (at)")
        run(connection, "CREATE TABLE events_1 PARTITION OF free_events DEFAULT; INSERT INTO free_events VALUES (now())")
        run(connection, "DELETE FROM free_events; TRUNCATE events_1")
    with shop.database.connect() as connection:
        seen = status(connection)
    assert seen.whole
    assert "public.events_1" in {gap.object for gap in seen.gaps}


@pytest.mark.parametrize("level", ["limit", "deny"])
def test_default_privileges_give_nothing_away(postgres_servers: Servers, level: Level) -> None:
    """Privileges that a superuser's new tables and functions come with do not reach the guard's."""
    guarded = make_shop(postgres_servers.version(18), "limit")
    role = guarded.role.name
    with guarded.database.connect() as connection:
        run(connection, f'ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO "{role}"')
        run(connection, f'ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO "{role}"')
        run(connection, f'ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO "{role}"')
        run(connection, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
        install(connection, level, limits=LIMITS, app_role=role)
    with guarded.connect() as connection:
        for statement in (
            "UPDATE amankan_guard.permit SET revoked_at = NULL",
            "INSERT INTO amankan_guard.nobody VALUES (1)",
            "SELECT nextval('amankan_guard.refusal')",
            "CREATE TABLE amankan_guard.mine ()",
            "SELECT amankan_guard.note('drop', 'DELETE', NULL, 1)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(connection, statement)
        if level == "limit":
            run(connection, "CREATE TABLE later (a integer); ALTER TABLE later ADD COLUMN b integer")
        with pytest.raises(psycopg.Error, match="settings"):
            run(connection, "DELETE FROM settings")
    guarded.close()


def test_a_schema_that_was_free_is_covered(postgres_servers: Servers) -> None:
    """A table that comes out of a free schema by the schema's new name is guarded."""
    guarded = make_shop(postgres_servers.version(18), "limit")
    with guarded.database.connect() as connection:
        limits = type(LIMITS)(default=LIMITS.default, tables=(("staging.*", LIMITS.tables[0][1]),))
        install(connection, "limit", limits=limits, app_role=guarded.role.name)
    with guarded.connect() as connection:
        run(connection, "CREATE SCHEMA staging; CREATE TABLE staging.t AS SELECT generate_series(1, 50) AS n")
        run(connection, "ALTER SCHEMA staging RENAME TO live")
        with pytest.raises(psycopg.Error) as refused:
            run(connection, "DELETE FROM live.t")
    assert REFUSED == refused.value.sqlstate
    guarded.close()


def test_old_estimates_deceive_nobody(shop: Guarded) -> None:
    """A table that was large when it was last analysed cannot be emptied by those that believe it still is."""
    with shop.connect() as connection:
        run(connection, "CREATE TABLE est (id integer PRIMARY KEY); INSERT INTO est SELECT generate_series(1, 5000)")
        run(connection, "ANALYZE est")
    for last in (900, 1800, 2700, 3600, 4200, 4600):
        with shop.connect() as connection:
            run(connection, f"DELETE FROM est WHERE id <= {last}")
    with shop.connect() as connection, pytest.raises(psycopg.Error) as refused:
        run(connection, "DELETE FROM est")
    assert REFUSED == refused.value.sqlstate


def test_nothing_stays_off_after_a_permit(shop: Guarded) -> None:
    """Triggers that are switched off under a permit leave the guard's own on, and what comes later is no surprise."""
    with shop.database.connect() as admin, shop.connect() as connection:
        given = permit(admin, Leave(why="by hand", minutes=5, tables=("public.items",)))
        run(connection, "ALTER TABLE items DISABLE TRIGGER USER")
        revoke(admin, given)
        assert status(admin).whole
        run(connection, "ALTER TABLE items ADD COLUMN more integer")
        with pytest.raises(psycopg.Error) as refused:
            run(connection, "TRUNCATE items")
    assert REFUSED == refused.value.sqlstate


ORDINARY = {
    "truncate of what is empty": "CREATE TABLE t1 (a integer); TRUNCATE t1",
    "old literals": "SET standard_conforming_strings = off; CREATE TABLE scs (a integer); ALTER TABLE scs ADD b integer;"
    " INSERT INTO scs VALUES (1, 2); DELETE FROM scs; ALTER TABLE scs DROP CONSTRAINT IF EXISTS x",
    "own rows that went": "CREATE TABLE work (a integer); INSERT INTO work SELECT generate_series(1, 900);"
    " DELETE FROM work WHERE a < 900",
    "no parent any more": "CREATE TABLE above (a integer); CREATE TABLE below () INHERITS (above);"
    " ALTER TABLE below NO INHERIT above",
}


@pytest.mark.parametrize("what", ORDINARY)
def test_ordinary_life_passes(shop: Guarded, what: str) -> None:
    """Nothing is refused, and the guard is whole afterwards."""
    with shop.connect() as connection:
        run(connection, ORDINARY[what])
    with shop.database.connect() as connection:
        assert status(connection).whole


def test_an_index_is_made_anew(shop: Guarded) -> None:
    """`REINDEX DATABASE` by its owner and by a superuser passes."""
    for connection in (shop.database.connect(), shop.connect()):
        with connection:
            run(connection, f'REINDEX DATABASE "{shop.database.name}"')


def test_the_apps_role_dumps_and_restores(shop: Guarded) -> None:
    """`pg_dump` as the app's role takes all, and tables of it are loaded by several jobs into a guarded database."""
    account = make_conninfo(dbname=shop.database.name, user=shop.role.name, password=shop.role.password)
    with shop.connect() as connection:
        run(connection, "CREATE TABLE carried (a integer); INSERT INTO carried SELECT generate_series(1, 300)")
    file = shop.database.server.data_dir.parent / "carried.dump"
    shop.database.run("pg_dump", "--file=/dev/null", f"--dbname={account}")
    shop.database.run("pg_dump", "-Fc", "--table=carried", f"--file={file}", f"--dbname={account}")
    with shop.database.connect() as admin:
        permit(admin, Leave(why="a drop", minutes=5, tables=("public.carried",)))
        with shop.connect() as connection:
            run(connection, "DROP TABLE carried")
        run(admin, "UPDATE amankan_guard.permit SET revoked_at = now()")
    # The triggers of the guard that the dump has are there already, which pg_restore says and goes on.
    shop.database.run("pg_restore", "--jobs=2", "--no-owner", "--no-privileges", f"--dbname={account}", str(file), check=False)
    assert 300 == shop.database.value("select count(*) from carried")


def test_a_hint_can_be_typed(shop: Guarded) -> None:
    """The way out that a refusal names is understood, for names in quotes and for a schema too."""
    with shop.connect() as connection:
        run(connection, 'CREATE TABLE "Two Words" AS SELECT generate_series(1, 20) AS n')
        run(connection, 'CREATE TABLE "User" AS SELECT generate_series(1, 20) AS n')
        for statement, typed, meant in (
            ('DELETE FROM "Two Words"', "'public.Two Words'", "public.Two Words"),
            ('DELETE FROM "User"', "'public.User'", "public.User"),
            ("DELETE FROM items", "public.items", "public.items"),
            ("DROP SCHEMA audit CASCADE", "", "audit"),
        ):
            with pytest.raises(psycopg.Error) as refused:
                run(connection, statement)
            assert typed in str(refused.value.diag.message_hint)
            with shop.database.connect() as admin:
                given = permit(admin, Leave(why="typed", minutes=1, tables=(meant,)))
                assert (meant,) == given.tables
                revoke(admin, given)


def test_a_publication_of_all_tables_is_not_broken(postgres_servers: Servers) -> None:
    """The guard does not come where its own tables would be published to subscribers that do not have them."""
    guarded = make_shop(postgres_servers.version(18), "limit")
    with guarded.database.connect() as connection:
        run(connection, "CREATE PUBLICATION whole FOR ALL TABLES")
        with pytest.raises(Refused, match="publication whole publishes all tables"):
            install(connection, "limit", app_role=guarded.role.name)
        assert guarded.database.value("select to_regnamespace('amankan_guard') is null")
        run(connection, "DROP PUBLICATION whole; CREATE PUBLICATION whole FOR TABLES IN SCHEMA public")
        install(connection, "limit", app_role=guarded.role.name)
        assert status(connection).whole
    guarded.close()


def test_a_trial_leaves_the_record_as_it_was(shop: Guarded) -> None:
    """What `aman guard test` has refused is not among the refusals."""
    with shop.database.connect() as admin:
        trial(admin)
        assert (0, ()) == refusals(admin)
        with shop.connect() as connection, pytest.raises(psycopg.Error):
            run(connection, "DELETE FROM items")
        before = refusals(admin)
        assert 1 == before[0]
        trial(admin)
        assert before == refusals(admin)
        with shop.connect() as connection, pytest.raises(psycopg.Error):
            run(connection, "TRUNCATE items")
        assert 2 == refusals(admin)[0]
