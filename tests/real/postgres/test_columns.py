"""The digest of a column tells which column changed, for every type and without anything being lost on the way."""

from __future__ import annotations

import pytest
from tests.kit.postgres.database import Database
from tests.kit.postgres.zoo import load_zoo
from tests.real.postgres.place import Silent, address_of

from amankan.adapters.engines.postgres.columns import with_columns
from amankan.adapters.engines.postgres.fingerprint import fingerprint_of
from amankan.adapters.engines.postgres.session import connected
from amankan.model.fingerprint import Fingerprint

pytestmark = pytest.mark.real

CHANGES = {
    "update t set b = 'x' where a = 7": {"b"},
    "update t set b = case a when 1 then '2' else '1' end where a in (1, 2)": {"b"},
    "update t set c = null where a = 3": {"c"},
    "update t set c = '' where a = 3": {"c"},
    "update t set d = '{\"a\": 1.00}' where a = 4": {"d"},
    "update t set e = point(0, 0) where a = 5": {"e"},
    "update t set b = 'y', f = 0.1 where a = 6": {"b", "f"},
    "update t set a = 1000 where a = 8": {"a", "b", "c", "d", "e", "f"},
}


def columns_of(database: Database) -> Fingerprint:
    """Return the fingerprint with the columns of all tables."""
    found = fingerprint_of(address_of(database), sessions=1, progress=Silent())
    with connected(address_of(database)) as session:
        return with_columns(session, found, tables=frozenset(table.table for table in found.tables))


def test_changed_columns(database: Database) -> None:
    """Exactly the columns that changed have another digest; all have where the key itself changed."""
    database.execute(
        "create table t (a int primary key, b text, c text, d json, e point, f float8); "
        "insert into t select n, n::text, n::text, '{\"a\": 1.0}', point(n, 1), n from generate_series(1, 100) n"
    )
    before = dict(columns_of(database).tables[0].columns)
    for change, changed in CHANGES.items():
        database.execute(change)
        after = dict(columns_of(database).tables[0].columns)
        assert changed == {name for name in before if before[name] != after[name]}, change
        before = after


def test_every_type(database: Database) -> None:
    """Every column of the zoo has a digest, and the same one when it is asked again."""
    load_zoo(database)
    first = columns_of(database)
    assert first == columns_of(database)
    assert 200 < sum(len(table.columns) for table in first.tables)
