"""A database that belongs to another app or environment is refused, as a user sees it, before anything is done to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql
from tests.kit.aman import Aman, aman_for, kill_at
from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server
from tests.kit.store import GOOD, Store, end_store

pytestmark = pytest.mark.real

COMMENT = "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
CHANGING = (
    "update --tag v2 --yes",
    "plan --tag v2",
    "backup",
    "restore --yes",
    "rollback --yes",
    "drill",
    "seed",
    "run -- python3 -c pass",
    "guard install --yes",
    "guard remove --yes",
    "permit --minutes 1 --why test",
)


def named(folder: Path, name: str, environment: str) -> None:
    """The configuration says another name and another environment."""
    file = folder / "amankan.toml"
    lines = [
        line if not line.startswith(("name = ", "environment = ")) else f'{line.partition(" = ")[0]} = "{value}"'
        for line in file.read_text().splitlines()
        for value in [name if line.startswith("name") else environment]
    ]
    file.write_text("\n".join(lines) + "\n")


def marked(database: Database) -> tuple[str, str] | None:
    """Return what the last line of a database's comment says of its app."""
    line = str(database.value(COMMENT) or "").rpartition("\n")[2]
    found = json.loads(line.removeprefix("[amankan ").removesuffix("]")) if line.startswith("[amankan ") else {}
    return (found["app"], found["environment"]) if "app" in found else None


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file of the state and of the vault, with its content."""
    places = (folder / ".amankan", folder / "backups")
    return {str(path): path.read_bytes() for place in places for path in place.rglob("*") if path.is_file()}


@pytest.fixture
def copy(any_shop: Database, tmp_path: Path) -> Iterator[Aman]:
    """An `aman` on a plain shop in staging, whose backups are sealed; the database is not marked yet."""
    found = aman_for(tmp_path, any_shop)
    found.seal()
    yield found


def test_a_configuration_of_another_environment_does_nothing(store: Store) -> None:
    """Every command that would write is refused with both names, before a lock, a journal line or a backup is there."""
    store.aman.run("backup", status=0)
    assert ("store", "production") == marked(store.database)
    named(store.folder, "store", "staging")
    files, comment, databases = files_of(store.folder), store.database.value(COMMENT), store.relatives()
    for words in CHANGING:
        said = store.aman.run(*words.split(), status=3)
        assert [
            "cannot go on: the database is marked as store in production, amankan.toml says store in staging",
            "production: unchanged",
            "next: correct database.url or [app] in amankan.toml; where the mark is what is wrong:"
            " aman backup --marked-as store/production",
        ] == said.lines, words
    assert (files, comment, databases) == (files_of(store.folder), store.database.value(COMMENT), store.relatives())
    assert store.page().startswith("v1 ")
    error = json.loads(store.aman.run("update", "--tag", "v2", "--yes", "--json", status=3).out.splitlines()[-1])["error"]
    assert ("wrong-target", 3) == (error["code"], error["status"])


def test_the_mark_goes_along(store: Store) -> None:
    """After an update, a way back with the database and a restore the live database is marked, and copies carry no claim."""
    ours = ("store", "production")
    store.aman.run("update", "--tag", "v2", "--yes", status=0)
    assert ours == marked(store.database)
    store.aman.run("rollback", "--database", "--yes", status=0)
    assert ours == marked(store.database)
    store.aman.run("restore", "--yes", status=0)
    assert ours == marked(store.database)
    with store.aman.start("update", "--tag", "v2", "--yes") as running:
        kill_at(running, "swap")
    store.aman.run("recover", status=0)
    assert ours == marked(store.database)


def test_the_mark_stays_in_place(tmp_path: Path) -> None:
    """An update in place, as a replication slot makes it, leaves the mark; before the first operation there is none."""
    with Server(find_build(18), settings={"wal_level": "logical"}) as server, server.database() as database:
        store = Store(folder=tmp_path, database=database, aman=aman_for(tmp_path, database))
        store.begin()
        store.lay("v2", GOOD)
        database.execute("select pg_create_logical_replication_slot('slot', 'pgoutput')")
        assert marked(database) is None
        try:
            store.aman.run("update", "--tag", "v2", "--yes", "--json", status=0)
            assert ("store", "production") == marked(database)
            assert set() == store.relatives()
        finally:
            database.execute("select pg_drop_replication_slot('slot')")
            end_store(store)


def test_looking_marks_nothing(copy: Aman, any_shop: Database) -> None:
    """A database of before is worked on as ever: looking at it writes nothing, the first backup marks it."""
    any_shop.execute(f"comment on database \"{any_shop.name}\" is E'our shop\\nof 1999'")
    for words in ("doctor", "status", "guard status", "backups"):
        copy.run(*words.split(), status=0)
    assert "our shop\nof 1999" == any_shop.value(COMMENT)
    copy.run("backup", "--no-prove", status=0)
    assert ("shop", "staging") == marked(any_shop)
    assert any_shop.value(COMMENT).startswith("our shop\nof 1999\n[amankan ")
    copy.run("backup", "--no-prove", status=0)


def test_the_mark_is_changed_on_purpose(copy: Aman, any_shop: Database) -> None:
    """An app that was renamed names the mark that it knows, in a backup; any other name for it is refused."""
    copy.run("backup", "--no-prove", status=0)
    named(copy.folder, "store", "development")
    for wrong in ("shop/production", "store/development", "store/staging"):
        assert "is marked as shop in staging" in copy.run("backup", "--marked-as", wrong, status=3).lines[0]
    for nothing in ("shop", "shop/", "/", "Shop/staging", "shop/staging/x", "a b/c", "a\x1b[2J/b"):
        assert "cannot understand --marked-as" in copy.run("backup", "--marked-as", nothing, status=2).lines[0]
    assert ("shop", "staging") == marked(any_shop)
    copy.run("backup", "--no-prove", "--marked-as", "shop/staging", status=0)
    assert ("store", "development") == marked(any_shop)
    copy.run("backup", "--no-prove", status=0)
    named(copy.folder, "shop", "staging")
    assert "is marked as store in development" in copy.run("backup", status=3).lines[0]


def test_the_doctor_and_the_status_tell_it(copy: Aman) -> None:
    """A mismatch is a fault of the doctor with its remedy, and a line of the status; in order it is one of them only."""
    copy.run("backup", status=0)
    [found] = [each for each in copy.run("doctor", "--json").document["doctor"]["checks"] if each["id"] == "mark"]
    assert ("ok", "the database is marked as shop in staging") == (found["level"], found["sentence"])
    said = copy.run("status", "--json", status=0)
    assert {"app": "shop", "environment": "staging"} == said.document["mark"]
    assert "mark:" not in copy.run("status", status=0).out
    named(copy.folder, "shop", "production")
    [found] = [each for each in copy.run("doctor", "--json", status=3).out.splitlines() if "checks" in each]
    checks = {each["id"]: each for each in json.loads(found)["doctor"]["checks"]}
    assert "fault" == checks["mark"]["level"]
    assert "--marked-as shop/staging" in checks["mark"]["remedy"]
    shown = copy.run("status", status=0).out
    assert "mark: the database is marked as shop in staging, amankan.toml says shop in production; next: " in shown


def test_a_snapshot_of_production_brings_no_mark(copy: Aman, any_shop: Database, tmp_path: Path) -> None:
    """What comes from production into a database of staging leaves that database as staging's."""
    copy.run("backup", status=0)
    with any_shop.server.database() as other:
        copy.environment["OTHER"] = other.url
        copy.run("restore", "--into", "env:OTHER", status=0)
        assert marked(other) is None
        # A dump with --create brings the comment with the note in it, which was written for another place.
        with any_shop.server.connect() as session:
            said = sql.SQL("comment on database {} is {}")
            session.execute(said.format(sql.Identifier(other.name), sql.Literal(any_shop.value(COMMENT))))
        home = tmp_path / "production"
        home.mkdir()
        staging = Aman(folder=home, environment=copy.environment | {"DATABASE_URL": other.url, "HOME": str(home)})
        staging.seal()
        named(home, "shop", "development")
        staging.run("backup", status=0)
        assert ("shop", "development") == marked(other)
        staging.run("restore", "--yes", status=0)
        assert ("shop", "development") == marked(other)
        assert ("shop", "staging") == marked(any_shop)
        for name in [name for (name,) in other.rows("select datname from pg_database") if name.startswith(f"{other.name}_")]:
            Database(server=other.server, name=name).drop()


HOSTILE = ('{"app": "shop; rm -rf /", "environment": "production"', '{"app": "\\u001b[2J", "environment": "x"', '{"app": 7')


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_name_is_no_mark(copy: Aman, any_shop: Database, words: str) -> None:
    """A note that somebody wrote by hand is shown to nobody where it holds no names; the next backup writes a good one."""
    place = (
        any_shop.value("select system_identifier from pg_control_system()"),
        any_shop.value("select oid from pg_database where datname = current_database()"),
    )
    note = f'[amankan {words}, "at": "{place[0]}/{place[1]}"}}]'
    with any_shop.connect() as session:
        said = sql.SQL("comment on database {} is {}")
        session.execute(said.format(sql.Identifier(any_shop.name), sql.Literal(note)))
    assert None is copy.run("status", "--json", status=0).document["mark"]
    copy.run("backup", "--no-prove", status=0)
    assert ("shop", "staging") == marked(any_shop)
