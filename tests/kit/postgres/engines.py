"""The engine over a real server, with a small app's database in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address, parse_address
from amankan.adapters.engines.postgres.engine import PostgresEngine
from amankan.adapters.engines.postgres.reach import session_conninfo
from amankan.model.claim import Claim
from amankan.model.fingerprint import Fingerprint, TablePrint
from amankan.model.identity import Identity
from amankan.model.secret import Secret
from tests.kit.postgres.database import Database, Role
from tests.kit.postgres.server import Server

CLAIM = Claim(run="20260105T101500Z-shop-0badcafe", epoch=1)
CLONE, ASIDE, SECOND = "shop_new_0badcafe", "shop_old_0badcafe", "shop_back_0badcafe"
LIMIT_SECONDS = 60.0

SCHEMA = """
create table customers (id serial primary key, name text not null);
create table orders (id int generated always as identity primary key, customer int references customers, sum numeric);
insert into customers (name) select 'customer ' || n from generate_series(1, 50) n;
insert into orders (customer, sum) select 1 + n % 50, n * 1.10 from generate_series(1, 500) n;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppServer:
    """A server with the open database `live`, which has rows, and no claim; `users_write` adds a row with a new number."""

    server: Server
    engine: PostgresEngine
    live: str
    elsewhere: Identity
    users_write: Callable[[], None]


@contextmanager
def app_server(server: Server, *, live: str = "shop", role: Role | None = None) -> Iterator[AppServer]:
    """Yield a server with a filled database of that name, and remove every database that was made meanwhile."""
    before = set(names_of(server))
    database = server.database(live, owner=(role or server.admin).name)
    with psycopg.connect(database.url_for(role or server.admin)) as connection:
        connection.execute(SCHEMA.encode())
    engine = engine_of(server, live=live, role=role)
    try:
        elsewhere = Identity(system="1", oid=engine.identify(live).oid)
        yield AppServer(server=server, engine=engine, live=live, elsewhere=elsewhere, users_write=lambda: write(database))
    finally:
        engine.close()
        for name in set(names_of(server)) - before:
            Database(server=server, name=name).drop()


def engine_of(server: Server, *, live: str, role: Role | None = None) -> PostgresEngine:
    """Return the engine of one more process."""
    return PostgresEngine(
        parse_address(Secret(server.url(live, role=role))), fingerprint=plain_fingerprint, clock=SystemClock()
    )


def clone(app: AppServer, target: str = CLONE) -> None:
    """A shut copy of the shut live database is there."""
    app.engine.shut(app.live, claim=CLAIM)
    app.engine.copy(app.live, target, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    app.engine.shut(target, claim=CLAIM)


def names_of(server: Server) -> list[str]:
    """Return the names of all databases."""
    with server.connect() as connection:
        return [name for (name,) in connection.execute("select datname from pg_database")]


def write(database: Database) -> None:
    """A user buys something."""
    database.execute("insert into orders (customer, sum) values (1, 1)")


def plain_fingerprint(address: Address) -> Fingerprint:
    """Return what a database holds, slowly."""
    with psycopg.connect(session_conninfo(address).reveal()) as connection:
        question = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"
        tables = [name for (name,) in connection.execute(question)]
        prints = []
        for name in tables:
            asked = sql.SQL("select t::text from {} t order by 1").format(sql.Identifier("public", name))
            rows = [text for (text,) in connection.execute(asked)]
            digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
            prints.append(TablePrint(table=name, rows=len(rows), digest=digest))
    return Fingerprint(tables=tuple(prints), schema=hashlib.sha256(repr(tables).encode()).hexdigest())
