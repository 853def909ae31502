"""`aman doctor` on real servers and repositories: what stands in the way of an update is found."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from tests.kit.aman import Aman, aman_for, plain
from tests.kit.pgbouncer import pooled
from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.server import Server

pytestmark = pytest.mark.real

# What an administrator lets a pooler swallow, so that drivers which set it can come in.
IGNORED = "options,extra_float_digits"


def levels(aman: Aman) -> dict[str, str]:
    """Return the level of each check, whatever the exit status, which fits them."""
    said = aman.run("doctor", "--json")
    found = {each["id"]: each["level"] for each in said.document["doctor"]["checks"]}
    assert (3 if "fault" in found.values() else 0) == said.status
    assert all(each["remedy"] for each in said.document["doctor"]["checks"] if each["level"] != "ok")
    return found


def sentence(aman: Aman, id: str) -> str:
    """Return what a check says."""
    [found] = [each for each in aman.run("doctor", "--json").document["doctor"]["checks"] if each["id"] == id]
    return str(found["sentence"])


@pytest.fixture
def aman(any_shop: Database, tmp_path: Path) -> Aman:
    """A configured `aman` in an ordinary folder, whose backups are sealed."""
    found = aman_for(tmp_path, any_shop)
    found.seal()
    return found


@pytest.fixture
def preparing() -> Iterator[Server]:
    """A server that takes prepared transactions."""
    with Server(find_build(18), settings={"max_prepared_transactions": "5"}) as server:
        yield server


def test_an_app_in_order_has_no_fault(aman: Aman) -> None:
    """Status 0, and after a backup that is told too; nothing is changed by looking."""
    before = sorted(path.name for path in aman.folder.rglob("*"))
    found = levels(aman)
    assert "fault" not in found.values()
    assert before == sorted(path.name for path in aman.folder.rglob("*"))
    assert ("warn", "ok") == (found["backup"], found["identity"])
    aman.run("backup", status=0)
    after = levels(aman)
    assert ("ok", "ok", "ok") == (after["backup"], after["chain"], after["identity"])


def test_rights_that_lack_are_named(any_shop: Database, tmp_path: Path) -> None:
    """A role that may neither read nor clone is told what it lacks, with the table's name."""
    role = any_shop.server.role()
    any_shop.execute("create table hidden (a int)")
    aman = aman_for(tmp_path, any_shop)
    aman.configure()
    aman.environment["DATABASE_URL"] = any_shop.url_for(role)
    try:
        found = levels(aman)
        assert ("fault", "warn") == (found["readable"], found["role"])
        assert "hidden" in sentence(aman, "readable")
    finally:
        any_shop.execute(f'drop owned by "{role.name}"; drop role "{role.name}"')


def test_whoever_is_in_the_way_is_named(preparing: Server, tmp_path: Path) -> None:
    """Prepared transactions, other roles' sessions, half migrations, foreign tables and keys turned off are found."""
    names = ("prepared", "sessions", "foreign-tables", "foreign-keys", "migrations")
    with preparing.database() as database:
        role = preparing.role()
        aman = aman_for(tmp_path, database)
        aman.configure()
        assert {"ok"} == {levels(aman)[name] for name in names}
        database.execute(
            "create table _prisma_migrations (id int, migration_name text, started_at timestamptz, finished_at timestamptz,"
            " rolled_back_at timestamptz); insert into _prisma_migrations values (1, '20250101_half', now(), null, null);"
            "create foreign data wrapper away; create server away foreign data wrapper away;"
            "create foreign table elsewhere (a int) server away;"
            "create table one (a int primary key); create table loose (a int references one);"
            "alter table loose disable trigger all"
        )
        with database.connect() as session, database.connect(user=role.name, password=role.password):
            session.execute("begin")
            session.execute("create table t (a int)")
            session.execute("prepare transaction 'orphan'")
            found = levels(aman)
            assert ("fault", "warn", "warn", "warn", "fault") == tuple(found[name] for name in names)
            told = [sentence(aman, name) for name in names]
            wanted = ("orphan", role.name, "public.elsewhere", "public.loose", "20250101_half")
            assert [True] * 5 == [name in text for name, text in zip(wanted, told, strict=True)], told
            session.execute("rollback prepared 'orphan'")


def test_what_does_not_come_back_as_it_was_is_named(any_shop: Database, tmp_path: Path) -> None:
    """Tables outside of the database's own tablespace, and those that a crash empties; a restore brings the rows of all."""
    database, postgres = any_shop, any_shop.server
    with tempfile.TemporaryDirectory(prefix="aman-space-") as folder:
        shutil.chown(folder, Path(str(database.value("show data_directory"))).owner())
        aman = aman_for(tmp_path, database)
        aman.seal()
        assert {"ok"} == {levels(aman)[name] for name in ("tablespaces", "unlogged")}
        with postgres.connect() as session:
            session.execute(sql.SQL("create tablespace fast location {}").format(sql.Literal(folder)))
        database.execute(
            "create unlogged table quick as select 1 as n; create table far (n int primary key) tablespace fast;"
            "insert into far select generate_series(1, 5); create index near on far (n) tablespace fast"
        )
        assert {"warn"} == {levels(aman)[name] for name in ("tablespaces", "unlogged")}
        assert ["public.far", "public.near", "public.quick"] == [
            name
            for name in ("public.far", "public.near", "public.quick")
            if name in sentence(aman, "tablespaces") + sentence(aman, "unlogged")
        ]
        aman.run("backup", status=0)
        aman.run("restore", "--yes", status=0)
        assert (5, 1) == (database.value("select count(*) from far"), database.value("select count(*) from quick"))
        assert "ok" == levels(aman)["tablespaces"]
        for (name,) in database.rows(
            "select datname from pg_database where datname like current_database() || '!_%' escape '!'"
        ):
            Database(server=postgres, name=name).drop()
        with postgres.connect() as session:
            session.execute("drop tablespace fast")


def test_another_server_is_not_taken_for_the_app_s(postgres_servers: Servers, aman: Aman, any_shop: Database) -> None:
    """After a backup, an address that leads to another server is a fault, whatever the database is called there."""
    aman.run("backup", "--no-prove", status=0)
    with postgres_servers.version(15).database(any_shop.name) as other:
        path = f"{other.server.client_dir}:{aman.environment['PATH']}"
        elsewhere = Aman(folder=aman.folder, environment=aman.environment | {"DATABASE_URL": other.url, "PATH": path})
        assert "fault" == levels(elsewhere)["identity"]
    assert "ok" == levels(aman)["identity"]


def test_a_silent_database_is_a_fault_and_the_rest_is_told(aman: Aman) -> None:
    """What cannot be looked at is worth a warning, never well; people read the reason once."""
    aman.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    found = levels(aman)
    assert "fault" == found["database"]
    assert {"warn"} == {found[name] for name in ("version", "tools", "readable", "guard", "room", "identity", "pooler")}
    assert "ok" == found["encryption"]
    shown = aman.run("doctor", status=3)
    assert 1 == shown.out.count("could not be looked at: the database does not answer\n       →")
    assert "cannot call this app ready" in shown.lines[0]


@pytest.mark.parametrize(
    ("mode", "ignored", "level"),
    [("transaction", IGNORED, "fault"), ("transaction", "", "fault"), ("session", IGNORED, "warn")],
)
def test_a_pooler_is_noticed(any_shop: Database, open_dir: Path, *, mode: str, ignored: str, level: str) -> None:
    """A pooler that parts sessions is a fault, whether it refuses our settings or swallows them."""
    home = open_dir / "app"
    home.mkdir()
    aman = aman_for(home, any_shop)
    aman.configure()
    assert "ok" == levels(aman)["pooler"]
    with pooled(any_shop, open_dir, mode=mode, ignored=ignored) as url:
        aman.environment["DATABASE_URL"] = url
        assert level == levels(aman)["pooler"]


def git(folder: Path, *words: str) -> None:
    """Run git as somebody."""
    named = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)


def test_secrets_in_git_are_found(aman: Aman) -> None:
    """What git has is a fault in production, what it had is told; an example of a file and a migration are neither."""
    folder = aman.folder
    assert "ok" == levels(aman)["git"]
    for name in (".env", ".env.example", "nightly.dump", "migration.sql"):
        (folder / name).write_text("a")
    git(folder, "init")
    git(folder, "add", ".env", ".env.example", "nightly.dump", "migration.sql")
    git(folder, "commit", "-m", "a")
    assert "warn" == levels(aman)["git"]  # staging
    assert "git tracks files with secrets or rows: .env, nightly.dump" == sentence(aman, "git")
    git(folder, "rm", "--cached", ".env", "nightly.dump")
    git(folder, "commit", "-m", "b")
    assert "git's history holds files with secrets or rows: .env, nightly.dump" == sentence(aman, "git")


def test_a_repository_cannot_run_a_program(aman: Aman) -> None:
    """What a repository's own settings name as a program is not run by looking into it."""
    canary = aman.folder / "canary"
    git(aman.folder, "init")
    git(aman.folder, "config", "core.fsmonitor", f"touch {canary}; false")
    levels(aman)
    assert not canary.exists()


def test_files_that_everybody_can_read_are_found(aman: Aman) -> None:
    """A file with secrets that others can read is told with the command that closes it."""
    aman.folder.chmod(0o755)
    (aman.folder / ".env").write_text("a")
    (aman.folder / ".env").chmod(0o600)
    assert "ok" == levels(aman)["files"]
    (aman.folder / ".env").chmod(0o644)
    [found] = [each for each in aman.run("doctor", "--json").document["doctor"]["checks"] if each["id"] == "files"]
    assert ("warn", "chmod 600 .env") == (found["level"], found["remedy"])


def test_keys_and_passwords(aman: Aman, any_shop: Database) -> None:
    """A key beside the backups is told; one that everybody can read, and a password like the role's name, are faults."""
    assert "warn" == levels(aman)["key-place"]
    (aman.folder / "recovery.key").chmod(0o644)
    assert "fault" == levels(aman)["key-place"]
    (aman.folder / "recovery.key").rename(aman.folder.parent / "elsewhere.key")
    assert "ok" == levels(aman)["key-place"]
    with any_shop.connect() as session:
        session.execute("create role weak login password 'weak'")
    port = any_shop.server.port
    aman.environment["DATABASE_URL"] = f"postgresql://weak:weak@127.0.0.1:{port}/{any_shop.name}"
    try:
        assert "warn" == levels(aman)["password"]
    finally:
        any_shop.execute("drop role weak")


def test_both_languages(aman: Aman) -> None:
    """What people read is in their language; the words of the levels and names are those of machines."""
    said: Any = aman.run("doctor", "--lang", "id")
    assert "belum ada cadangan" in said.out
    assert "warn   backup" in said.out


def test_an_app_without_containers(any_shop: Database, tmp_path: Path) -> None:
    """A folder of releases is configured and examined with no edit between; what does not run yet is told, not blamed."""
    release = tmp_path / "releases" / "v1"
    release.mkdir(parents=True)
    (release / "app.py").write_text("")
    (release / "alembic.ini").write_text("")
    (tmp_path / "current").symlink_to("releases/v1")
    any_shop.execute("create table alembic_version (version_num text)")
    aman = aman_for(tmp_path, any_shop)
    aman.environment["PORT"] = "1"
    said = aman.run("init", "--json", status=0).document["init"]
    assert ["amankan.toml"] == [path.name for path in tmp_path.iterdir() if path.is_file()]
    assert ["aman key new", "aman doctor"] == said["next"]
    aman.run("key", "new", status=0)
    found = levels(aman)
    assert "fault" not in found.values(), found
    assert ("ok", "ok", "warn", "warn") == tuple(found[name] for name in ("database", "migrations", "app", "http"))
    any_shop.execute("drop table alembic_version")


def test_init_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    """There is no configuration yet and nothing to guess from; then there is one, and it stays."""
    aman = plain(tmp_path)
    said = aman.run("init", "--json", status=3).document["error"]
    assert "aman init --compose FILE" in said["next"]
    assert [] == list(tmp_path.iterdir())
    (tmp_path / "amankan.toml").write_text("mine")
    aman.run("init", status=3)
    assert "mine" == (tmp_path / "amankan.toml").read_text()
