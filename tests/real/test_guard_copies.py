"""A copy of a guarded database is guarded, or says that it is not; and what is no statement of the app is not disturbed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.kit.guarded import Guarded, guard_shop, make_shop, run
from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.place import as_account, environment, own
from tests.kit.postgres.server import Server

from amankan.adapters.guards.postgres.coverage import status
from amankan.adapters.guards.postgres.guard import PostgresGuard
from amankan.adapters.guards.postgres.install import install, remove
from amankan.adapters.guards.postgres.leave import permit
from amankan.model.claim import Claim
from amankan.model.guard import Coverage, Leave, Level

pytestmark = pytest.mark.real

VERSIONS = (15, 18)
REFUSED = "AMG01"
LIMIT_SECONDS = 30
CLAIM = Claim(run="20260105T101500Z-shop-0badcafe", epoch=1)


@pytest.fixture(params=VERSIONS, ids=lambda version: f"postgres{version}")
def server(request: pytest.FixtureRequest, postgres_servers: Servers) -> Server:
    """The oldest and the newest of the servers that most people run."""
    return postgres_servers.version(request.param)


@pytest.fixture
def shop(server: Server) -> Iterator[Guarded]:
    """A shop with a guard at level limit."""
    guarded = guard_shop(server, "limit")
    yield guarded
    guarded.close()


def test_dump_and_restore(shop: Guarded, server: Server) -> None:
    """A restored database is guarded, says that it is a copy and droppable, and brings no permit along."""
    with shop.database.connect() as connection:
        permit(connection, Leave(why="only here", minutes=60))
    dump = server.socket_dir / "shop.dump"
    shop.database.run("pg_dump", "-Fc", "-f", str(dump))
    with server.database() as copy:
        copy.run("pg_restore", "--exit-on-error", "-d", copy.name, str(dump))
        _stands_as_copy(copy, shop)
        with copy.connect() as connection:
            install(connection, "limit", app_role=shop.role.name)
            assert status(connection).whole
            remove(connection)


@pytest.mark.parametrize("level", ["limit", "deny"])
def test_a_copy_leaves_its_origin_alone(server: Server, level: Level) -> None:
    """A guard that is installed anew in a copy and removed there takes nothing away from the origin, on the same server."""
    origin = make_shop(server, "limit")
    run_as_admin(server, f"ALTER ROLE {origin.role.name} CREATEDB CREATEROLE")
    with origin.database.connect() as connection:
        install(connection, level, app_role=origin.role.name)
        before = status(connection)
        assert before.whole
    run_as_admin(server, f"CREATE DATABASE {origin.database.name}_copy TEMPLATE {origin.database.name}")
    with Database(server=server, name=f"{origin.database.name}_copy") as copy, copy.connect() as connection:
        install(connection, level, app_role=origin.role.name)
        assert status(connection).whole
        remove(connection)
        assert status(connection).level is None
        with origin.database.connect() as there:
            assert before == status(there)
            remove(there)
    origin.close()


def run_as_admin(server: Server, statement: str) -> None:
    """A statement of the server's own superuser was run."""
    with server.connect() as connection:
        run(connection, statement)


def test_restore_on_a_server_without_the_roles(shop: Guarded, server: Server) -> None:
    """Where the roles of the origin are not known, a restore without owners is guarded all the same."""
    dump = server.socket_dir / "shop.dump"
    shop.database.run("pg_dump", "-Fc", "-f", str(dump))
    with Server(find_build(server.version)) as other, other.database() as copy:
        copy.run("pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "-d", copy.name, str(dump))
        with copy.connect() as connection:
            # Not whether it is at home: servers of the kit are copies of one cluster and share its identifier.
            assert [copy.name] == _lacking(status(connection))
            _refused(connection, "DELETE FROM reviews")
            _refused(connection, "DROP TABLE items")


def test_clone_and_swap(shop: Guarded, server: Server) -> None:
    """A clone is guarded; a permit of the clone holds there only, and goes along when the names are swapped."""
    name, kept, clone = shop.database.name, f"{shop.database.name}_before", f"{shop.database.name}_run7"
    guard = _guard(server)
    with server.connect() as admin:
        run(admin, f"CREATE DATABASE {clone} TEMPLATE {name}")
        copy = Database(server=server, name=clone)
        _stands_as_copy(copy, shop)
        guard.permit(clone, why="the migration", minutes=5, claim=CLAIM)
        _refused_in(shop.database, "DROP TABLE items")
        copy.execute("ALTER TABLE customers DROP COLUMN notes")
        with admin.transaction():
            run(admin, f"ALTER DATABASE {name} RENAME TO {kept}")
            run(admin, f"ALTER DATABASE {clone} RENAME TO {name}")
        shop.database.execute("ALTER TABLE customers DROP COLUMN points")
        _refused_in(Database(server=server, name=kept), "DROP TABLE items")
        guard.settle(name, claim=CLAIM)
        _refused_in(shop.database, "DROP TABLE items")
        with shop.database.connect() as connection:
            seen = status(connection)
            assert seen.whole
            assert seen.at_home
        run(admin, f"ALTER DATABASE {kept} IS_TEMPLATE false")
        run(admin, f"DROP DATABASE {kept}")


def test_cleaning_restore_leaves_every_row(shop: Guarded, server: Server) -> None:
    """
    `pg_restore --clean`, run as the app's role over the guarded database, leaves every row.

    It drops keys, which hold no rows, and so may put a second copy beside each: what was there is still there.
    """
    dump = server.socket_dir / "shop.dump"
    shop.database.run("pg_dump", "-Fc", "-f", str(dump))
    question = "SELECT DISTINCT i::text FROM items i UNION ALL SELECT DISTINCT c::text FROM customers c ORDER BY 1"
    before = shop.database.rows(question)
    role, address = ("--username", shop.role.name), shop.database.url_for(shop.role)
    said = shop.database.run("pg_restore", "--clean", "--if-exists", *role, "-d", address, str(dump), check=False)
    assert 0 != said.returncode
    assert before == shop.database.rows(question)
    assert "cannot run DROP TABLE" in said.stderr


def test_window_of_level_deny(server: Server) -> None:
    """At level deny a migration of the app's role passes under the run's permit, and what it made is not its own."""
    guarded = guard_shop(server, "deny")
    guard = _guard(server)
    name = guarded.database.name
    with guarded.connect() as app:
        _refused(app, "ALTER TABLE customers DROP COLUMN notes")
        guard.permit(name, why="the migration", minutes=5, claim=CLAIM)
        run(app, "ALTER TABLE customers DROP COLUMN notes")
        run(app, "CREATE TABLE coupons (id serial PRIMARY KEY, code text); CREATE TYPE size AS ENUM ('s')")
        guard.settle(name, claim=CLAIM)
        guard.settle(name, claim=CLAIM)
        run(app, "INSERT INTO coupons (code) SELECT 'c' FROM generate_series(1, 30)")
        _refused(app, "DROP TABLE coupons")
        _refused(app, "DELETE FROM coupons")
    with guarded.database.connect() as connection:
        assert status(connection).whole
        remove(connection)
    with guarded.connect() as app:
        run(app, "DROP TABLE coupons; DROP TABLE items; DROP TYPE size")
    guarded.close()


def test_port_without_a_guard(server: Server) -> None:
    """Where there is no guard a permit means nothing and leaves nothing."""
    guard = _guard(server)
    with server.database() as database:
        guard.permit(database.name, why="nothing to pass", minutes=5, claim=CLAIM)
        guard.settle(database.name, claim=CLAIM)
        assert guard.settled(database.name, run=CLAIM.run)


def test_replication_is_not_stopped(shop: Guarded, server: Server) -> None:
    """What a publisher deletes and truncates is applied by a guarded subscriber, which stops its own app all the same."""
    origin = make_shop(server, "limit")
    with origin.database.connect() as source, shop.database.connect() as target:
        slot = f"slot_{origin.database.name}"
        run(source, "CREATE PUBLICATION all_of_it FOR TABLE reviews, settings, staging_import")
        run(source, "ALTER TABLE staging_import REPLICA IDENTITY FULL")
        run(source, f"SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')")
        words = sql.SQL(
            "CREATE SUBSCRIPTION theirs CONNECTION {} PUBLICATION all_of_it"
            " WITH (create_slot = false, slot_name = {}, copy_data = false)"
        )
        target.execute(words.format(sql.Literal(origin.database.url), sql.Identifier(slot)))
        try:
            run(source, "DELETE FROM reviews")
            run(source, "TRUNCATE staging_import")
            run(source, "INSERT INTO settings VALUES ('last', 'one')")
            _until(target, "SELECT count(*) FROM settings WHERE name = 'last'", 1)
            assert (0,) == target.execute("SELECT count(*) FROM reviews").fetchone()
            assert (0,) == target.execute("SELECT count(*) FROM staging_import").fetchone()
            _refused_in(shop.database, "TRUNCATE items")
        finally:
            run(target, "ALTER SUBSCRIPTION theirs DISABLE")
            run(target, "ALTER SUBSCRIPTION theirs SET (slot_name = NONE)")
            run(target, "DROP SUBSCRIPTION theirs")
            _until(source, f"SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{slot}' AND active", 0)
            run(source, f"SELECT pg_drop_replication_slot('{slot}')")
    with server.connect() as admin:
        origin.database.drop()
        run(admin, f"DROP ROLE {origin.role.name}")


def test_without_a_superuser(server: Server) -> None:
    """The owner of tables installs what it may: limits hold, the rest is named, and it all goes again."""
    guarded = make_shop(server, "limit")
    with guarded.connect() as own:
        changes = install(own, "limit", app_role=guarded.role.name)
        assert {"event triggers", "guard's owner", "app's role"} <= {gap.object for gap in changes.gaps}
        _refused(own, "DELETE FROM reviews")
        _refused(own, "TRUNCATE items")
        with pytest.raises(psycopg.Error, match="template"):
            run(own, f"DROP DATABASE {guarded.database.name}")
        seen = status(own)
        assert not seen.whole
        assert {"event trigger"} == {one.kind for one in seen.objects if not one.covered}
        run(own, "CREATE TABLE later AS SELECT * FROM items")
        assert "public.later" in _lacking(status(own))
        install(own, "limit", app_role=guarded.role.name)
        assert "public.later" not in _lacking(status(own))
        remove(own)
        run(own, "DELETE FROM reviews")
    guarded.close()


def _guard(server: Server) -> PostgresGuard:
    return PostgresGuard(lambda name, _: server.connect(name))


def _stands_as_copy(copy: Database, origin: Guarded) -> None:
    with copy.connect() as connection:
        seen = status(connection)
        assert "limit" == seen.level
        assert not seen.at_home
        assert [copy.name] == _lacking(seen)
        assert any(origin.database.name in str(gap.reason) for gap in seen.gaps)
        _refused(connection, "DELETE FROM reviews")
        _refused(connection, "TRUNCATE items")
        _refused(connection, "DROP TABLE items")


def _lacking(seen: Coverage) -> list[str]:
    return [one.object for one in seen.objects if not one.covered]


def _refused(connection: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        run(connection, statement)
    assert REFUSED == caught.value.sqlstate, caught.value


def _refused_in(database: Database, statement: str) -> None:
    with database.connect() as connection:
        _refused(connection, statement)


def _until(connection: psycopg.Connection[Any], question: str, expected: int) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        row = connection.execute(sql.SQL(question)).fetchone()
        if row == (expected,):
            return
        time.sleep(0.05)
    raise AssertionError(f"{question}: not {expected} within {LIMIT_SECONDS} s")


def test_upgrade_of_the_server() -> None:
    """After `pg_upgrade` everything of level deny stands, and a permit of the old server is worth nothing."""
    trust = "local all all trust\nhost all all 127.0.0.1/32 trust"
    with Server(find_build(15), access=trust) as old, Server(find_build(17), access=trust) as new:
        guarded = guard_shop(old, "deny")
        with guarded.database.connect() as connection:
            permit(connection, Leave(why="only before", minutes=60))
        old.stop()
        new.stop()
        _upgrade(old, new)
        new.start()
        upgraded = Database(server=new, name=guarded.database.name)
        with new.connect(upgraded.name) as connection:
            seen = status(connection)
            assert seen.whole
            assert not seen.at_home
            assert (3000,) == connection.execute("SELECT count(*) FROM items").fetchone()
            _refused(connection, "DROP TABLE items")
            run(connection, f"SET ROLE {guarded.role.name}")
            _refused(connection, "DELETE FROM reviews")
            _refused(connection, "DROP TABLE items")


def _upgrade(old: Server, new: Server) -> None:
    folder = new.socket_dir / "upgrade"
    folder.mkdir()
    own(folder)
    words = [str(new.build.program("pg_upgrade")), "--username=postgres", f"--socketdir={folder}"]
    words += [f"--old-bindir={old.bin_dir}", f"--new-bindir={new.bin_dir}"]
    words += [f"--old-datadir={old.data_dir}", f"--new-datadir={new.data_dir}"]
    subprocess.run(as_account(words), check=True, cwd=folder, env=environment(), capture_output=True)
