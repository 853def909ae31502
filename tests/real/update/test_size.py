"""The way back does the same work whatever the database holds: counted in statements and in written log, not timed."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.kit.aman import aman_for
from tests.kit.postgres.build import find_build
from tests.kit.postgres.server import Server
from tests.kit.store import GOOD, Store, end_store

pytestmark = pytest.mark.real

SETTINGS = {"log_statement": "'all'", "log_timezone": "'UTC'", "autovacuum": "off"}
STATEMENT = re.compile(r"^(\S+ \S+) UTC \[\d+\] \S*@\S* LOG:  (?:statement|execute [^:]*): (.*)", re.DOTALL)
ENTRY = re.compile(r"^(?=\d{4}-\d\d-\d\d )", re.MULTILINE)

# Forty megabytes, beside some hundred kilobytes of everything else.
ROWS, ROW_BYTES = 20_000, 2_000
SMALL_BYTES = 1 << 20

# What names a table of the app, or moves its rows.
DATA = re.compile(
    r"\b(bulk|customers|orders|coupons|copy|template|reindex|vacuum|cluster|analyze|insert|update|delete)\b", re.I
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store on a server of its own, which writes down every statement."""
    with Server(find_build(18), settings=SETTINGS) as server, server.database() as database:
        made = Store(folder=tmp_path, database=database, aman=aman_for(tmp_path, database))
        made.begin()
        made.lay("v2", GOOD)
        made.aman.run("update", "--tag", "v1", "--yes", status=0)
        database.execute("create table bulk (id int primary key, text text not null); insert into bulk values (1, 'one')")
        try:
            yield made
        finally:
            end_store(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What the server was told, and how much log it wrote, between two lines of a journal."""

    statements: Counter[str]
    log_bytes: int


def lines(store: Store) -> list[dict[str, Any]]:
    """Return the lines of the newest journal."""
    newest = max((store.folder / ".amankan" / "journal").iterdir(), key=lambda path: path.stat().st_mtime)
    return [json.loads(line) for line in (newest / "lines.jsonl").read_text().splitlines()]


def time_of(line: dict[str, Any]) -> datetime:
    """Return when a line was written."""
    return datetime.fromisoformat(line["time"]).replace(tzinfo=None)


def told(store: Store, first: datetime, last: datetime) -> Counter[str]:
    """Return the statements that the server was told in a span of time, without names and numbers of a run."""
    found: Counter[str] = Counter()
    for entry in ENTRY.split(store.database.server.log):
        seen = STATEMENT.match(entry)
        if seen and first <= datetime.fromisoformat(seen[1]) <= last:
            found[" ".join(re.sub(r"[0-9a-f]*\d[0-9a-fTZ]*", "N", seen[2]).split())[:200]] += 1
    return found


def lsn(store: Store) -> int:
    """Return how much log the server has written since it was made."""
    with store.database.server.connect() as session:
        found = session.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    assert found is not None
    return int(found[0])


def way_back(store: Store, *words: str) -> Span:
    """An update is told to end when all is verified; return what the way back did."""
    with store.aman.start("update", "--tag", "v2", "--yes", *words) as running:
        assert running.stderr is not None
        begun_bytes = 0
        for line in running.stderr:
            if line.startswith("verify "):
                running.send_signal(signal.SIGINT)
            if not begun_bytes and " is undone" in line:
                begun_bytes = lsn(store)
        assert 130 == running.wait()
    log_bytes = lsn(store) - begun_bytes
    undoing = [line for line in lines(store) if line["phase"] in ("undoing", "undone")]
    assert {"clone", "migrate", "start", "fence"} <= {line["step"] for line in undoing}
    behind = [line for line in undoing if line["step"] in ("clone", "migrate", "start", "verify", "fence")]
    return Span(statements=told(store, time_of(behind[0]), time_of(behind[-1])), log_bytes=log_bytes)


def test_the_way_back_is_as_long_for_any_size(store: Store) -> None:
    """Before the opening, and behind the fence of a way back after it, no statement reads or writes what the app has."""
    small = way_back(store)
    store.database.execute(
        f"insert into bulk select n, repeat(md5(n::text), {ROW_BYTES // 32}) from generate_series(2, {ROWS}) n"
    )
    assert 40 * SMALL_BYTES < store.database.value("select pg_database_size(current_database())")
    large = way_back(store)
    assert set(small.statements) == set(large.statements)
    assert 0 < sum(large.statements.values()) <= sum(small.statements.values()) + 20
    assert [] == [statement for statement in large.statements if DATA.search(statement)]
    assert max(small.log_bytes, large.log_bytes) < SMALL_BYTES
    assert store.page().startswith("v1 ")

    store.aman.run("update", "--tag", "v2", "--yes", status=0)
    store.aman.run("rollback", "--yes", status=0)
    fenced = {(line["step"], line["phase"]): time_of(line) for line in lines(store)}
    statements = told(store, fenced["fence", "begun"], fenced["open", "done"])
    assert 0 < sum(statements.values())
    assert [] == [statement for statement in statements if DATA.search(statement)]
