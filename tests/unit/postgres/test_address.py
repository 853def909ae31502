"""Addresses of PostgreSQL databases: read exactly, or refused without a word of what is secret."""

import string
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as some
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from amankan.adapters.engines.postgres.address import Address, parse_address, parse_app_address
from amankan.adapters.engines.postgres.conninfo import quote_value
from amankan.adapters.engines.postgres.parameters import REMEMBERED
from amankan.adapters.engines.postgres.reach import (
    AMBIENT,
    child_environment,
    database_word,
    forget_ambient,
    passfile_text,
    session_conninfo,
)
from amankan.errors import ConfigurationFault
from amankan.model.secret import MASK, Secret

GOLDEN: dict[str, list[dict[str, Any]]] = tomllib.loads((Path(__file__).parent / "addresses.toml").read_text())
USUAL = {"host": "db", "port": 5432, "user": "u", "password": "p", "database": "d", "parameters": {}, "remarks": []}
PASSFILE = "/run/amankan/passfile"

# What names and passwords can be made of; a line break is refused, a zero byte cannot be.
values = some.text(some.characters(codec="utf-8", exclude_characters="\n\r\0"), min_size=1)
names = values.filter(lambda name: len(name.encode()) <= 63)


def parse(text: str) -> Address:
    return parse_address(Secret(text))


def parts(address: Address) -> dict[str, Any]:
    return {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": False if address.password is None else address.password.reveal(),
        "database": address.database,
        "parameters": dict(address.parameters),
        "remarks": [str(remark) for remark in address.remarks],
        "redacted": address.redacted(),
    }


@pytest.mark.parametrize("row", GOLDEN["read"], ids=lambda row: row["text"][:60])
def test_read(row: dict[str, Any]) -> None:
    """Every part of the address is exactly what the table says, and so is what people see of it."""
    assert USUAL | {name: part for name, part in row.items() if name != "text"} == parts(parse(row["text"]))


@pytest.mark.parametrize("row", GOLDEN["refused"], ids=lambda row: row["text"][:60])
def test_refused(row: dict[str, Any]) -> None:
    """The refusal says what is wrong and what to do, and shows no piece of the password."""
    with pytest.raises(ConfigurationFault) as raised:
        parse(row["text"])
    assert f"cannot read database.url: {row['cannot']}" == str(raised.value.cannot)
    assert row["next"] == str(raised.value.next)
    assert "hun" not in f"{raised.value.cannot} {raised.value.next} {raised.value!r} {raised.value.__cause__!r}"


def test_the_table_is_long() -> None:
    """The table has at least 150 addresses that are read and 100 that are refused, none of them twice."""
    assert len(GOLDEN["read"]) >= 150
    assert len(GOLDEN["refused"]) >= 100
    texts = [row["text"] for kind in GOLDEN.values() for row in kind]
    assert len(set(texts)) == len(texts)


def test_libpq_reads_the_same() -> None:
    """Wherever libpq can read the address at all, it reads the same host, port, user, password and database."""
    compared = 0
    for row in GOLDEN["read"]:
        if row["text"].startswith(("'", '"')) or row["text"].endswith("\n"):
            continue
        try:
            theirs = conninfo_to_dict(row["text"])
        except psycopg.ProgrammingError:
            continue
        ours = parse(row["text"])
        password = None if ours.password is None else ours.password.reveal()
        expected = (theirs["host"], int(theirs.get("port") or 5432), theirs["user"], theirs["dbname"])
        assert expected == (ours.host, ours.port, ours.user, ours.database), row["text"]
        # To libpq an empty password is none.
        assert (theirs.get("password") or "") == (password or ""), row["text"]
        compared += 1
    assert compared >= 120


@pytest.mark.parametrize("row", GOLDEN["read"], ids=lambda row: row["text"][:60])
def test_no_secret_where_it_can_be_seen(row: dict[str, Any]) -> None:
    """The password is neither in the environment of a child nor in what is printed; and the URL reads as it did."""
    address = parse(row["text"])
    word = "" if address.password is None else address.password.reveal()
    environment = child_environment(address, passfile=PASSFILE)
    assert {"PGPASSWORD", "PGSERVICE"} & environment.keys() == set()
    if len(word) > 2:
        assert word not in environment.values()
        assert word not in repr(address)
        assert word not in address.redacted().replace(MASK, "")
    again = parse(address.url().reveal())
    assert parts(address) | {"remarks": []} == parts(again) | {"remarks": []}
    assert address.given == again.given


@given(user=names, password=values, database=names)
def test_any_encoded_value_comes_through(user: str, password: str, database: str) -> None:
    """Whatever a user, a password and a database are made of, percent-encoded they arrive unchanged."""
    address = parse(f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@db/{quote(database, safe='')}")
    assert (user, Secret(password), database) == (address.user, address.password, address.database)
    assert address == parse(address.url().reveal())


@given(user=names, password=values, database=names)
def test_any_quoted_value_comes_through(user: str, password: str, database: str) -> None:
    """In a connection string any value arrives unchanged in quotes, and libpq reads the same."""
    text = f"host=db user={quote_value(user)} password={quote_value(password)} dbname={quote_value(database)}"
    address = parse(text)
    assert (user, Secret(password), database) == (address.user, address.password, address.database)
    assert {"host": "db", "user": user, "password": password, "dbname": database} == conninfo_to_dict(text)


@given(text=some.text(alphabet=string.printable + "é\x00\u200b") | some.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes anything but an address or a configuration fault."""
    for whole in (text, f"postgresql://{text}", f"postgresql://u:p@db/d?{text}", f"host=db {text}"):
        try:
            parse(whole)
        except ConfigurationFault:
            continue


@given(password=some.text(alphabet="@:/?#%&= abc", min_size=1, max_size=12))
def test_a_raw_password_is_exact_or_refused(password: str) -> None:
    """A password that is not encoded is understood as libpq understands it, or refused; never cut to another one."""
    text = f"postgresql://user:{password}@db.example.com/shop"
    try:
        address = parse(text)
    except ConfigurationFault:
        return
    assert ("db.example.com", "shop") == (address.host, address.database)
    assert conninfo_to_dict(text)["password"] == (address.password or Secret("")).reveal()


@pytest.mark.parametrize("database", ["postgres", "template0", "template1"])
def test_system_databases(database: str) -> None:
    """A database of the server's own can be named for the tool's role, and never as the app's."""
    text = Secret(f"postgresql://u:p@db/{database}")
    assert database == parse_address(text).database
    with pytest.raises(ConfigurationFault, match="the server's own database"):
        parse_app_address(text)
    assert "d" == parse_app_address(Secret("postgresql://u:p@db/d")).database


def test_the_place_is_named() -> None:
    """The error names the setting that the text came from."""
    with pytest.raises(ConfigurationFault, match=r"cannot read database\.admin_url: it is empty"):
        parse_address(Secret(""), place="database.admin_url")


def test_bytes_that_are_no_text() -> None:
    """An address that is not UTF-8, which Python shows by lone surrogates, is refused."""
    with pytest.raises(ConfigurationFault, match="it is not UTF-8"):
        parse("postgresql://u:p\udcff@db/d")


def test_at() -> None:
    """The address of another database keeps everything else; a name that the server would cut is refused."""
    address = parse("postgresql://u:p@db:5433/d?schema=public&sslmode=require")
    clone = address.at('shop "clone"')
    assert "postgresql://u:p@db:5433/shop%20%22clone%22?schema=public&sslmode=require" == clone.url().reveal()
    assert address == clone.at("d")
    with pytest.raises(ConfigurationFault, match=r"cannot read the name of a database: .* 63 bytes"):
        address.at("ü" * 32)


def test_environment() -> None:
    """A child gets every part that is set, each by its variable, and nothing of the user's own files."""
    address = parse("postgresql://App:p@db.example.com:5433/My%20App?sslmode=verify-full&sslrootcert=system&schema=s")
    assert {
        "PGHOST": "db.example.com",
        "PGPORT": "5433",
        "PGUSER": "App",
        "PGDATABASE": "My App",
        "PGPASSFILE": PASSFILE,
        "PGSERVICEFILE": "/nonexistent/amankan",
        "PGSYSCONFDIR": "/nonexistent/amankan",
        "PSQLRC": "/nonexistent/amankan",
        "PSQL_HISTORY": "/dev/null",
        "PGAPPNAME": "amankan",
        "PGCONNECT_TIMEOUT": "10",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "system",
    } == child_environment(address, passfile=PASSFILE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://u:p@db/d", "db:5432:*:u:p\n"),
        ("postgresql://u%3Av:p%3A%5Cw@db/d", "db:5432:*:u\\:v:p\\:\\\\w\n"),
        ("postgresql://u:p@[::1]:5433/d", "\\:\\:1:5433:*:u:p\n"),
        ("postgresql://u:*@/d?host=/run/postgresql", "*:5432:*:u:*\n"),
        ("postgresql://u:%23p@db/d", "db:5432:*:u:#p\n"),
        ("postgresql://u@db/d", ""),
        ("postgresql://u:@db/d", "db:5432:*:u:\n"),
    ],
)
def test_passfile(text: str, expected: str) -> None:
    """The password file has one line for this server and role, with colons and backslashes escaped."""
    assert Secret(expected) == passfile_text(parse(text))


def test_session_conninfo() -> None:
    """A session of ours is told every part that libpq would otherwise take from the surroundings."""
    address = parse("postgresql://u:p@db/d?sslmode=require&options=-c%20search_path%3Devil")
    told = conninfo_to_dict(session_conninfo(address).reveal())
    assert ("db", "5432", "u", "p", "d") == tuple(told[name] for name in ("host", "port", "user", "password", "dbname"))
    assert ("require", "", "/nonexistent/amankan") == (told["sslmode"], told["options"], told["passfile"])


def test_database_word() -> None:
    """A database whose name looks like a connection string is named, not followed."""
    for name in ("host=evil", "postgresql://evil/x", "it's \\ one", "-d"):
        assert {"dbname": name} == conninfo_to_dict(database_word(name))


def test_ambient_variables() -> None:
    """Every variable that this libpq reads is on the list, and what is removed is told."""
    read = {option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
    assert set() == read - AMBIENT
    variables = {"PGHOST": "evil", "PGSERVICE": "evil", "PATH": "/bin", "PGP_KEY": "kept"}
    assert ("PGHOST", "PGSERVICE") == forget_ambient(variables)
    assert {"PATH": "/bin", "PGP_KEY": "kept"} == variables


def test_remembered_parameters_are_no_ones_else() -> None:
    """No parameter that is kept for the app reaches a child, except in libpq's own words."""
    for name in sorted(REMEMBERED - {"ssl", "sslaccept"}):
        address = parse(f"postgresql://u:p@db/d?{name}=1")
        assert ((), [name]) == (address.parameters, [given for given, _ in address.given])
