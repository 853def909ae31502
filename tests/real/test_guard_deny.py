"""Level deny takes power away and nothing else: the app works on, and afterwards everything is what it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.kit.denied import Place, lend_place
from tests.kit.guarded import run
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.server import Server

from amankan.adapters.guards.postgres.coverage import status
from amankan.adapters.guards.postgres.grants import MAINTAIN_SINCE
from amankan.adapters.guards.postgres.install import install, plan, remove
from amankan.adapters.guards.postgres.window import close_window, open_window

pytestmark = pytest.mark.real

CLOSED = """
ALTER DATABASE {db} OWNER TO postgres; REVOKE ALL ON DATABASE {db} FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE {db} TO {app};
ALTER SCHEMA public OWNER TO postgres; REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT ALL ON SCHEMA public TO {app};
"""


@pytest.fixture(params=(15, 18), ids=lambda version: f"postgres{version}")
def place(request: pytest.FixtureRequest, postgres_servers: Servers) -> Iterator[Place]:
    """A database that belongs to its app, with another role beside it that owns a schema and a table of its own."""
    yield from lend_place(postgres_servers.version(request.param))


@pytest.fixture
def any_place(any_postgres: Server) -> Iterator[Place]:
    """A place where the version does not matter."""
    yield from lend_place(any_postgres)


def test_an_app_connects_afterwards(place: Place) -> None:
    """What the app had been granted on a database, a schema and a table of others is there after the removal."""
    place.run("CREATE VIEW own AS SELECT * FROM kinds")
    place.admin(CLOSED + "GRANT USAGE ON SCHEMA theirs TO {app}; GRANT SELECT, UPDATE (secret) ON theirs.numbers TO {app}")
    before = place.privileges()
    for _ in range(2):
        place.install()
        place.run("SELECT n FROM theirs.numbers; SELECT * FROM own")
        place.remove()
        place.run("SELECT n FROM theirs.numbers; SELECT * FROM own")
        assert before == place.privileges()


def test_a_superuser_keeps_what_it_was_granted(place: Place) -> None:
    """Where the app was a superuser, grants on other roles' things, on columns too, are there after the removal."""
    place.admin(
        "ALTER ROLE {app} SUPERUSER; GRANT USAGE ON SCHEMA theirs TO {app}; GRANT SELECT ON theirs.numbers TO {app};"
        "GRANT UPDATE (secret) ON theirs.numbers TO {app}; GRANT USAGE ON SEQUENCE theirs.numbers_n_seq TO {app}"
    )
    before = place.privileges()
    place.install()
    place.run("INSERT INTO theirs.numbers DEFAULT VALUES; SELECT * FROM theirs.numbers")
    place.remove()
    assert before == place.privileges()


def test_an_owner_of_before_keeps_its_own(place: Place) -> None:
    """A role that has the owner's name and something here is left alone, and another one owns what was the app's."""
    place.admin(
        "CREATE ROLE {owner} NOLOGIN; CREATE TABLE secret (x int); ALTER TABLE secret OWNER TO {owner};"
        "GRANT SELECT ON secret TO {app};"
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT ON TABLES TO {app}"
    )
    before = place.privileges()
    place.install()
    assert f"{place.owner}_2" == place.owners()["kinds"]
    place.run("SELECT * FROM secret")
    place.remove()
    assert [place.owner, place.app.name] == [place.owners()[name] for name in ("secret", "kinds")]
    assert before == place.privileges()


def test_a_person_does_not_become_the_owner(any_place: Place) -> None:
    """A role that can log in or has members is not made the owner; one that nobody uses is."""
    place = any_place
    place.admin("CREATE ROLE {owner} LOGIN")
    place.install()
    assert f"{place.owner}_2" == place.owners()["kinds"]
    place.remove()
    place.admin("ALTER ROLE {owner} NOLOGIN; GRANT {owner} TO {other}")
    place.install()
    assert f"{place.owner}_2" == place.owners()["kinds"]
    place.remove()
    place.admin("REVOKE {owner} FROM {other}")
    place.install()
    assert place.owner == place.owners()["kinds"]


def test_memberships_come_back(place: Place) -> None:
    """Each membership comes back once, with its options and from whom it was."""
    place.admin("GRANT {other} TO {app} WITH ADMIN OPTION; GRANT SELECT ON theirs.numbers TO {other}")
    if place.database.server.version >= 16:
        place.admin("REVOKE {other} FROM {app}; GRANT {other} TO {app} WITH INHERIT FALSE, SET TRUE")
        place.admin('CREATE ROLE "creator_{db}" CREATEROLE'.replace("{db}", place.database.name))
        creator = f'"creator_{place.database.name}"'
        place.admin(f"GRANT {{other}} TO {creator} WITH ADMIN OPTION; SET ROLE {creator}; GRANT {{other}} TO {{app}}")
    question = (
        "SELECT roleid, to_jsonb(m) - 'oid' #>> '{}' FROM pg_auth_members m WHERE member ="
        f" (SELECT oid FROM pg_roles WHERE rolname = '{place.app.name}') ORDER BY 1, 2"
    )
    before = place.database.rows(question)
    for _ in range(2):
        place.install()
        assert [] == place.database.rows(question)
        place.remove()
        assert before == place.database.rows(question)


def test_what_a_membership_opened_stays_open(place: Place) -> None:
    """Where a group owned the tables and the app was in it, the app owns nothing and works on."""
    place.run("CREATE TABLE bits (id integer)")
    place.admin("GRANT {other} TO {app}")
    place.run("CREATE VIEW seen AS SELECT n FROM theirs.numbers")
    place.install()
    place.run("SELECT * FROM theirs.numbers; INSERT INTO theirs.numbers DEFAULT VALUES; SELECT * FROM seen")
    with pytest.raises(psycopg.Error):
        place.run("ALTER TABLE theirs.numbers ADD COLUMN x text")
    place.remove()
    place.run("ALTER TABLE theirs.numbers ADD COLUMN x text; SELECT * FROM seen")


def test_keys_and_views_work_on(place: Place) -> None:
    """A foreign key in a closed schema, and an app's views over others' tables, columns and functions, work at level deny."""
    place.admin(CLOSED)
    place.admin(
        "CREATE FUNCTION theirs.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';"
        "REVOKE ALL ON FUNCTION theirs.twice(int) FROM PUBLIC; GRANT EXECUTE ON FUNCTION theirs.twice(int) TO {app};"
        "GRANT USAGE ON SCHEMA theirs TO {app}; GRANT SELECT (n) ON theirs.numbers TO {app}"
    )
    place.run(
        "CREATE TABLE things (kind integer REFERENCES kinds ON DELETE CASCADE);"
        "CREATE VIEW seen AS SELECT n FROM theirs.numbers; CREATE FUNCTION defined() RETURNS int LANGUAGE sql"
        " SECURITY DEFINER AS 'SELECT max(theirs.twice(n)) FROM theirs.numbers'"
    )
    before = place.privileges()
    work = "INSERT INTO things VALUES (1); SELECT * FROM seen; SELECT defined()"
    place.install()
    place.run(work)
    place.remove()
    place.run(work)
    assert before == place.privileges()
    assert [] == place.database.rows(f"SELECT 1 FROM pg_roles WHERE rolname = '{place.owner}'")


def test_a_migration_is_given_what_came_later(place: Place) -> None:
    """After a migration the new views, functions and tables work as well, and the removal leaves no role behind."""
    place.admin(CLOSED)
    place.install()
    place.admin("GRANT USAGE ON SCHEMA theirs TO {app}; GRANT SELECT ON theirs.numbers TO {app}")
    with place.database.connect() as connection:
        assert open_window(connection)
        place.run(
            "CREATE TABLE things (kind integer REFERENCES kinds); CREATE VIEW seen AS SELECT n FROM theirs.numbers;"
            "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION one() FROM PUBLIC;"
            "SELECT lo_from_bytea(4243, 'hello')"
        )
        close_window(connection)
        close_window(connection)
        assert status(connection).whole
    place.run("INSERT INTO things VALUES (1); SELECT * FROM seen; SELECT one(), lo_get(4243)")
    place.remove()
    assert place.app.name == place.owners()["seen"]
    place.run("INSERT INTO things VALUES (1); SELECT * FROM seen; SELECT one(), lo_get(4243)")
    assert [] == place.database.rows(f"SELECT 1 FROM pg_roles WHERE rolname = '{place.owner}'")


def test_large_objects_and_functions_work_on(place: Place) -> None:
    """The app reads and drops its large objects, calls its closed functions, and refreshes where the server can grant that."""
    place.run(
        "SELECT lo_from_bytea(4242, 'hello'); CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "CREATE PROCEDURE done() LANGUAGE sql AS 'SELECT 1'; CREATE AGGREGATE sums(int) (sfunc = int4pl, stype = int);"
        "REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA public FROM PUBLIC; CREATE MATERIALIZED VIEW fresh AS SELECT * FROM kinds"
    )
    before = place.privileges()
    gaps = [gap.object for gap in place.install().gaps]
    place.run("SELECT lo_get(4242), mine(), sums(id) FROM kinds; CALL done(); SELECT * FROM fresh; SELECT lo_unlink(4242)")
    place.run("SELECT lo_from_bytea(4242, 'hello')")
    with place.database.connect() as connection:
        assert status(connection).whole
    if place.database.server.version >= MAINTAIN_SINCE:
        place.run("REFRESH MATERIALIZED VIEW fresh")
        assert "materialized view public.fresh" not in gaps
    else:
        assert "materialized view public.fresh" in gaps
    place.remove()
    assert before == place.privileges()


KINDS = """
CREATE TABLE t (a int, b int, c serial); CREATE STATISTICS st1 ON a, b FROM t;
CREATE TYPE mood AS ENUM ('a'); CREATE TYPE pair AS (a int, b int); CREATE DOMAIN word AS text;
CREATE TYPE span AS RANGE (subtype = date);
CREATE COLLATION plain FROM "C"; CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple); CREATE TEXT SEARCH CONFIGURATION conf (PARSER = "default");
CREATE FUNCTION same(int, int) RETURNS bool LANGUAGE sql AS 'SELECT $1 = $2';
CREATE FUNCTION neg(int) RETURNS int LANGUAGE sql AS 'SELECT -$1';
CREATE OPERATOR === (leftarg = int, rightarg = int, function = same);
CREATE OPERATOR !== (rightarg = int, function = neg);
CREATE PROCEDURE proc(variadic v int[]) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE lots(*) (sfunc = int8inc, stype = int8, initcond = '0');
CREATE AGGREGATE sums(int) (sfunc = int4pl, stype = int);
CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1 AS x; CREATE SEQUENCE s; CREATE SCHEMA more;
CREATE PUBLICATION "p 1" FOR TABLE t; CREATE TABLE "Parts" (a int) PARTITION BY LIST (a);
CREATE TABLE "Parts 1" PARTITION OF "Parts" DEFAULT;
ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON t USING (true);
CREATE RULE r AS ON INSERT TO v DO INSTEAD NOTHING;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; SELECT lo_create(77);
"""

BY_SUPERUSER = """
CREATE AGGREGATE at(float8 ORDER BY anyelement)
    (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra);
CREATE OPERATOR FAMILY fam USING btree;
CREATE OPERATOR CLASS cls FOR TYPE mood USING btree FAMILY fam AS OPERATOR 1 <(anyenum, anyenum);
CREATE FOREIGN DATA WRAPPER wrap; CREATE SERVER far FOREIGN DATA WRAPPER wrap;
CREATE FOREIGN TABLE distant (a int) SERVER far; CREATE USER MAPPING FOR CURRENT_USER SERVER far;
CREATE CAST (pair AS text) WITH INOUT; CREATE LANGUAGE tongue HANDLER plpgsql_call_handler;
"""


def test_every_kind_moves_and_comes_back(place: Place) -> None:
    """Whatever an app's role can own goes to the owner and comes back, but for what the plan names."""
    place.run(KINDS)
    place.admin("ALTER ROLE {app} SUPERUSER")
    place.run(BY_SUPERUSER)
    question = (
        "SELECT classid::regclass::text, objid FROM pg_shdepend WHERE deptype = 'o' AND refobjid ="
        f" (SELECT oid FROM pg_roles WHERE rolname = '{place.app.name}') AND dbid > 0"
        " AND objid NOT IN (SELECT oid FROM pg_type WHERE typtype = 'm') ORDER BY 1, 2"  # an old server moves no multirange
    )
    before = place.database.rows(question)
    gaps = {gap.object for gap in place.install().gaps}
    assert "foreign-data wrapper wrap" in gaps
    left = {classid for classid, _ in place.database.rows(question)}
    assert {"pg_largeobject", "pg_default_acl", "pg_foreign_data_wrapper", "pg_user_mapping"} >= left
    place.run("SELECT lots(*), sums(a), 1 === 1 FROM t; CALL proc(1)")
    place.remove()
    assert before == place.database.rows(question)


def test_temporary_things_do_not_matter(place: Place) -> None:
    """An open session with temporary tables hinders neither the installation nor the state of the guard."""
    with place.connect() as session:
        run(session, "CREATE TEMP TABLE mine (id serial PRIMARY KEY); CREATE TYPE pg_temp.mood AS ENUM ('a')")
        run(session, "CREATE FUNCTION pg_temp.one() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TEMP VIEW v AS SELECT 1")
        place.install()
        with place.database.connect() as connection:
            assert status(connection).whole
            close_window(connection)
            place.remove()
        run(session, "INSERT INTO mine DEFAULT VALUES")


def test_a_role_that_stays_is_not_told_as_gone(place: Place) -> None:
    """Where the owner still has something in another database, the removal does not say that the role was dropped."""
    drop = f'DROP ROLE "{place.owner}"'
    place.install()
    place.admin("CREATE DATABASE elsewhere")
    with place.database.server.connect("elsewhere") as connection:
        run(connection, place.named("GRANT CREATE ON SCHEMA public TO {owner}"))
    assert drop not in [change.do for change in place.remove()]
    assert [(1,)] == place.database.rows(f"SELECT 1 FROM pg_roles WHERE rolname = '{place.owner}'")
    place.admin("DROP DATABASE elsewhere")
    place.admin("DROP ROLE {owner}")
    place.install()
    assert drop in [change.do for change in place.remove()]


def test_ways_around_are_named(place: Place) -> None:
    """At level limit, CREATEROLE where it gives the guard's own role away is a gap, and so is a membership in that role."""
    old = place.database.server.version < 16
    place.admin("ALTER ROLE {app} CREATEROLE; ALTER SCHEMA public OWNER TO postgres; ALTER TABLE kinds OWNER TO postgres")
    with place.database.connect() as connection:
        install(connection, "limit", app_role=place.app.name)
        assert old == _named(status(connection).gaps)
        if old:
            place.run("GRANT amankan_guard TO CURRENT_USER")
        place.admin("ALTER ROLE {app} NOCREATEROLE")
        place.admin("GRANT amankan_guard TO {app}")
        assert _named(status(connection).gaps)
        place.admin("REVOKE amankan_guard FROM {app}")
        assert not _named(status(connection).gaps)


def _named(gaps: Any) -> bool:
    return any(gap.object == "app's role" for gap in gaps)


def test_long_names_are_two(any_postgres: Server) -> None:
    """Databases with long names, counted in bytes, have an owner each, and the split is made."""
    owners = set()
    for last in "ab":
        with any_postgres.database("ü" * 31 + last) as database:
            app = any_postgres.role()
            with any_postgres.connect() as connection:
                run(connection, f'ALTER DATABASE "{database.name}" OWNER TO "{app.name}"')
            with database.connect() as connection:
                planned = plan(connection, "deny", app_role=app.name)
                assert planned == install(connection, "deny", app_role=app.name)
                (owner,) = connection.execute("SELECT owner_role FROM amankan_guard.state").fetchone() or ("",)
                assert (database.name, owner) == connection.execute(
                    "SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
                ).fetchone()
                owners.add(owner)
                remove(connection)
    assert 2 == len(owners)
