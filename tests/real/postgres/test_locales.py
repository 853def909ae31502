"""Databases of other encodings and locales, and servers that lack them or sort otherwise than they did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.kit.aman import aman_for
from tests.kit.postgres.amcheck import broken_indexes
from tests.kit.postgres.database import Database
from tests.kit.postgres.engines import CLAIM, CLONE, LIMIT_SECONDS, engine_of
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.server import Server
from tests.real.postgres.place import address_of, tools_of

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.cluster import making_of
from amankan.adapters.engines.postgres.script import make_database
from amankan.adapters.engines.postgres.session import connected
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.errors import EngineFailed
from amankan.model.database import Making

pytestmark = pytest.mark.real

# What CREATE DATABASE is told, with the first version that knows it; of these builds every one has ICU.
WORDS = {
    "bytes": (15, "encoding 'SQL_ASCII' locale 'C'"),
    "latin": (15, "encoding 'LATIN1' locale 'C'"),
    "icu": (15, "encoding 'UTF8' locale_provider icu icu_locale 'sv' locale 'C.UTF-8'"),
    "rules": (17, "encoding 'UTF8' locale_provider icu icu_locale 'en' icu_rules '&a < z' locale 'C'"),
    "builtin": (17, "encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'"),
}

# By this numbers within a text are sorted by their value and not by their digits, as by another library.
OTHERWISE = "en-u-kn-true"

TEXTS = """
create table texts (word text primary key, plain text collate "C" unique, number int unique);
insert into texts select 'w' || n, 'w' || n, n from generate_series(1, 3000) n;
"""


@contextmanager
def made(server: Server, words: str, *, name: str, script: str = TEXTS) -> Iterator[Database]:
    """Lend a database that is made with these words; neither it nor what was made from it is left."""
    with server.connect() as session:
        session.execute(f"create database {name} template template0 {words}".encode())
    with Database(server=server, name=name) as database:
        database.execute(script)
        try:
            yield database
        finally:
            with server.connect() as session:
                found = session.execute(
                    "select datname from pg_database where starts_with(datname, %s)", [f"{name}_"]
                ).fetchall()
            for (relative,) in found:
                Database(server=server, name=relative).drop()


def made_as(address: Address) -> Making:
    """Return what a database was made with."""
    with connected(address) as session:
        return making_of(session)


@pytest.mark.parametrize("kind", WORDS)
def test_a_copy_is_made_as_the_original(
    postgres_servers: Servers, servers: ThrowawayServers, tmp_path: Path, kind: str
) -> None:
    """A restored database has the encoding, provider, locale and rules of the original, and so has one for a trial."""
    version, words = WORDS[kind]
    server = postgres_servers.version(version)
    with made(server, words, name="locales") as database:
        before, ordered = made_as(address_of(database)), database.rows("select word from texts order by word")
        aman = aman_for(tmp_path, database)
        aman.seal()
        aman.run("backup", status=0)
        aman.run("restore", "--yes", status=0)
        assert before == made_as(address_of(database))
        assert ordered == database.rows("select word from texts order by word")
        trial = servers.make("locales", tools_of(server), superuser="postgres").at(database.name)
        make_database(trial, before, major=version)
        assert before == made_as(trial)
        servers.remove("locales")


@pytest.mark.parametrize(
    "making",
    [
        Making(name="nowhere", collate="xx_XX.UTF-8", ctype="xx_XX.UTF-8"),
        Making(name="nowhere", collate="C", ctype="C", provider="icu", locale="en"),
        Making(name="nowhere", collate="C", ctype="C", encoding="KLINGON"),
    ],
    ids=["locale", "provider", "encoding"],
)
def test_what_a_server_lacks_is_refused(postgres_servers: Servers, making: Making) -> None:
    """A server that lacks the locale, the provider or the encoding makes no database with another one instead."""
    server = postgres_servers.version(18)  # this build has no ICU
    with pytest.raises(EngineFailed):
        make_database(address_of(Database(server=server, name=making.name)), making, major=18)
    with server.connect() as session:
        assert [] == session.execute("select from pg_database where datname = 'nowhere'").fetchall()


def test_another_encoding_is_refused_and_another_locale_told(postgres_servers: Servers, tmp_path: Path) -> None:
    """`--into` changes nothing where the same text has other bytes, and says beforehand where it is sorted otherwise."""
    server = postgres_servers.version(15)
    with made(server, "encoding 'UTF8' locale 'C.UTF-8'", name="locales") as database:
        aman = aman_for(tmp_path, database)
        aman.seal()
        aman.run("backup", status=0)
        for encoding in ("SQL_ASCII", "LATIN1"):
            with made(server, f"encoding '{encoding}' locale 'C'", name="another", script="select 1") as other:
                aman.environment["OTHER"] = other.url
                said = aman.run("restore", "--into", "env:OTHER", status=3)
                assert f"its encoding is {encoding}, that of the snapshot UTF8" in said.lines[0]
                assert "TEMPLATE template0 ENCODING 'UTF8'" in said.lines[2]
                assert None is other.value("select to_regclass('texts')")
        with made(server, "encoding 'UTF8' locale_provider icu icu_locale 'en' locale 'C'", name="another", script="") as other:
            aman.environment["OTHER"] = other.url
            said = aman.run("restore", "--into", "env:OTHER", status=0)
            assert "another sorts text by icu en, and the one that was backed up by libc C.UTF-8" in said.err
            assert 3000 == other.value("select count(*) from texts")


def broken(server: Server, name: str) -> list[str]:
    """Return the indexes of the texts that the server finds out of order."""
    return broken_indexes(server, name, table="texts")


def copied(database: Database) -> None:
    """A copy of the database is there, made as an update makes it."""
    with closing(engine_of(database.server, live=database.name)) as engine:
        engine.claim(CLAIM, identity=engine.identify(database.name))
        engine.shut(database.name, claim=CLAIM)
        engine.copy(database.name, CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        engine.admit(database.name, claim=CLAIM)


def aged(database: Database) -> tuple[str, ...]:
    """Return what the engine says of the indexes."""
    with closing(engine_of(database.server, live=database.name)) as engine:
        return engine.aged_indexes(database.name)


@pytest.mark.parametrize("version", [15, 17])
def test_a_copy_is_in_the_order_of_today(postgres_servers: Servers, version: int) -> None:
    """Where the server sorts otherwise now, the copy's indexes are in order and its version is recorded; the original stays."""
    server = postgres_servers.version(version)
    column = "daticulocale" if version < 17 else "datlocale"
    with made(server, WORDS["icu"][1], name="shop") as database:
        assert () == aged(database)
        database.execute(f"update pg_database set {column} = '{OTHERWISE}', datcollversion = '0.1' where datname = 'shop'")
        assert (["texts_pkey"], ("public.texts_pkey",)) == (broken(server, "shop"), aged(database))
        copied(database)
        assert ([], ["texts_pkey"]) == (broken(server, CLONE), broken(server, "shop"))
        assert () == aged(Database(server=server, name=CLONE))
        recorded = "select datcollversion = pg_database_collation_actual_version(oid) from pg_database where datname = '{}'"
        assert (True, False) == tuple(database.value(recorded.format(name)) for name in (CLONE, "shop"))


def test_a_library_that_tells_no_version(postgres_servers: Servers) -> None:
    """Where the server recorded a version once and gives none now, a copy is made all the same, and its indexes made anew."""
    server = postgres_servers.version(17)
    with made(server, "encoding 'UTF8' locale 'C.UTF-8'", name="shop") as database:
        database.execute("update pg_database set datcollversion = '2.31' where datname = 'shop'")
        before = database.value("select pg_relation_filenode('texts_pkey')")
        copied(database)
        clone = Database(server=server, name=CLONE)
        assert before != clone.value("select pg_relation_filenode('texts_pkey')")
        assert 3000 == clone.value("select count(*) from texts")


@pytest.mark.parametrize("version", [14, 17])
def test_an_order_of_one_column(postgres_servers: Servers, version: int) -> None:
    """An index by a collation of its own is made anew where that one changed, and no other index."""
    server = postgres_servers.version(version)
    script = """
        create collation counted (provider = icu, locale = 'en');
        create table texts (word text collate counted primary key, other text unique);
        insert into texts select 'w' || n, 'w' || n from generate_series(1, 3000) n;
    """
    with made(server, "encoding 'UTF8' locale 'C.UTF-8'", name="shop", script=script) as database:
        where = "collcollate = '{0}', collctype = '{0}'" if version < 15 else "colllocale = '{0}'"
        change = f"update pg_collation set {where.format(OTHERWISE)}, collversion = '0.1' where collname = 'counted'"
        database.execute(change)
        assert ("public.texts_pkey",) == aged(database)
        copied(database)
        clone = Database(server=server, name=CLONE)
        assert ([], ["texts_pkey"]) == (broken(server, CLONE), broken(server, "shop"))
        same = "select pg_relation_filenode('texts_other_key')"
        assert database.value(same) == clone.value(same)
        assert () == aged(clone)


def test_twins_in_a_unique_index_are_found_out(postgres_servers: Servers, tmp_path: Path) -> None:
    """What a unique index took in twice, being out of order, ends a proof, and a copy: without values, none is complete."""
    server = postgres_servers.version(17)
    with made(server, WORDS["icu"][1], name="shop") as database:
        database.execute(f"update pg_database set datlocale = '{OTHERWISE}', datcollversion = '0.1' where datname = 'shop'")
        twins = 0
        for number in range(2, 3000, 7):
            with psycopg.connect(database.url) as session:
                words = "insert into texts values (%s, null, null) on conflict (word) do nothing"
                twins += session.execute(words, [f"w{number}"]).rowcount
        assert 0 < twins
        aman = aman_for(tmp_path, database)
        aman.seal()
        said = aman.run("backup")
        assert 5 == said.status
        assert "could not create unique index" in said.lines[0]
        assert "production: exactly as before" == said.lines[1]
        with pytest.raises(EngineFailed, match="anew: it holds rows that it should keep apart"):
            copied(database)
        with closing(engine_of(server, live="shop")) as engine:
            state = engine.database(CLONE)
            assert state is None or state.mark == ""
            engine.admit("shop", claim=CLAIM)
        Database(server=server, name=CLONE).drop()
