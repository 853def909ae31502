"""A guarded database, which the server keeps as a template, is copied, migrated under a permit, swapped and dropped."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from tests.kit.guarded import Guarded, guard_shop, run
from tests.kit.postgres.database import Database
from tests.kit.postgres.engines import LIMIT_SECONDS, engine_of
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.server import Server

from amankan.adapters.engines.postgres.address import parse_app_address
from amankan.adapters.engines.postgres.engine import PostgresEngine
from amankan.adapters.guards.postgres.coverage import status
from amankan.model.claim import Claim
from amankan.model.guard import Level
from amankan.model.secret import Secret
from amankan.wiring.guards import guard_at

pytestmark = pytest.mark.real

CLAIM = Claim(run="20260105T101500Z-shop-0badcafe", epoch=1)
PLACES = [(15, "limit"), (18, "limit"), (15, "deny"), (18, "deny")]
MIGRATION = "ALTER TABLE customers DROP COLUMN notes; CREATE TABLE coupons AS SELECT generate_series(1, 100) AS id"


@pytest.fixture(params=PLACES, ids=lambda place: f"postgres{place[0]}-{place[1]}")
def shop(request: pytest.FixtureRequest, postgres_servers: Servers) -> Iterator[Guarded]:
    """A guarded shop; every database that came of it is gone afterwards."""
    version: int = request.param[0]
    level: Level = request.param[1]
    made = guard_shop(postgres_servers.version(version), level)
    yield made
    for name in (clone_of(made), aside_of(made)):
        _forget(made.database.server, name)
    made.close()


@pytest.fixture
def engine(shop: Guarded) -> Iterator[PostgresEngine]:
    """The engine, with the claim of a run, and a clone of the shut original."""
    live = shop.database.name
    made = engine_of(shop.database.server, live=live)
    made.claim(CLAIM, identity=made.identify(live))
    made.shut(live, claim=CLAIM)
    made.copy(live, clone_of(shop), claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    yield made
    made.close()


def clone_of(shop: Guarded) -> str:
    """Return the name of the clone."""
    return f"{shop.database.name}_new"


def aside_of(shop: Guarded) -> str:
    """Return the name of the kept original."""
    return f"{shop.database.name}_old"


def migrate(shop: Guarded) -> None:
    """The app's role migrated the clone under the run's permit, and the guard is settled."""
    server, clone = shop.database.server, clone_of(shop)
    guard = guard_at(parse_app_address(Secret(server.url(clone)), place="database.admin_url"))
    as_app = {"user": shop.role.name, "password": shop.role.password}
    with server.connect(clone, **as_app) as app, pytest.raises(psycopg.Error):
        run(app, MIGRATION)
    guard.permit(clone, why="a migration", minutes=5, claim=CLAIM)
    with server.connect(clone, **as_app) as app:
        run(app, MIGRATION)
    guard.settle(clone, claim=CLAIM)
    assert guard.settled(clone, run=CLAIM.run)


def test_a_migrated_clone_is_live_and_guarded(shop: Guarded, engine: PostgresEngine) -> None:
    """After the swap the new live database is guarded whole and at home, its new table too, and so is the kept one."""
    migrate(shop)
    live, clone = shop.database.name, clone_of(shop)
    engine.shut(clone, claim=CLAIM)
    engine.rename(((live, aside_of(shop)), (clone, live)), claim=CLAIM)
    for name in (live, aside_of(shop)):
        engine.admit(name, claim=CLAIM)
    engine.release(CLAIM)
    for name in (live, aside_of(shop)):
        with shop.database.server.connect(name) as connection:
            seen = status(connection, app_role=shop.role.name)
            assert (shop.level, True, True) == (seen.level, seen.at_home, seen.whole), seen
    with shop.connect() as app:
        for statement in ("DROP TABLE items", "TRUNCATE coupons", "DELETE FROM coupons", "DELETE FROM reviews"):
            with pytest.raises(psycopg.Error):
                run(app, statement)
        run(app, "DELETE FROM coupons WHERE id = 1")


def test_a_migrated_clone_is_dropped(shop: Guarded, engine: PostgresEngine) -> None:
    """The way back drops the clone, although its guard is at home there; the original is guarded as before."""
    migrate(shop)
    live = shop.database.name
    engine.drop(clone_of(shop), claim=CLAIM)
    assert engine.database(clone_of(shop)) is None
    engine.admit(live, claim=CLAIM)
    engine.release(CLAIM)
    with shop.database.connect() as connection:
        assert status(connection, app_role=shop.role.name).whole
    with shop.connect() as app, pytest.raises(psycopg.Error):
        run(app, "ALTER TABLE customers DROP COLUMN notes")


def _forget(server: Server, name: str) -> None:
    with server.connect() as admin:
        if admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            admin.execute(sql.SQL("alter database {} with is_template false").format(sql.Identifier(name)))
            Database(server=server, name=name).drop()
