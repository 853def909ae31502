"""The guard against the corpus: every statement comes to its verdict, at every level, and every row is still there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import psycopg
import pytest
from psycopg import sql
from tests.kit.corpus import LEVELS, Statement, kinds, read
from tests.kit.guarded import Guarded, guard_shop, run
from tests.kit.postgres.fixtures import Servers

from amankan.model.guard import Level

pytestmark = pytest.mark.real

VERSIONS = (15, 18)
GUARD = "AMG01"
# The server's own refusals: no right, another owner, in use, a template, a witness that must not be there.
REFUSED = (GUARD, "42501", "55006", "42809", "23503")
# Without one of its own parts the guard cannot speak any more; it still stops.
SPEECHLESS = ("42883", "42P01")


@pytest.fixture(scope="module", params=[(v, level) for v in VERSIONS for level in LEVELS], ids=lambda p: f"{p[0]}-{p[1]}")
def shop(request: pytest.FixtureRequest, postgres_servers: Servers) -> Iterator[Guarded]:
    """A guarded shop for each version and level."""
    version, level = request.param
    guarded = guard_shop(postgres_servers.version(version), cast(Level, level))
    yield guarded
    guarded.close()


@pytest.mark.parametrize("kind", kinds())
def test_verdicts(shop: Guarded, kind: str) -> None:
    """Each statement, run as the app's role in a transaction that is rolled back, comes to its verdict."""
    with shop.connect(prepare_threshold=None) as connection:
        before = _rows(shop)
        found = []
        for statement in read(kind):
            expected = statement.verdict(shop.level)
            if expected is None or statement.since > shop.database.server.version:
                continue
            state, said = _try(connection, statement, shop.database.name)
            known = REFUSED + SPEECHLESS if kind == "tamper" else REFUSED
            actual = "refused" if state in known else "passed" if state == "" else f"error {state}"
            if actual != ("refused" if expected == "refused" else "passed"):
                found.append(f"{statement.sql}\n    {expected} expected, {actual}: {said}")
        assert [] == found, "\n".join(found)
        assert before == _rows(shop)


def test_size() -> None:
    """The corpus is large, and each kind of verdict is in it."""
    statements = [statement for kind in kinds() for statement in read(kind)]
    assert len(statements) >= 300
    verdicts = Counter(verdict for statement in statements for _, verdict in statement.verdicts)
    assert {"refused", "passes", "open"} == set(verdicts)


def test_refusals_speak(shop: Guarded) -> None:
    """What the guard refuses names the rule, the table, the rows and the way out."""
    if shop.level == "watch":
        statement, table, rule = "DROP TABLE items", "public.items", "rule drop"
    else:
        statement, table, rule = "DELETE FROM reviews", "public.reviews", "rule delete-last, 400 rows"
    with shop.connect() as connection, pytest.raises(psycopg.Error) as caught:
        run(connection, statement)
    diag = caught.value.diag
    assert GUARD == caught.value.sqlstate
    assert f"on {table}: " in str(diag.message_primary)
    assert rule in str(diag.message_detail)
    assert f'aman permit --minutes 15 --why "..." --tables {table}' in str(diag.message_hint)


def _try(connection: psycopg.Connection[Any], statement: Statement, database: str) -> tuple[str, str]:
    """Run a statement and take it back; return the state that the server answered, empty for none, and its words."""
    text = statement.sql.replace("{database}", f'"{database}"')
    try:
        if statement.outside:
            run(connection, text)
        else:
            with connection.transaction(force_rollback=True):
                _run(connection, text)
                run(connection, "SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as fault:
        return fault.sqlstate or "?", str(fault).splitlines()[0]
    finally:
        # A session of its own for each: no prepared statement, no setting, no counter is left of it.
        run(connection, "DISCARD ALL")
        if connection.info.server_version >= 150000:
            run(connection, "SELECT pg_stat_force_next_flush()")
    return "", "it passed"


def _run(connection: psycopg.Connection[Any], text: str) -> None:
    if text.startswith("COPY") and "STDOUT" in text:
        with connection.cursor().copy(sql.SQL(text)) as copy:
            for _ in copy:
                pass
    else:
        run(connection, text)


def _rows(shop: Guarded) -> dict[str, int]:
    """Return the rows of every table, counted by somebody who sees them all."""
    tables = shop.database.rows(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname IN ('public', 'audit')"
    )
    return {name: int(shop.database.value(f"SELECT count(*) FROM {name}")) for (name,) in tables}
