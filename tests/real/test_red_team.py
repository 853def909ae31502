"""An intruder with the app's own account, address and files: what it finds, and what it can do with it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from tests.kit.aman import Aman, aman_for
from tests.kit.corpus import kinds, read
from tests.kit.guarded import Guarded, make_shop, run
from tests.kit.postgres.fixtures import Servers

pytestmark = pytest.mark.real

# The app's account: an ordinary one of every Debian, that owns nothing and is not the one that any server runs as.
APP_ACCOUNT: Final = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")

# It reads all it can, of the folder, of every process and of the places for trials, and tries to write beside it.
INTRUDER: Final = """
import json, os, pathlib, sys, time
folder, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])
texts, written, joined = {}, [], []
def take(path):
    try:
        with open(path, "rb") as file:
            texts[str(path)] = file.read(400_000).decode("latin-1")
    except OSError:
        pass
def walk(top):
    for here, folders, files in os.walk(top):
        for name in files:
            take(os.path.join(here, name))
        for path in [here, *(os.path.join(here, name) for name in files)]:
            if os.access(path, os.W_OK):
                written.append(path)
end = time.monotonic() + seconds
while time.monotonic() < end:
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            take(process / name)
        try:
            joined.append(os.listdir(process / "fd") if process.stat().st_uid != os.getuid() else [])
        except OSError:
            pass
    for place in pathlib.Path("/var/tmp").glob("amankan-*"):
        for run in place.glob("*"):
            walk(run)
    walk(folder)
    time.sleep(0.02)
told = {"texts": texts, "written": sorted(set(written)), "joined": [each for each in joined if each], "passes": len(texts)}
pathlib.Path(sys.argv[3]).write_text(json.dumps(told))
"""

# What a role with rights could take from the server itself, or give itself.
GRASPS: Final = (
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('pg_hba.conf')",
    "SELECT * FROM pg_hba_file_rules",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "CREATE EXTENSION dblink",
    "ALTER ROLE {role} SUPERUSER",
    "ALTER ROLE {role} CREATEDB",
    "ALTER ROLE postgres PASSWORD 'mine'",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_replication_role = replica",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    "SELECT lo_export(1, '/tmp/x')",
)


@pytest.fixture
def shop(postgres_servers: Servers) -> Iterator[Guarded]:
    """A shop whose app has a role of its own, not yet guarded."""
    made = make_shop(postgres_servers.version(18), "deny")
    yield made
    made.close()


@pytest.fixture
def aman(shop: Guarded, open_dir: Path) -> Aman:
    """The folder of the app with a guard at level deny, encrypted backups, and an `.env` that the app reads."""
    home = open_dir / "shop"
    home.mkdir(mode=0o755)
    made = aman_for(home, shop.database)
    app_url = shop.database.url_for(shop.role)
    made.environment |= {"DATABASE_URL": app_url, "ADMIN_URL": shop.database.url}
    made.seal()
    admin = home / "admin.url"
    admin.touch(mode=0o600)
    admin.write_text(shop.database.url)
    (home / ".env").write_text(f"DATABASE_URL={app_url}\n")
    made.run("guard", "install", "--level", "deny", "--yes", status=0)
    made.run("backup", status=0)
    return made


def rows(shop: Guarded) -> dict[str, int]:
    """Return the rows of every table, counted by somebody who sees them all."""
    tables = shop.database.rows(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname in ('public', 'audit')"
    )
    return {name: int(shop.database.value(f"select count(*) from {name}")) for (name,) in tables}


def refused(shop: Guarded, statement: str) -> bool:
    """Tell whether the app's role is refused a statement, which is committed where it is not."""
    with closing(shop.connect(prepare_threshold=None)) as session:
        try:
            tell(session, statement)
        except psycopg.Error:
            return True
    return False


def tell(session: psycopg.Connection[Any], statement: str) -> None:
    """The server has run a statement; what it sends is read to the end."""
    if statement.startswith("COPY") and "STDOUT" in statement:
        with session.cursor().copy(sql.SQL(statement)) as copy:
            list(copy)
    else:
        run(session, statement)


def intrude(aman: Aman, into: Path) -> Any:
    """While the tool works, the intruder looks around; return what it brought home."""
    into.mkdir(mode=0o777)
    into.chmod(0o777)
    script = into / "intruder.py"
    script.write_text(INTRUDER)
    words = [*APP_ACCOUNT, "/usr/bin/python3", str(script), str(aman.folder), "8", str(into / "told.json")]
    with aman.start("backup") as running:
        environment = {"DATABASE_URL": aman.environment["DATABASE_URL"], "PATH": os.environ["PATH"]}
        subprocess.run(words, check=True, env=environment, cwd=aman.folder, timeout=120)
        running.communicate()
        assert 0 == running.returncode
    return json.loads((into / "told.json").read_text())


def test_the_apps_account_finds_nothing_that_destroys(shop: Guarded, aman: Aman, open_dir: Path) -> None:
    """No address of the tool's own role, no key and no row of a backup can be read, and nothing of the tool be written."""
    told = intrude(aman, open_dir / "intruder")
    found = "\0".join(told["texts"].values())
    password = shop.database.server.admin.password
    assert shop.role.name in found  # it reads what is the app's own
    assert str(aman.folder / "amankan.toml") in told["texts"]
    for secret in (password, quote(password, safe=""), "AGE-SECRET-KEY-"):
        assert [] == [path for path, text in told["texts"].items() if secret in text]
    keys = list(aman.folder.rglob("*.key"))
    assert {"recovery.key", "signing.key"} <= {path.name for path in keys}
    assert [] == [path for path in (*map(str, keys), str(aman.folder / "admin.url")) if path in told["texts"]]
    assert [] == [path for path in told["texts"] if "/.amankan/" in path or path.startswith("/var/tmp/amankan-")]
    assert [] == told["written"]
    assert [] == told["joined"]


def test_the_apps_role_destroys_nothing(shop: Guarded, aman: Aman) -> None:
    """By the address that it finds, every statement of the corpus that destroys fails, committed or not, and no row is gone."""
    before, tried = rows(shop), 0
    for statement in (each for kind in kinds() for each in read(kind)):
        if statement.verdict("deny") != "refused" or statement.since > 18:
            continue
        tried += 1
        assert refused(shop, statement.sql.replace("{database}", f'"{shop.database.name}"')), statement.sql
    assert 200 < tried
    assert [] == [grasp for grasp in GRASPS if not refused(shop, grasp.format(role=shop.role.name))]
    assert before == rows(shop)
    assert "whole" == aman.run("guard", "status", "--json", status=0).document["guard"]["state"]
    assert [] == aman.run("permit", "--list", "--json", status=0).document["permits"]


def test_the_tool_in_its_hands_is_powerless(shop: Guarded, aman: Aman, open_dir: Path) -> None:
    """The command itself, with no more than that account finds, gives no permit, takes no guard out and restores nothing."""
    before = rows(shop)
    home = open_dir / "stolen"
    home.mkdir()
    stolen = Aman(folder=home, environment={**aman.environment, "HOME": str(home)})
    del stolen.environment["ADMIN_URL"]
    stolen.configure()
    for words in (
        ("permit", "--minutes", "60", "--why", "mine"),
        ("guard", "remove", "--yes"),
        ("restore", "--yes"),
        ("recover",),
        ("run", "--", "psql", "-c", "drop table items"),
    ):
        said = stolen.run(*words)
        assert said.status != 0 or words == ("recover",), words
    assert before == rows(shop)
    assert "whole" == aman.run("guard", "status", "--json", status=0).document["guard"]["state"]
