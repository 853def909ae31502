"""An address reaches the very server, role and database that it names, through every program, whatever is around."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server

from amankan.adapters.engines.postgres.address import Address, parse_address
from amankan.adapters.engines.postgres.reach import (
    child_environment,
    database_word,
    passfile_text,
    session_conninfo,
)
from amankan.model.secret import Secret

pytestmark = pytest.mark.real

PASSWORDS = (
    "p@:/%w",
    " leading and trailing ",
    "'",
    '"',
    "\\",
    "\\:\\\\::",
    "*",
    "#comment",
    "-W",
    "$(id);`id`",
    "${HOME}",
    "%40",
    "%",
    "a+b",
    "&x=y?z#",
    "{}[]!;",
    "\t",
    "pässwörd🔑",
    "e\u0301",
    "x" * 1000,
    "p\x01\x1b[2J",
)
DATABASES = (
    "MyApp",
    "my app",
    "100%",
    'a"b',
    "a'b",
    "a\\b",
    "a=b",
    "host=evil",
    "postgresql://evil/x",
    "-d",
    "ü" * 31,
    "@",
)
USERS = ("App", "u@tenant", "u%", "my user", 'u"v', "u:v", "u\\v", "-U", "ü")

# What a careless shell, a CI job or an attacker may have set.
AMBIENT = {
    "PGHOST": "evil.invalid",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGUSER": "evil",
    "PGPASSWORD": "evil",
    "PGDATABASE": "evil",
    "PGSERVICE": "evil",
    "PGSSLMODE": "verify-full",
    "PGOPTIONS": "-c search_path=evil",
    "PGREQUIREAUTH": "none",
    "PGTARGETSESSIONATTRS": "standby",
}
ASK = "select current_user, current_database(), current_setting('port')"

SESSION = """
import os, sys
import psycopg
from amankan.adapters.engines.postgres.address import parse_address
from amankan.adapters.engines.postgres.reach import forget_ambient, session_conninfo
from amankan.model.secret import Secret
address = parse_address(Secret(sys.stdin.read()))
print(*forget_ambient(os.environ))
with psycopg.connect(session_conninfo(address).reveal()) as connection:
    print(*connection.execute("show search_path").fetchone())
"""


def address_of(server: Server, *, user: str, password: str, database: str) -> Address:
    place = f"127.0.0.1:{server.port}/{quote(database, safe='')}"
    return parse_address(Secret(f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def run(server: Server, address: Address, *words: str) -> str:
    """Run a client program as the product does, in a folder that is removed; return what it said."""
    passfile = server.socket_dir / "passfile"
    passfile.touch(mode=0o600)
    passfile.write_text(passfile_text(address).reveal())
    try:
        return subprocess.run(
            [server.client_dir / words[0], *words[1:]],
            env={"PATH": os.environ["PATH"]} | child_environment(address, passfile=str(passfile)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    finally:
        passfile.unlink()


def set_password(server: Server, user: str, password: str) -> None:
    words = sql.SQL("alter role {} password {}").format(sql.Identifier(user), sql.Literal(password))
    with server.connect() as connection:
        connection.execute(words)


def comes_in_with(database: Database, password: str) -> None:
    """The server lets psql, pg_dump and psycopg in with this password, and not with another."""
    server = database.server
    role = server.role("address_password")
    try:
        set_password(server, role.name, password)
        address = address_of(server, user=role.name, password=password, database=database.name)
        expected = (role.name, database.name, str(server.port))
        assert "|".join(expected) == run(server, address, "psql", "-XAt", "-w", "-c", ASK).strip()
        assert "database dump complete" in run(server, address, "pg_dump", "-w")
        with psycopg.connect(session_conninfo(address).reveal()) as connection:
            assert expected == connection.execute(ASK).fetchone()
        set_password(server, role.name, password + "x")
        with pytest.raises(subprocess.CalledProcessError):
            run(server, address, "psql", "-XAt", "-w", "-c", ASK)
    finally:
        with server.connect() as connection:
            connection.execute("drop role address_password")


@pytest.mark.parametrize("password", PASSWORDS, ids=lambda word: ascii(word)[:20])
def test_password(any_database: Database, password: str) -> None:
    """Every password reaches the server to the letter."""
    comes_in_with(any_database, password)


def test_password_on_every_version(database: Database) -> None:
    """The hardest passwords reach the server of every version through its own programs."""
    for password in ("p@:/%w", "\\:\\\\::", "pässwörd🔑'\"", "x" * 1000):
        comes_in_with(database, password)


@pytest.mark.parametrize("name", DATABASES, ids=ascii)
def test_database(postgres: Server, name: str) -> None:
    """The database of exactly this name is reached by psql, pg_dump, pg_restore and psycopg."""
    with postgres.database(name) as database:
        database.execute("create table only_here (a int)")
        address = address_of(postgres, user=postgres.admin.name, password=postgres.admin.password, database=name)
        assert name == run(postgres, address, "psql", "-XAt", "-w", "-c", "select current_database()").rstrip("\n")
        archive = postgres.socket_dir / "archive"
        run(postgres, address, "pg_dump", "-w", "-Fc", f"--file={archive}")
        database.execute("drop table only_here")
        run(postgres, address, "pg_restore", "-w", f"--dbname={database_word(name)}", str(archive))
        with psycopg.connect(session_conninfo(address).reveal()) as connection:
            assert (0,) == connection.execute("select count(*) from only_here").fetchone()


@pytest.mark.parametrize("name", USERS, ids=ascii)
def test_user(database: Database, name: str) -> None:
    """The role of exactly this name comes in."""
    server = database.server
    role = server.role(name)
    address = address_of(server, user=name, password=role.password, database=database.name)
    try:
        assert name == run(server, address, "psql", "-XAt", "-w", "-c", "select current_user").rstrip("\n")
        with psycopg.connect(session_conninfo(address).reveal()) as connection:
            assert (name,) == connection.execute("select current_user").fetchone()
    finally:
        with server.connect() as connection:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def test_socket(database: Database, tmp_path: Path) -> None:
    """A unix socket is reached, also one in a folder whose name has a space, and the password file holds for it."""
    server = database.server
    linked = tmp_path / "with space"
    linked.symlink_to(server.socket_dir)
    for folder in (server.socket_dir, linked):
        user, password = quote(server.admin.name), quote(server.admin.password, safe="")
        place = f"/{database.name}?host={quote(str(folder), safe='')}&port={server.port}"
        address = parse_address(Secret(f"postgresql://{user}:{password}@{place}"))
        assert "t" == run(server, address, "psql", "-XAtw", "-c", "select inet_server_addr() is null").strip()
        with psycopg.connect(session_conninfo(address).reveal()) as connection:
            assert str(folder) == connection.info.host


def test_surroundings_are_ignored(any_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """No PG variable of the surroundings reaches a child or a session of ours, and their names are told."""
    server = any_database.server
    for name, value in AMBIENT.items():
        monkeypatch.setenv(name, value)
    admin = server.admin
    address = address_of(server, user=admin.name, password=admin.password, database=any_database.name)
    assert '"$user", public' == run(server, address, "psql", "-XAt", "-w", "-c", "show search_path").strip()
    said = subprocess.run(
        [sys.executable, "-c", SESSION], input=address.url().reveal(), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [" ".join(sorted(AMBIENT)), '"$user", public'] == said


def test_only_listed_options_pass(any_database: Database) -> None:
    """What an address sets by `options` holds in our sessions only where it is harmless."""
    admin = any_database.server.admin
    plain = address_of(any_database.server, user=admin.name, password=admin.password, database=any_database.name)
    options = quote("-c search_path=evil -c work_mem=77kB", safe="")
    address = parse_address(Secret(f"{plain.url().reveal()}?options={options}"))
    with psycopg.connect(session_conninfo(address).reveal()) as connection:
        assert ("77kB",) == connection.execute("show work_mem").fetchone()
        assert ('"$user", public',) == connection.execute("show search_path").fetchone()
    shown = run(any_database.server, address, "psql", "-XAt", "-w", "-c", "show work_mem", "-c", "show search_path")
    assert ["77kB", '"$user", public'] == shown.splitlines()


def test_encryption_is_never_given_up(any_database: Database) -> None:
    """With sslmode=require a server that has no encryption is not spoken to, by no program."""
    admin = any_database.server.admin
    plain = address_of(any_database.server, user=admin.name, password=admin.password, database=any_database.name)
    for weak in ("sslmode=require", "ssl=true", "sslaccept=strict"):
        address = parse_address(Secret(f"{plain.url().reveal()}?{weak}"))
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(session_conninfo(address).reveal())
        with pytest.raises(subprocess.CalledProcessError):
            run(any_database.server, address, "psql", "-XAt", "-w", "-c", ASK)
