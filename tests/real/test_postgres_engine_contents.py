"""The engine on real servers of every version: names, settings, roles and sequences as people have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg import sql
from tests.kit.postgres.database import Database
from tests.kit.postgres.engines import ASIDE, CLAIM, CLONE, LIMIT_SECONDS, AppServer, app_server, clone, engine_of, names_of
from tests.kit.postgres.server import Server

from amankan.adapters.engines.postgres.belongings import belongings
from amankan.errors import EngineFailed

pytestmark = pytest.mark.real


@pytest.fixture
def app(postgres: Server) -> Iterator[AppServer]:
    """Yield an app's database on each version in turn, on which our claim stands."""
    with app_server(postgres) as made:
        made.engine.claim(CLAIM, identity=made.engine.identify(made.live))
        yield made


HOSTILE = (
    "we\"ird 'na\\me",
    "数据库 ünï",
    "x" * 63,
    '[amankan {"at": 1}]',
    "a; drop database postgres; --",
    "%s {} $1 =",
    "SELECT",
)


@pytest.mark.parametrize("live", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names(any_postgres: Server, live: str) -> None:
    """A database is claimed, shut, copied, swapped, opened and dropped whatever its name is."""
    with app_server(any_postgres, live=live) as app:
        engine = app.engine
        engine.claim(CLAIM, identity=engine.identify(live))
        held = engine.fingerprint(live)
        clone(app)
        engine.rename(((live, ASIDE), (CLONE, live)), claim=CLAIM)
        engine.rename(((live, "0badcafe'\"" + live[:10]),), claim=CLAIM)
        engine.rename((("0badcafe'\"" + live[:10], live),), claim=CLAIM)
        engine.admit(live, claim=CLAIM)
        assert (CLAIM, held) == (engine.claimed(), engine.fingerprint(live))
        engine.release(CLAIM)


def test_a_name_that_would_be_cut_short(app: AppServer) -> None:
    """A name of 64 bytes is refused, since the server would take another."""
    clone(app)
    with pytest.raises(EngineFailed, match="as the name"):
        app.engine.rename(((CLONE, "0badcafe" + "x" * 56),), claim=CLAIM)


def test_what_belongs_to_it_comes_along(app: AppServer) -> None:
    """Settings, grants, limit and comment are the same after copy and swap, and the comment is the user's own at the end."""
    app.engine.release(CLAIM)
    roles = [app.server.role() for _ in range(2)]
    name, first, second = app.live, roles[0].name, roles[1].name
    with app.server.connect() as connection:
        for statement in (
            f"comment on database {name} is E'our shop\\nof 1999'",
            f"alter database {name} connection limit 42",
            f"alter database {name} set search_path = \"$user\", public, 'My Schema', 'o''clock'",
            f"alter database {name} set work_mem = '7MB'",
            f"alter database {name} set shop.colour = 'red, \"green\"; it''s'",
            f"alter database {name} set temp_tablespaces = ''",
            f"alter role {first} in database {name} set statement_timeout = '3s'",
            f"revoke all on database {name} from public",
            f"grant connect on database {name} to {first} with grant option",
            f"grant create, temporary on database {name} to {second}",
        ):
            connection.execute(statement.encode())
        before = belongings(connection, name)
        app.engine.claim(CLAIM, identity=app.engine.identify(name))
        assert (42, 4, 3) == (before.limit, len([each for each in before.settings if not each[0]]), len(before.settings) - 2)
        clone(app)
        app.engine.rename(((name, ASIDE), (CLONE, name)), claim=CLAIM)
        app.engine.admit(name, claim=CLAIM)
        app.engine.release(CLAIM)
        assert before == belongings(connection, name)
        comments = "select datname, shobj_description(oid, 'pg_database') from pg_database where datname = any(%s)"
        said = dict(connection.execute(comments, [[name, ASIDE]]).fetchall())
        assert "our shop\nof 1999" == said[ASIDE]
        assert said[name].startswith("our shop\nof 1999\n[amankan ")


def test_a_role_without_superuser(postgres: Server) -> None:
    """A role that owns the database and may create some goes all the way; whose session it may not end is named."""
    role = postgres.role(attributes="login createdb")
    with app_server(postgres, role=role) as app:
        app.engine.claim(CLAIM, identity=app.engine.identify(app.live))
        with postgres.connect(app.live, application_name="a cron job"):
            with pytest.raises(EngineFailed, match="a cron job"):
                app.engine.shut(app.live, claim=CLAIM)
            app.engine.admit(app.live, claim=CLAIM)
        clone(app)
        app.engine.rename(((app.live, ASIDE), (CLONE, app.live)), claim=CLAIM)
        app.engine.admit(app.live, claim=CLAIM)
        app.engine.release(CLAIM)


def test_a_role_that_may_create_no_database(any_postgres: Server) -> None:
    """The owner alone may shut and open; a copy is refused, and nothing is left."""
    role = any_postgres.role()
    with app_server(any_postgres, role=role) as app:
        app.engine.claim(CLAIM, identity=app.engine.identify(app.live))
        app.engine.shut(app.live, claim=CLAIM)
        with pytest.raises(EngineFailed, match="permission denied"):
            app.engine.copy(app.live, CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        assert None is app.engine.database(CLONE)
        app.engine.admit(app.live, claim=CLAIM)


def test_a_role_that_may_not_enter_postgres(any_postgres: Server) -> None:
    """Where the database postgres is closed to the role, the server is reached through another one."""
    role = any_postgres.role(attributes="login createdb")
    with any_postgres.connect() as admin, any_postgres.database(owner=role.name):
        admin.execute("revoke connect on database postgres from public")
        try:
            with app_server(any_postgres, role=role) as app:
                app.engine.claim(CLAIM, identity=app.engine.identify(app.live))
                clone(app)
                assert CLAIM == app.engine.claimed()
        finally:
            admin.execute("grant connect on database postgres to public")


SEQUENCES = """
create sequence down increment -5 start -5 minvalue -1000 maxvalue -1;
create sequence round minvalue 1 maxvalue 3 cycle;
create sequence "Hostile "".'name" start 7;
create sequence cached cache 20;
create sequence never start 100;
create schema "S p";
create sequence "S p".big as bigint start 9223372036854775000;
"""


def test_every_kind_of_sequence(app: AppServer) -> None:
    """Sequences that count down, wrap around, keep values back, were never asked or have hostile names never repeat a value."""
    live = Database(server=app.server, name=app.live)
    live.execute(SEQUENCES)
    clone(app)
    for name in (app.live, CLONE):
        app.engine.admit(name, claim=CLAIM)
    ask = "select nextval('down'), nextval('\"Hostile \"\".''name\"'), nextval('cached'), nextval('\"S p\".big')"
    given = [live.rows(ask)[0] for _ in range(3)]
    live.execute("insert into customers (name) values ('last')")
    last = live.value("select max(id) from customers")
    app.engine.shut(app.live, claim=CLAIM)
    app.engine.advance(CLONE, beyond=app.live, claim=CLAIM)
    numbers = dict(app.engine.sequences(app.live))
    ours = dict(app.engine.sequences(CLONE))
    assert [] == [name for name, number in numbers.items() if ours[name] < number]
    copy = Database(server=app.server, name=CLONE)
    new = copy.rows(ask)[0]
    assert (-20, 10) == (new[0], new[1])
    assert all(value not in {row[number] for row in given} for number, value in enumerate(new))
    assert last + 1 == copy.value("insert into customers (name) values ('new') returning id")
    assert 100 == copy.value("select nextval('never')")


def test_a_database_that_another_process_shut(app: AppServer) -> None:
    """What was shut by a process that is gone is read nevertheless, and nobody is let in for it."""
    held, numbers = app.engine.fingerprint(app.live), app.engine.sequences(app.live)
    app.engine.shut(app.live, claim=CLAIM)
    app.engine.close()
    other = engine_of(app.server, live=app.live)
    assert (held, numbers) == (other.fingerprint(app.live), other.sequences(app.live))
    state = other.database(app.live)
    assert state is not None
    assert not state.admits
    assert [] == [name for name in names_of(app.server) if name.startswith("amankan_look_")]
    other.close()


def test_a_kept_database_is_advanced(app: AppServer) -> None:
    """What an earlier run left shut is brought as far as the live database, and is shut afterwards."""
    clone(app)
    app.engine.admit(app.live, claim=CLAIM)
    app.engine.close()
    with app.server.connect(app.live) as session:
        question = "select nextval(oid::regclass) from pg_class, generate_series(1, 10) where relkind = 'S'"
        assert [] != session.execute(question).fetchall()
    other = engine_of(app.server, live=app.live)
    live, kept = other.sequences(app.live), dict(other.sequences(CLONE))
    assert [] != [name for name, number in live if kept[name] < number]
    other.advance(CLONE, beyond=app.live, claim=CLAIM)
    kept = dict(other.sequences(CLONE))
    assert [] == [name for name, number in live if kept[name] < number]
    state = other.database(CLONE)
    assert state is not None
    assert not state.admits
    other.close()


def test_the_live_database_is_never_dropped(app: AppServer) -> None:
    """Neither what carries the claim nor what carries the live name is dropped, nor a database without this run's token."""
    with app.server.database("shop_of_somebody"):
        for name in (app.live, "shop_of_somebody"):
            with pytest.raises(EngineFailed, match="not of this run"):
                app.engine.drop(name, claim=CLAIM)
        clone(app)
        app.engine.rename(((app.live, ASIDE), (CLONE, app.live)), claim=CLAIM)
        for name in (app.live, ASIDE):
            with pytest.raises(EngineFailed, match="not of this run"):
                app.engine.drop(name, claim=CLAIM)


def test_what_a_run_founds_is_marked(app: AppServer) -> None:
    """A database that bears the run's token is marked when it is complete; somebody's own and the live one never are."""
    with app.server.database("shop_loaded_0badcafe"), app.server.database("shop_of_somebody"):
        for _ in range(2):
            app.engine.mark("shop_loaded_0badcafe", claim=CLAIM)
            state = app.engine.database("shop_loaded_0badcafe")
            assert state is not None
            assert CLAIM.run == state.mark
        for name in (app.live, "shop_of_somebody", "nowhere"):
            with pytest.raises(EngineFailed):
                app.engine.mark(name, claim=CLAIM)


def test_a_dump_brings_no_mark(app: AppServer) -> None:
    """A note that came with a comment from elsewhere says nothing about the database that carries it now."""
    clone(app)
    with app.server.connect() as connection:
        question = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
        found = connection.execute(question, [CLONE]).fetchone()
        assert found is not None
        with app.server.database("shop_restored"):
            connection.execute(sql.SQL("comment on database shop_restored is {}").format(sql.Literal(found[0])))
            state = app.engine.database("shop_restored")
            assert state is not None
            assert "" == state.mark
