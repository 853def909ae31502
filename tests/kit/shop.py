"""A small shop in a database, with customers and orders, on the versions that count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.postgres.database import Database
from tests.kit.postgres.fixtures import Servers

SHOP = """
    create table customers (id bigint generated always as identity primary key, name text not null);
    insert into customers (name) select 'customer ' || n from generate_series(1, 2000) n;
    create table orders (id serial primary key, customer_id bigint references customers, at timestamptz default now());
    insert into orders (customer_id) select 1 + n % 2000 from generate_series(1, 5000) n;
    create view newest as select * from orders order by at desc limit 10;
"""
CONTENT = """
    select (select md5(string_agg(c::text, ',' order by id)) from customers c),
        (select md5(string_agg(o::text, ',' order by id)) from orders o), (select count(*) from newest)
"""


@pytest.fixture(params=[15, 18], ids=lambda version: f"postgres{version}")
def shop(request: pytest.FixtureRequest, postgres_servers: Servers) -> Iterator[Database]:
    """A small shop on each version."""
    server = postgres_servers.version(request.param)
    with server.database() as made:
        made.execute(SHOP)
        yield made
        _drop_kept(made)


@pytest.fixture
def any_shop(postgres_servers: Servers) -> Iterator[Database]:
    """A small shop where the version does not matter."""
    with postgres_servers.version(18).database() as made:
        made.execute(SHOP)
        yield made
        _drop_kept(made)


def _drop_kept(made: Database) -> None:
    """What restores kept beside the database is gone too."""
    with made.server.connect() as connection:
        found = connection.execute("select datname from pg_database where starts_with(datname, %s)", [made.name]).fetchall()
        for (name,) in found:
            if name != made.name:
                Database(server=made.server, name=name).drop()
