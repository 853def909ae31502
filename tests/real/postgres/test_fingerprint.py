"""A fingerprint is the same whatever a session, role, database or server has set, and small whatever a row holds."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg import sql
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server
from tests.kit.postgres.zoo import load_zoo
from tests.real.postgres.place import Silent, address_of, dump_to, tools_of

from amankan.adapters.engines.postgres.fingerprint import fingerprint_of
from amankan.model.fingerprint import Fingerprint, compare
from amankan.model.pace import Pace

pytestmark = pytest.mark.real

ROUNDS = 200
HUGE_ROW_BYTES = 200_000_000
MOST_MEMORY_BYTES = 128_000_000

# What could change how a value or a definition is written, with values as odd as the server takes them.
SETTINGS = {
    "TimeZone": ["UTC", "Asia/Jakarta", "America/St_Johns", "Pacific/Apia", "<+0545>-05:45"],
    "DateStyle": ["German", "SQL, DMY", "Postgres, MDY", "ISO, YMD"],
    "IntervalStyle": ["postgres", "postgres_verbose", "sql_standard", "iso_8601"],
    "extra_float_digits": ["-15", "-3", "0", "1", "3"],
    "bytea_output": ["escape", "hex"],
    "client_encoding": ["UTF8", "LATIN1", "SQL_ASCII"],
    "lc_monetary": ["C", "C.UTF-8"],
    "lc_numeric": ["C", "C.UTF-8"],
    "search_path": ["public", '"$user", zoo', "zoo, pg_catalog", ""],
    "quote_all_identifiers": ["on", "off"],
    "row_security": ["on", "off"],
    "xmloption": ["document", "content"],
    "default_transaction_read_only": ["on", "off"],
    "default_transaction_isolation": ["serializable", "read committed"],
    "statement_timeout": ["1ms", "0"],
    "lock_timeout": ["1ms", "0"],
    "idle_in_transaction_session_timeout": ["1ms", "0"],
    "standard_conforming_strings": ["on", "off"],
    "array_nulls": ["on", "off"],
    "enable_seqscan": ["on", "off"],
    "max_parallel_workers_per_gather": ["0", "4"],
    "default_text_search_config": ["simple", "german"],
}

CHILD = """
import sys
from pathlib import Path
from tests.real.postgres.place import Silent
from amankan.adapters.engines.postgres import route
from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import parse_address
from amankan.adapters.engines.postgres.archiver import PostgresArchiver
from amankan.adapters.engines.postgres.tools import ask
from amankan.model.pace import Pace
from amankan.model.secret import Secret
url, folder, way = sys.argv[1:]
if way == "one stream":
    route.open_socket = lambda *_: False
address = parse_address(Secret(url))
archiver = PostgresArchiver(address=address, tools=ask(folder), clock=SystemClock())
with archiver.dump(address.database, pace=Pace.FAST, progress=Silent()) as dump:
    size = sum(map(len, dump.pieces()))
    found = dump.finish()
# The highest this process itself had; getrusage would count what the caller had before it started us.
lines = open("/proc/self/status").read().splitlines()
peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
print(size, found.fingerprint.tables[0].digest, peak * 1024)
"""


@pytest.fixture(scope="module")
def zoo(any_postgres: Server) -> Database:
    """A zoo that stays as it is."""
    database = any_postgres.database()
    load_zoo(database)
    return database


def print_of(database: Database) -> Fingerprint:
    """Return the fingerprint as it is read from the database itself."""
    return fingerprint_of(address_of(database), sessions=2, progress=Silent())


def test_same_under_any_setting(zoo: Database) -> None:
    """Of 200 random mixtures of settings of database, role and role in the database none changes the fingerprint."""
    before = print_of(zoo)
    chance = random.Random(7)
    scopes = [
        sql.SQL("alter database {}").format(sql.Identifier(zoo.name)),
        sql.SQL("alter role {}").format(sql.Identifier(zoo.server.admin.name)),
        sql.SQL("alter role {} in database {}").format(sql.Identifier(zoo.server.admin.name), sql.Identifier(zoo.name)),
    ]
    with zoo.server.connect() as connection:
        try:
            for _ in range(ROUNDS):
                name = chance.choice(list(SETTINGS))
                value = chance.choice(SETTINGS[name])
                words = sql.SQL(" set {} to {}").format(sql.Identifier(name), sql.Literal(value))
                connection.execute(chance.choice(scopes) + words)
                assert () == compare(before, print_of(zoo))
        finally:
            for scope in scopes:
                connection.execute(scope + sql.SQL(" reset all"))


def test_same_by_every_way(zoo: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows have the same digests whether they come from ranges, one stream, one row per call, or are read back."""
    from amankan.adapters.engines.postgres import fingerprint, route

    found = [dump_to(tmp_path / pace.value, zoo, pace=pace)[1].fingerprint for pace in (Pace.STEADY, Pace.FAST)]
    found.append(print_of(zoo))
    monkeypatch.setattr(route, "open_socket", lambda *_: False)
    monkeypatch.setattr(fingerprint, "open_socket", lambda *_: False)
    found.append(dump_to(tmp_path / "one", zoo, pace=Pace.FAST)[1].fingerprint)
    found.append(print_of(zoo))
    for other in found[1:]:
        assert () == compare(found[0], other)


def test_other_contents_are_seen(database: Database) -> None:
    """One changed value, two swapped values, one row more or less, one changed definition: each is seen."""
    database.execute(
        "create table t (a int primary key, b text, c json, d xml, e point, f money, g float8); "
        "insert into t select n, n::text, '{}', null, point(n, 1.5), n, n / 3.0 from generate_series(1, 100) n"
    )
    before = print_of(database)
    for change in (
        "update t set b = 'x' where a = 7",
        "update t set b = case a when 1 then '2' else '1' end where a in (1, 2)",
        "update t set g = g + 1e-15 where a = 3",
        "update t set b = null where a = 5",
        "delete from t where a = 9",
        "insert into t (a) values (1000)",
        "alter table t add check (a > 0)",
        "comment on column t.b is 'x'",
        "create sequence s",
    ):
        database.execute(change)
        after = print_of(database)
        assert () != compare(before, after), change
        before = after


@pytest.mark.parametrize("way", ["ranges", "one stream"])
def test_huge_row(any_postgres: Server, way: str) -> None:
    """A row of 200 MB is dumped and hashed by a process that stays under 128 MB."""
    with any_postgres.database() as database:
        database.execute(
            "create table t (a int, b text); alter table t alter b set storage external; "
            f"insert into t values (1, repeat('0123456789abcdef', {HUGE_ROW_BYTES // 16})), (2, 'small')"
        )
        words = [sys.executable, "-c", CHILD, database.url, tools_of(any_postgres).folder, way]
        said = subprocess.run(words, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3])
        size, digest, memory = said.stdout.split()
        assert print_of(database).tables[0].digest == digest
        assert int(size) > HUGE_ROW_BYTES
        assert int(memory) < MOST_MEMORY_BYTES
