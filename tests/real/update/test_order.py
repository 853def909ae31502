"""A server that sorts text otherwise than when its indexes were made, as after another image of the same version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.kit.aman import aman_for
from tests.kit.postgres.amcheck import broken_indexes
from tests.kit.postgres.database import Database
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.server import Server
from tests.kit.store import GOOD, Store, end_store, recording

pytestmark = pytest.mark.real

# Enough for an index of several pages, in which a search that goes by another order goes astray.
ROWS = 4000

# What the server knows a locale by, and one that sorts the same words otherwise: digits by their number.
COLUMNS = {15: "daticulocale", 17: "datlocale"}
SORTS_OTHERWISE = "en-u-kn-true"


@contextmanager
def store_on(server: Server, folder: Path, words: str) -> Iterator[Store]:
    """Lend a store that runs its first release in a database that is made with these words; no index was harmed yet."""
    name = f"order_{folder.name.replace('-', '_')}"[:50]
    with server.connect() as session:
        session.execute(f"create database {name} template template0 {words}".encode())
    with Database(server=server, name=name) as database:
        store = Store(folder=folder, database=database, aman=aman_for(folder, database))
        store.begin()
        store.lay("v2", GOOD)
        store.aman.run("update", "--tag", "v1", "--yes", status=0)
        database.execute(
            'create table words (word text not null, nick text collate "C", at int);'
            f" insert into words select 'w' || n, 'w' || n, n from generate_series(1, {ROWS}) n;"
            " create unique index words_word on words (word); create index words_lower on words (lower(word));"
            " create index words_nick on words (nick); create index words_at on words (at)"
        )
        try:
            yield store
        finally:
            end_store(store)


def change_order(store: Store) -> None:
    """The server's catalogue says of the database what it would say of one whose locale was made by another library."""
    column = COLUMNS[store.database.server.version]
    change = f"update pg_database set {column} = '{SORTS_OTHERWISE}', datcollversion = '0.1' where datname = current_database()"
    store.database.execute(change)


def broken(database: Database) -> list[str]:
    """Return the indexes of the words that the server finds out of order."""
    return broken_indexes(database.server, database.name, table="words")


@pytest.mark.parametrize("version", sorted(COLUMNS))
def test_another_order_is_told_and_mended_on_the_copy(postgres_servers: Servers, tmp_path: Path, version: int) -> None:
    """The doctor and the plan warn; the copy gets the live name with every index in today's order; the original stays."""
    with store_on(postgres_servers.version(version), tmp_path, "locale_provider icu icu_locale 'en' locale 'C'") as store:
        assert [] == broken(store.database)
        change_order(store)
        assert ["words_lower", "words_word"] == broken(store.database)
        told = store.aman.run("doctor", "--json").document["doctor"]["checks"]
        assert ["warn"] == [each["level"] for each in told if each["id"] == "collation"]
        assert any("REFRESH COLLATION VERSION" in each["remedy"] for each in told if each["id"] == "collation")
        plan = store.aman.run("plan", "--tag", "v2", "--json", status=0).document["plan"]
        assert any("sorts text otherwise" in reason and "made anew on the copy" in reason for reason in plan["reasons"])
        with recording(store) as recorder:
            said = store.aman.run("update", "--plan", plan["id"], "--yes", "--json", status=0).document["update"]
        assert "updated" == said["outcome"]
        assert set(recorder.acknowledged) <= store.numbers()
        assert [] == broken(store.database)
        told = store.aman.run("doctor", "--json").document["doctor"]["checks"]
        assert ["ok"] == [each["level"] for each in told if each["id"] == "collation"]
        # The way back with the database gives back what was there, as it was, and the doctor says so again.
        store.aman.run("rollback", "--database", "--yes", status=0)
        assert ["words_lower", "words_word"] == broken(store.database)
