"""What is loaded is what was dumped, whatever a database, its server or its own code does while it is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import pytest
from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server
from tests.real.postgres.place import dump_to, prove, tools_of

from amankan.adapters.engines.postgres.session import connected, rows
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.model.fingerprint import compare

pytestmark = pytest.mark.real

LOGGED = """
create table log (tag text);
create function noted() returns event_trigger language plpgsql as
    $$ begin insert into public.log (tag) values (tg_tag); end $$;
create table whole (id int primary key) partition by range (id);
create table part partition of whole for values from (0) to (10);
create event trigger noted on ddl_command_end execute function noted();
comment on event trigger noted is 'who did what';
"""

LOGINS = """
create table logins (at timestamptz);
create function came() returns event_trigger language plpgsql as
    $$ begin insert into public.logins values (now()); end $$;
create event trigger came on login execute function came();
"""

DAYS = """
create table happened (at timestamptz, day date, check (at::date = day));
insert into happened values ('2026-01-01 20:00+00', '2026-01-02'), ('2026-01-01 10:00+00', '2026-01-01');
create materialized view per_day as select at::date as day, count(*) from happened group by 1;
"""
PER_DAY: LiteralString = "select day::text, count::int from public.per_day order by 1"
TWO_DAYS = [("2026-01-01", 1), ("2026-01-02", 1)]

REGIONS = """
create table sold (region text);
insert into sold values ('eu'), ('us');
create materialized view ours as select region from sold where region = current_setting('app.region');
"""

DISTURBING = (
    *("search_path = ''", "session_preload_libraries = 'plpgsql'", "default_transaction_isolation = 'serializable'"),
    *("statement_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'", "default_transaction_read_only = on"),
)

OF_DATABASE: LiteralString = """
    select count(*)::int from pg_db_role_setting, unnest(setconfig)
    where setdatabase = (select oid from pg_database where datname = current_database())
"""

# Tables whose rows do not come into the database at once, so that a second session would overtake the first.
LEANING = """
create table a (id int primary key, filling text);
create table b (id int);
create function known(int) returns bool language sql stable as 'select exists (select from public.a where id = $1)';
alter table b add check (known(id));
insert into a select n, repeat('x', 200) from generate_series(1, 30000) n;
insert into b select n from generate_series(1, 30000, 300) n;
"""


READ = """
set array_nulls = on; set intervalstyle = postgres; set datestyle = iso; set transform_null_equals = off;
create table held (words text[], ago interval, at timestamp);
create view nothing as select words from held where ago = null;
insert into held values ('{a,NULL}', '-1 years +2 days -03:04:05', '2026-02-03 04:05');
"""


@pytest.fixture
def shop(postgres: Server) -> Iterator[Database]:
    """A new empty database on each version in turn."""
    with postgres.database() as made:
        yield made


class Proof:
    """What became of a dump of a database, in a throwaway server that is gone after the test."""

    def __init__(self, servers: ThrowawayServers, folder: Path) -> None:
        """Put dumps into this folder."""
        self._servers, self._folder = servers, folder

    def equal(self, database: Database, question: LiteralString | None = None) -> list[tuple[object, ...]]:
        """Return the copy's answer to a question; the copy is equal to what was dumped."""
        archive = self._folder / "archive"
        dumped = dump_to(archive, database)
        found = prove(self._servers, "alike", archive=archive, dumped=dumped, tools=tools_of(database.server))
        assert not compare(dumped[1].fingerprint, found)
        if question is None:
            return []
        with connected(self._servers.address("alike").at(database.name)) as session:
            return rows(session, question)

    def close(self) -> None:
        """The server is gone."""
        self._servers.remove("alike")


@pytest.fixture
def proof(servers: ThrowawayServers, tmp_path: Path) -> Iterator[Proof]:
    """A proof of what is dumped."""
    made = Proof(servers, tmp_path)
    yield made
    made.close()


def set_of(database: Database, *settings: str) -> None:
    """The database has settings of its own."""
    database.execute("; ".join(f'alter database "{database.name}" set {setting}' for setting in settings))


def test_event_triggers_come_last(shop: Database, proof: Proof) -> None:
    """An event trigger that writes down what is done to tables writes nothing while they are restored."""
    shop.execute(LOGGED)
    assert [("who did what",)] == proof.equal(
        shop, "select obj_description(oid, 'pg_event_trigger') from pg_event_trigger where evtname = 'noted'"
    )


@pytest.mark.parametrize("version", [17, 18])
def test_nobody_logs_in(postgres_servers: object, proof: Proof, version: int) -> None:
    """A function that runs at each login runs at none of ours in a copy."""
    with postgres_servers.version(version).database() as shop:  # type: ignore[attr-defined]
        shop.execute(LOGINS)
        proof.equal(shop)


def test_days_are_the_databases_own(shop: Database, proof: Proof) -> None:
    """What is computed from a moment while it is restored is computed in the time zone of the database."""
    set_of(shop, "timezone = 'Asia/Jakarta'")
    shop.execute(DAYS)
    assert TWO_DAYS == proof.equal(shop, PER_DAY)
    assert [("Asia/Jakarta",)] == shop.rows("show timezone")


def test_days_are_the_servers_own(proof: Proof) -> None:
    """So it is where the time zone is that of the server; the copy's database has no setting that the original had not."""
    with Server(find_build(17), settings={"timezone": "'Asia/Jakarta'"}) as server, server.database() as shop:
        shop.execute(DAYS)
        assert TWO_DAYS == proof.equal(shop, PER_DAY)
        assert [(0,)] == proof.equal(shop, OF_DATABASE)


def test_settings_hold_while_loading(shop: Database, proof: Proof) -> None:
    """What is computed from a setting of the database while it is restored finds it."""
    set_of(shop, "app.region = 'eu'")
    shop.execute(REGIONS)
    assert [("eu",)] == proof.equal(shop, "select region from public.ours")


def test_settings_do_not_disturb(shop: Database, proof: Proof) -> None:
    """Settings that would stop a restore, or put it elsewhere, are brought back and do nothing to it."""
    shop.execute(REGIONS.replace("current_setting('app.region')", "'eu'"))
    set_of(shop, *DISTURBING)
    assert [("eu",)] == proof.equal(shop, "select region from public.ours")
    assert [(len(DISTURBING),)] == proof.equal(shop, OF_DATABASE)


@pytest.mark.parametrize("version", [17, 18])
def test_transactions_take_their_time(postgres_servers: object, proof: Proof, version: int) -> None:
    """A limit to the time of a transaction does not end the reading of a database."""
    with postgres_servers.version(version).database() as shop:  # type: ignore[attr-defined]
        shop.execute("create table long as select n, repeat('x', 500) from generate_series(1, 200000) n")
        set_of(shop, "transaction_timeout = '200ms'")
        proof.equal(shop)


def test_values_are_read_as_written(shop: Database, proof: Proof) -> None:
    """Settings of all roles by which text is read in another way do not change what is read."""
    for setting in ("array_nulls = off", "transform_null_equals = on", "intervalstyle = sql_standard", "datestyle = 'German'"):
        shop.execute(f"alter role all set {setting}")
    try:
        shop.execute(READ)
        assert [(["a", None], "-1 years +2 days -03:04:05", "2026-02-03 04:05:00")] == proof.equal(
            shop, "select words, ago::text, at::text from public.held"
        )
    finally:
        shop.execute("alter role all reset all")


def test_rows_that_lean_on_others(shop: Database, proof: Proof) -> None:
    """A condition that looks at another table finds its rows, as it does in a plain restore."""
    shop.execute(LEANING)
    proof.equal(shop)
