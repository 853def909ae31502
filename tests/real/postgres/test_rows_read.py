"""The rows of every table are read from the table itself, as they are, whatever its kind and whatever is set."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg import sql
from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.server import Server
from tests.real.postgres.place import Silent, address_of, archiver_of, dump_to, prove, tools_of

from amankan.adapters.engines.postgres import direct, fingerprint, route
from amankan.adapters.engines.postgres.checks import count_rows
from amankan.adapters.engines.postgres.fingerprint import fingerprint_of
from amankan.adapters.engines.postgres.session import connected, rows
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.errors import EngineFailed
from amankan.model.fingerprint import Fingerprint, compare
from amankan.model.pace import Pace

pytestmark = pytest.mark.real

LABELS = 40
FEW, MANY = 200, 16_000

# By a domain over the enum, below a range, and with columns in different orders: where one level moves, all goes by the root.
TREE = """
create type colour as enum ({labels});
create domain shade as colour;
create table whole (b int, a shade, c text) partition by range (b);
create table middle partition of whole for values from (0) to (1000000) partition by hash (a);
create table leaf_0 partition of middle for values with (modulus 2, remainder 0);
create table leaf_1 (c text, gone int, a shade, b int);
alter table leaf_1 drop column gone;
alter table middle attach partition leaf_1 for values with (modulus 2, remainder 1);
create table other partition of whole default;
insert into whole select n - {rows} / 8, ('c' || n % 40)::colour, repeat('x', 1200) from generate_series(1, {rows}) n
"""


@contextmanager
def encoded(server: Server, encoding: str) -> Iterator[Database]:
    """Lend a database of this encoding."""
    with server.connect() as session:
        words = "create database spoken template template0 encoding {} locale 'C'"
        session.execute(sql.SQL(words).format(sql.Literal(encoding)))
    with Database(server=server, name="spoken") as database:
        yield database


def held_by(database: Database) -> Fingerprint:
    """Return the fingerprint as it is read from the database itself."""
    return fingerprint_of(address_of(database), sessions=2, progress=Silent())


def same_elsewhere(servers: ThrowawayServers, database: Database, *, folder: Path, pace: Pace = Pace.FAST) -> Fingerprint:
    """Return the fingerprint of a dump, once it was found in what a throwaway server made of it."""
    dumped = dump_to(folder / "archive", database, pace=pace)
    held = prove(servers, "rows", archive=folder / "archive", dumped=dumped, tools=tools_of(database.server))
    assert () == compare(dumped[1].fingerprint, held)
    return dumped[1].fingerprint


@pytest.mark.parametrize(("pace", "count"), [(Pace.QUIET, FEW), (Pace.FAST, FEW), (Pace.FAST, MANY)])
def test_trees_that_are_loaded_by_their_root(
    any_postgres: Server, servers: ThrowawayServers, tmp_path: Path, pace: Pace, count: int
) -> None:
    """No row of a hash over an enum is lost, although a restore puts it into another partition, and the tree is compared."""
    labels = ", ".join(f"'c{number}'" for number in range(LABELS))
    with any_postgres.database() as database:
        database.execute(TREE.format(labels=labels, rows=count))
        before = same_elsewhere(servers, database, folder=tmp_path, pace=pace)
        beside = database.value("select count(*) from other")
        assert [("public.other", beside), ("public.whole", count - beside)] == [
            (table.table, table.rows) for table in before.tables
        ]
        assert () == compare(before, held_by(database))
        placed = "select distinct a::text from public.leaf_0 order by 1"
        with connected(servers.address("rows").at(database.name)) as session:
            assert [(count,)] == rows(session, "select count(*) from public.whole")
            assert database.rows(placed) != rows(session, placed)
        database.execute("update whole set c = 'y' where b = 1")
        assert ["content"] == [each.what for each in compare(before, held_by(database))]
    servers.remove("rows")


def test_trees_on_every_version(
    postgres: Server, servers: ThrowawayServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tree whose rows go by the root stands beside one whose rows do not, on every version, by any way, with long rows."""
    with postgres.database() as database:
        database.execute(
            TREE.format(labels=", ".join(f"'c{number}'" for number in range(LABELS)), rows=FEW)
            + "; create table plain (a int) partition by hash (a); "
            "create table plain_0 partition of plain for values with (modulus 1, remainder 0); "
            "insert into plain values (1), (2); update whole set c = repeat('z', 1500000) where b between 1 and 5"
        )
        before = same_elsewhere(servers, database, folder=tmp_path)
        assert {"public.plain_0", "public.other", "public.whole"} == {table.table for table in before.tables}
        assert FEW + 2 == before.rows
        assert () == compare(before, held_by(database))
        monkeypatch.setattr(route, "open_socket", lambda *_: False)
        assert () == compare(before, dump_to(tmp_path / "one", database)[1].fingerprint)
    servers.remove("rows")


def test_no_table_comes_empty_that_has_rows(any_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that asks for nothing is found out; a table of dead rows is empty, and is taken so."""
    any_database.execute("create table dead as select n from generate_series(1, 1000) n; create table few as select 1 as n")
    any_database.execute("delete from dead")
    found = dump_to(tmp_path / "archive", any_database)[1].fingerprint
    assert [("public.dead", 0), ("public.few", 1)] == [(table.table, table.rows) for table in found.tables]
    asked = direct.questions

    def lying(*given: object, **words: object) -> list[direct.Question]:
        return [
            direct.Question(entry=each.entry, statement=b"copy (select 1 where false) to stdout", first=True, last=True)
            for each in asked(*given, **words)  # type: ignore[arg-type]
        ]

    monkeypatch.setattr(route, "questions", lying)
    with pytest.raises(EngineFailed, match=r"public\.few"):
        dump_to(tmp_path / "archive", any_database)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows an extension whose table has rows of its own and rows of the user's."""
    folder = Path(tempfile.mkdtemp(prefix="aman-extension-"))
    folder.chmod(0o755)
    (folder / "extension").mkdir(mode=0o755)
    (folder / "extension/toy.control").write_text("default_version = '1'\n")
    (folder / "extension/toy--1.sql").write_text(
        "create table toy_ref (id int primary key, t text);\n"
        "insert into toy_ref select n, 'own' from generate_series(1, 50) n;\n"
        "create table toy_all (id int);\n"
        "select pg_extension_config_dump('toy_ref', 'where id > 50');\nselect pg_extension_config_dump('toy_all', '');\n"
    )
    settings = {"extension_control_path": f"'{folder}:$system'"}
    with Server(find_build(18), settings=settings) as server:
        yield server
    shutil.rmtree(folder)


@pytest.mark.parametrize("socket", [True, False])
def test_tables_of_extensions(extended: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket: bool) -> None:
    """Of a table that an extension fills those rows are backed up, compared and counted that the extension calls the user's."""
    if not socket:
        monkeypatch.setattr(fingerprint, "open_socket", lambda *_: False)
    with extended.database() as database, extended.database(template="template0") as target:
        database.execute(
            "create extension toy; insert into toy_ref values (51, 'mine'), (52, 'too'); insert into toy_all values (7); "
            "create table t as select 1 as a"
        )
        before = dump_to(tmp_path / "archive", database)[1].fingerprint
        assert [("public.t", 1), ("public.toy_all", 1), ("public.toy_ref", 2)] == [
            (table.table, table.rows) for table in before.tables
        ]
        with (tmp_path / "archive").open("rb") as file:
            held = archiver_of(target).load(iter(lambda: file.read(1 << 20), b""), into=target.name, progress=Silent())
        assert () == compare(before, held)
        assert () == compare(before, held_by(database))
        assert {"public.t": 1, "public.toy_all": 1, "public.toy_ref": 2} == count_rows(address_of(database))
        assert 52 == target.value("select count(*) from toy_ref")


@pytest.mark.parametrize("version", [15, 18])
def test_client_encoding_of_a_database(
    postgres_servers: Servers, servers: ThrowawayServers, tmp_path: Path, version: int
) -> None:
    """What a database says of the encoding of its clients changes no byte of a backup."""
    with postgres_servers.version(version).database() as database:
        database.execute('create table "tü" ("ü" text); insert into "tü" values (\'aé\'); select lo_from_bytea(0, \'x\')')
        database.execute(f"alter database {database.name} set client_encoding = 'LATIN1'")
        assert 2 == same_elsewhere(servers, database, folder=tmp_path).rows
    servers.remove("rows")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_encrypted_connections(
    any_postgres: Server, servers: ThrowawayServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """Rows that come by the driver have the bytes of the database, as those of a dump have."""
    with encoded(any_postgres, encoding) as database:
        with database.connect(client_encoding=encoding) as session:
            session.pgconn.exec_(b"create table t (a text); insert into t values ('caf\xe9')")
        if encoding == "LATIN1":
            with database.connect(client_encoding=encoding) as session:
                session.pgconn.exec_(b'create table "t\xe9" ("c\xe9" text); insert into "t\xe9" values (\'\xe9\')')
                session.pgconn.exec_(b'create table "t\\xe9" (a int); insert into "t\\xe9" values (1)')
        monkeypatch.setattr(fingerprint, "open_socket", lambda *_: False)
        before = same_elsewhere(servers, database, folder=tmp_path)
        assert database.value("select count(*) from pg_class where relkind = 'r' and oid >= 16384") == len(before.tables)
        assert () == compare(before, held_by(database))
        monkeypatch.undo()
        assert () == compare(before, held_by(database))
    servers.remove("rows")


def test_a_table_that_is_gone_has_no_size(any_database: Database) -> None:
    """A table that was dropped after the snapshot is not among those that can be read by ranges, and stops nothing."""
    any_database.execute("create table t as select 1 as a; create table u as select 1 as a")
    with connected(address_of(any_database)) as session:
        session.execute("begin transaction isolation level repeatable read, read only")
        rows(session, "select pg_export_snapshot()")
        any_database.execute("drop table t")
        found = direct.extents_of(session)
        assert [(b"public", b"u")] == [name for name in found if name[0] == b"public"]
