"""The survey of a server tells what an operation must know before it begins, on every version and for weak roles."""

import os

import psycopg
import pytest
from tests.kit.postgres.engines import app_server
from tests.kit.postgres.server import Server

from amankan.adapters.engines.postgres.address import Address, parse_address
from amankan.adapters.engines.postgres.surroundings import server_facts
from amankan.model.facts import OtherSession
from amankan.model.secret import Secret

pytestmark = pytest.mark.real


def address_of(url: str) -> Address:
    """Return the address of a URL."""
    return parse_address(Secret(url))


def test_what_a_superuser_sees(postgres: Server) -> None:
    """Size, room, slots, prepared transactions and other people's sessions are told as they are."""
    with app_server(postgres) as app, postgres.connect(app.live, application_name="cron") as cron:
        empty = server_facts(address_of(postgres.url(app.live)))
        assert ((), (), ()) == (empty.logical_slots, empty.prepared, empty.subscriptions)
        cron.execute("select pg_create_logical_replication_slot('feed', 'pgoutput')")
        cron.execute("begin")
        cron.execute("insert into customers (name) values ('half')")
        cron.execute("prepare transaction 'half a sale'")
        try:
            facts = server_facts(address_of(postgres.url(app.live)))
        finally:
            cron.execute("rollback prepared 'half a sale'")
            cron.execute("select pg_drop_replication_slot('feed')")
        assert (postgres.version, False, True, True) == (facts.version, facts.standby, facts.superuser, facts.owner)
        assert (("feed",), ("half a sale",)) == (facts.logical_slots, facts.prepared)
        assert (OtherSession(name="cron", user="postgres", address="127.0.0.1"),) == facts.sessions
        assert (True, (), (), 0) == (
            facts.may_create_databases,
            facts.unstoppable,
            facts.foreign_settings,
            facts.restricted_tables,
        )
        assert 1 << 20 < facts.size_bytes < 1 << 28
        room = os.statvfs(postgres.data_dir)
        assert facts.free_bytes is not None
        # Others write on the same disk meanwhile.
        assert abs(facts.free_bytes - room.f_bavail * room.f_frsize) < 1 << 30


def test_what_a_weak_role_sees(postgres: Server) -> None:
    """What the role cannot do is told by name, and what it cannot see is unknown, not zero."""
    role, other = postgres.role(attributes="login createdb"), postgres.role()
    with app_server(postgres, role=role) as app, postgres.connect() as admin:
        admin.execute(f"alter role {other.name} in database {app.live} set work_mem = '3MB'".encode())
        admin.execute(f"alter database {app.live} set work_mem = '5MB'".encode())
        admin.execute(f"alter database {app.live} set log_statement = 'none'".encode())
        with psycopg.connect(postgres.url(app.live, role=role)) as connection:
            connection.execute("alter table orders enable row level security")
            connection.execute("alter table orders force row level security")
        with postgres.connect(app.live):
            facts = server_facts(address_of(postgres.url(app.live, role=role)))
        assert (False, True, True, None) == (facts.superuser, facts.owner, facts.may_create_databases, facts.free_bytes)
        assert ("postgres",) == facts.unstoppable
        assert {f"{other.name}: work_mem=3MB", "log_statement=none"} == set(facts.foreign_settings)
        assert 1 == facts.restricted_tables
        stranger = server_facts(address_of(postgres.url(app.live, role=other)))
        assert (False, False) == (stranger.owner, stranger.may_create_databases)
