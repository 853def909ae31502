"""The guard's own life on every version of the server: it comes, says what it is, lets pass what may, and goes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from tests.kit.corpus import LEVELS
from tests.kit.guarded import Guarded, guard_shop, make_shop, run
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.server import Server

from amankan.adapters.guards.postgres.coverage import status
from amankan.adapters.guards.postgres.install import install, plan, remove
from amankan.adapters.guards.postgres.leave import permit, revoke
from amankan.adapters.guards.postgres.ring import refusals
from amankan.adapters.guards.postgres.trial import trial
from amankan.errors import ConfigurationFault, EngineFailed, Refused
from amankan.model.guard import Leave, Level, Limit, Limits

pytestmark = pytest.mark.real

REFUSED = "AMG01"


@pytest.fixture
def shop(postgres: Server) -> Iterator[Guarded]:
    """A shop with a guard at level limit, on each version in turn."""
    guarded = guard_shop(postgres, "limit")
    yield guarded
    guarded.close()


@pytest.mark.parametrize("level", LEVELS)
def test_whole_after_install(postgres: Server, level: Level) -> None:
    """After an installation everything that the level promises stands, and each forbidden statement is refused."""
    guarded = guard_shop(postgres, level)
    with guarded.database.connect() as connection:
        seen = status(connection)
        assert level == seen.level
        assert [] == [one for one in seen.objects if not one.covered]
        assert seen.whole
        trials = trial(connection)
        assert [] == [one for one in trials if not one.refused]
        assert len(trials) >= (9 if level == "watch" else 20)
    guarded.close()


@pytest.mark.parametrize("level", LEVELS)
def test_remove_takes_back_exactly(postgres: Server, level: Level) -> None:
    """Installed, removed, installed and removed again: schema, owners, grants and roles are those of before."""
    guarded = make_shop(postgres, level)
    before = _everything(guarded)
    with guarded.database.connect() as connection:
        for _ in range(2):
            install(connection, level, app_role=guarded.role.name)
            assert before != _everything(guarded)
            remove(connection)
            assert before == _everything(guarded)
        assert () == remove(connection)
    guarded.close()


def test_plan_changes_nothing(postgres: Server) -> None:
    """The plan of level deny names every role, grant and owner, and leaves the database as it is."""
    guarded = make_shop(postgres, "limit")
    before = _everything(guarded)
    with guarded.database.connect() as connection:
        planned = plan(connection, "deny", app_role=guarded.role.name)
        assert before == _everything(guarded)
        assert planned == install(connection, "deny", app_role=guarded.role.name)
    kinds = {change.kind for change in planned.changes}
    assert {"role", "grant", "owner", "triggers", "event trigger", "schema", "database"} <= kinds
    assert any(change.object == "table audit.trail" and change.kind == "owner" for change in planned.changes)
    guarded.close()


def test_record_outlives_the_rollback(shop: Guarded) -> None:
    """A refused statement is recorded with who, from where and what, although its transaction is gone."""
    with shop.connect(application_name="the shop") as app, pytest.raises(psycopg.Error):
        run(app, "BEGIN; DELETE FROM reviews; COMMIT")
    with shop.connect(application_name="a seed") as app, pytest.raises(psycopg.Error):
        run(app, "TRUNCATE items")
    with shop.database.connect() as connection:
        count, (last, first) = refusals(connection)
    assert 2 == count
    expected = ("delete-last", "DELETE", "public.reviews", 400, shop.role.name, "the shop", "127.0.0.1")
    assert expected == (
        first.rule,
        first.verb,
        first.object,
        first.rows,
        first.role,
        first.application,
        first.address,
    )
    assert ("truncate", "TRUNCATE", "public.items", "a seed") == (last.rule, last.verb, last.object, last.application)
    assert 1 == first.number
    assert first.time <= last.time


def test_ring_keeps_the_last(shop: Guarded) -> None:
    """The number of refusals counts on; of the last sixteen every one is known, also after a new installation."""
    with shop.connect() as app:
        for _ in range(40):
            with pytest.raises(psycopg.Error):
                run(app, "TRUNCATE items")
    with shop.database.connect() as connection:
        install(connection, "limit", app_role=shop.role.name)
        count, last = refusals(connection)
    assert 40 == count
    assert list(range(40, 24, -1)) == [one.number for one in last]


def test_permit_lets_pass_and_ends(shop: Guarded) -> None:
    """A permit lets its tables pass and no others; revoked it is worth nothing; passing left a trace."""
    with shop.database.connect() as connection, shop.connect() as app:
        given = permit(connection, Leave(why="cleaning", minutes=5, tables=("reviews",)))
        assert ("public.reviews",) == given.tables
        run(app, "DELETE FROM reviews")
        _refused(app, "DELETE FROM sessions")
        _refused(app, "DROP TABLE items")
        revoke(connection, given)
        run(app, "INSERT INTO reviews (stars) SELECT 1 FROM generate_series(1, 50)")
        _refused(app, "DELETE FROM reviews")
        traces = connection.execute("SELECT verb, object FROM amankan_guard.passage").fetchall()
        assert [("DELETE", "public.reviews")] == traces


def test_permit_is_narrow(shop: Guarded) -> None:
    """A permit that is expired, of another role, of another run or of another database is worth nothing."""
    with shop.database.connect() as connection, shop.connect() as app:
        permit(connection, Leave(why="another role", minutes=5, role="somebody"))
        permit(connection, Leave(why="another run", minutes=5, run="run-7"))
        old = permit(connection, Leave(why="old", minutes=5))
        connection.execute(
            "UPDATE amankan_guard.permit SET expires_at = clock_timestamp() - interval '1 second' WHERE id = %s",
            [int(old.id)],
        )
        foreign = permit(connection, Leave(why="foreign", minutes=5))
        connection.execute("UPDATE amankan_guard.permit SET database_oid = 1 WHERE id = %s", [int(foreign.id)])
        strange = permit(connection, Leave(why="strange", minutes=5))
        connection.execute("UPDATE amankan_guard.permit SET system_identifier = '1' WHERE id = %s", [int(strange.id)])
        _refused(app, "DELETE FROM reviews")
        run(app, "SET application_name = 'run-7'")
        run(app, "DELETE FROM reviews")


def test_permit_refuses_nonsense(shop: Guarded) -> None:
    """A permit needs a reason, a time within a day, tables that are there, and the guard's rights."""
    with shop.database.connect() as connection, shop.connect() as app:
        for why, minutes, tables, expected in (
            ("", 5, (), Refused),
            ("x", 0, (), ConfigurationFault),
            ("x", 10_000, (), ConfigurationFault),
            ("x", 5, ("never_was",), Refused),
        ):
            with pytest.raises(expected):
                permit(connection, Leave(why=why, minutes=minutes, tables=tables))
        with pytest.raises(EngineFailed, match="permission denied"):
            permit(app, Leave(why="for me", minutes=5))


def test_limits_count_exactly(postgres: Server) -> None:
    """Just the limit passes and one row more does not, whatever the session did before, in one statement or many."""
    limit = Limit(delete_rows=100, delete_share=None, update_rows=200, update_share=None)
    guarded = guard_shop(postgres, "limit", limits=Limits(default=limit))
    # The oldest server counts along what the session did within its last half second.
    rest = "SELECT pg_sleep(0.6)" if postgres.version < 15 else "SELECT 1"
    with guarded.connect() as app:
        for number in range(5):
            run(app, f"DELETE FROM items WHERE id BETWEEN {number * 100 + 1} AND {number * 100 + 100}")
            run(app, rest)
        _refused(app, "DELETE FROM items WHERE id BETWEEN 1001 AND 1101")
        run(app, rest)
        with pytest.raises(psycopg.Error, match="duplicate key"):
            run(app, "DELETE FROM items WHERE id BETWEEN 1001 AND 1099; INSERT INTO settings VALUES ('setting 1')")
        run(app, rest)
        run(app, "DELETE FROM items WHERE id BETWEEN 1001 AND 1100")
        run(app, "UPDATE items SET amount = 0 WHERE id BETWEEN 2001 AND 2200")
        run(app, rest)
        _refused(app, "UPDATE items SET amount = 0 WHERE id BETWEEN 2001 AND 2201")
    guarded.close()


def test_free_tables(postgres: Server) -> None:
    """A table that a rule leaves free has no guard at all, also when it is made later."""
    guarded = guard_shop(postgres, "limit")
    with guarded.connect() as app:
        run(app, "CREATE TABLE free_queue AS SELECT * FROM sessions")
        run(app, "DELETE FROM free_queue")
        run(app, "TRUNCATE free_queue")
        run(app, "DROP TABLE free_queue")
    guarded.close()


def test_row_security_does_not_deceive(shop: Guarded) -> None:
    """The rows that a policy hides from the app are counted as left: its own may go, all may not."""
    with shop.connect() as app, shop.database.connect() as connection:
        role = shop.role.name
        run(app, "CREATE TABLE notes (id integer, owner text); INSERT INTO notes SELECT n, 'a' FROM generate_series(1, 9) n")
        run(app, "INSERT INTO notes SELECT n, 'b' FROM generate_series(1, 100) n")
        run(app, "ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY")
        run(app, "CREATE POLICY own ON notes USING (owner = 'a')")
        run(app, "DELETE FROM notes")
        assert (100,) == connection.execute("SELECT count(*) FROM notes").fetchone(), role


def test_counting_without_counters(postgres: Server) -> None:
    """Where track_counts is off at the installation, the rows themselves are counted, over the whole transaction."""
    guarded = make_shop(postgres, "limit")
    with postgres.connect() as connection:
        run(connection, f'ALTER DATABASE "{guarded.database.name}" SET track_counts = off')
    with guarded.database.connect() as connection:
        changes = install(connection, "limit", app_role=guarded.role.name)
        assert "counters" in [gap.object for gap in changes.gaps]
    with guarded.connect() as app:
        _refused(app, "DELETE FROM reviews")
        _refused(app, "DELETE FROM events")
        _refused(app, "DELETE FROM items WHERE id <= 1001")
        _refused(app, "UPDATE customers SET points = 0")
        _refused(app, "DO $$ BEGIN FOR n IN 1..400 LOOP DELETE FROM reviews WHERE id = n; END LOOP; END $$")
        run(app, "DELETE FROM reviews WHERE id <= 100")
        run(app, "UPDATE customers SET points = 0 WHERE id = 1")
    guarded.close()


def test_counting_switched_off_later(shop: Guarded) -> None:
    """A guard that cannot count any more refuses rather than let pass, and says so."""
    with postgres_setting(shop, "track_counts", "off"), shop.connect() as app:
        with pytest.raises(psycopg.Error) as caught:
            run(app, "DELETE FROM reviews WHERE id = 1")
        assert "track_counts" in str(caught.value)
        with shop.database.connect() as connection:
            lacking = [one for one in status(connection).objects if not one.covered]
            assert {"table"} == {one.kind for one in lacking}
            install(connection, None, app_role=shop.role.name)
            assert status(connection).whole
        _refused(app, "UPDATE customers SET points = 0")


def test_small_update_limits(postgres: Server) -> None:
    """A limit of a few updated rows holds just as one of many, in one statement or many."""
    limit = Limit(update_rows=5, update_share=None)
    guarded = guard_shop(postgres, "limit", limits=Limits(default=limit))
    with guarded.connect() as app:
        _refused(app, "UPDATE items SET amount = 0 WHERE id <= 6")
        rest = "SELECT pg_sleep(0.6)" if postgres.version < 15 else "SELECT 1"
        for _ in range(4):
            run(app, rest)
            run(app, "UPDATE items SET amount = 0 WHERE id <= 5")
        run(app, rest)
        _refused(app, "DO $$ BEGIN FOR n IN 1..6 LOOP UPDATE items SET amount = 0 WHERE id = n; END LOOP; END $$")
    guarded.close()


def test_extensions_take_no_table_away(postgres_servers: Servers) -> None:
    """A table that an extension takes in would have no guard: refused, like the column and the trigger that go with one."""
    guarded = guard_shop(postgres_servers.version(15), "limit")
    with guarded.connect() as app:
        run(app, "CREATE EXTENSION hstore; CREATE EXTENSION citext; ALTER TABLE customers ADD COLUMN nick citext")
        run(app, "ALTER TRIGGER amankan_guard_delete ON items DEPENDS ON EXTENSION hstore")
        for statement in (
            "ALTER EXTENSION hstore ADD TABLE items",
            "DROP EXTENSION citext CASCADE",
            "DROP EXTENSION hstore",
        ):
            _refused(app, statement)
        run(app, "ALTER TRIGGER amankan_guard_delete ON items NO DEPENDS ON EXTENSION hstore")
        run(app, "DROP EXTENSION hstore")
    guarded.close()


def _refused(connection: psycopg.Connection[object], statement: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        run(connection, statement)
    assert REFUSED == caught.value.sqlstate, caught.value


class postgres_setting:  # noqa: N801
    """For a while, a setting of the database."""

    def __init__(self, guarded: Guarded, name: str, value: str) -> None:
        """Keep the three."""
        self._guarded, self._name, self._value = guarded, name, value

    def __enter__(self) -> None:
        self._set(f"SET {self._name} = {self._value}")

    def __exit__(self, *_: object) -> None:
        self._set(f"RESET {self._name}")

    def _set(self, words: str) -> None:
        with self._guarded.database.server.connect() as connection:
            run(connection, f'ALTER DATABASE "{self._guarded.database.name}" {words}')


def _everything(guarded: Guarded) -> str:
    """Return the schema as a dump has it, with owners and grants, and the roles and the database itself."""
    dump = guarded.database.run("pg_dump", "--schema-only").stdout
    dump = re.sub(r"\\(un)?restrict \S+", "", dump)
    rows = guarded.database.rows(
        "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, rolbypassrls FROM pg_roles"
        " WHERE rolname !~ '^pg_' ORDER BY 1"
    )
    rows += guarded.database.rows(
        "SELECT pg_get_userbyid(datdba), datistemplate, a.grantee::regrole::text, a.privilege_type"
        " FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) a"
        " WHERE datname = current_database() ORDER BY 3, 4"
    )
    return f"{dump}\n{rows}"
