"""Which kind of address a text is, told by its beginning; those of other systems are refused by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from amankan.adapters.engines.postgres.conninfo import split_conninfo
from amankan.adapters.engines.postgres.unreadable import Unreadable
from amankan.adapters.engines.postgres.url import split_url
from amankan.model.sentence import Sentence, phrase, say

PLAIN: Final = "postgresql"

# Other names that frameworks have for the same thing.
SAME: Final = frozenset({"postgres", PLAIN, "pgsql", "postgis", "psql"})
DRIVERS: Final = frozenset({"asyncpg", "pg8000", "psycopg", "psycopg2", "psycopg2cffi", "psycopg_async"})

_WRITE_PLAIN: Final = phrase("write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
_OURS: Final = phrase("Amankan keeps PostgreSQL databases")

OTHERS: Final = {
    "prisma+postgres": (
        phrase("it is an address of Prisma's proxy, not of a database"),
        phrase("give the database's own address, as directUrl has it"),
    ),
    "prisma": (
        phrase("it is an address of Prisma's proxy, not of a database"),
        phrase("give the database's own address, as directUrl has it"),
    ),
    "jdbc": (phrase("it is a JDBC address"), _WRITE_PLAIN),
    "r2dbc": (phrase("it is an R2DBC address"), _WRITE_PLAIN),
    "mysql": (phrase("it is an address of MySQL, which is not supported"), _OURS),
    "mysql2": (phrase("it is an address of MySQL, which is not supported"), _OURS),
    "mariadb": (phrase("it is an address of MariaDB, which is not supported"), _OURS),
    "sqlite": (phrase("it is an address of SQLite, which is not supported"), _OURS),
    "sqlite3": (phrase("it is an address of SQLite, which is not supported"), _OURS),
    "file": (phrase("it is an address of SQLite, which is not supported"), _OURS),
    "sqlserver": (phrase("it is an address of SQL Server, which is not supported"), _OURS),
    "mssql": (phrase("it is an address of SQL Server, which is not supported"), _OURS),
    "oracle": (phrase("it is an address of Oracle, which is not supported"), _OURS),
    "mongodb": (phrase("it is an address of MongoDB, which is not supported"), _OURS),
    "mongodb+srv": (phrase("it is an address of MongoDB, which is not supported"), _OURS),
    "cockroachdb": (phrase("it is an address of CockroachDB, which is not supported"), _OURS),
    "redis": (phrase("it is an address of Redis, which is not supported"), _OURS),
    "http": (phrase("it is an address of the web"), _WRITE_PLAIN),
    "https": (phrase("it is an address of the web"), _WRITE_PLAIN),
}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+._-]{1,30}):")
_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*[}:?-]|\$\([A-Za-z]|\{\{")
_ASSIGNED = re.compile(r"(?:export\s+)?[A-Z][A-Z0-9_]*=[\"']?[a-z0-9+]+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """
    The scheme as it was written, libpq's keywords with their values, and remarks on how it was read.

    `names_shown` tells whether the names of parameters may be told: whether none can be a piece of a password.
    """

    scheme: str
    words: dict[str, str]
    names_shown: bool
    remarks: tuple[Sentence, ...] = ()


def read_words(text: str) -> Read:
    """Return what a text says, whichever of the two forms it has."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Unreadable("it is not UTF-8")
    text, remarks = _unwrapped(text)
    if not text:
        raise Unreadable("it is empty", _WRITE_PLAIN)
    if _ASSIGNED.match(text):
        raise Unreadable("it begins with a variable's name and =", "leave out what stands before postgresql://")
    if text.startswith("$") or _PLACEHOLDER.search(text):
        fix = phrase("name the variable that holds the whole address, or write a $ that is meant as %24")
        raise Unreadable("it has a placeholder like ${{NAME}} that nobody filled", fix)
    found = _SCHEME.match(text)
    if found is None:
        if "=" not in text:
            raise Unreadable("it is neither a URL nor a connection string", _WRITE_PLAIN)
        return Read(scheme=PLAIN, words=split_conninfo(text), names_shown=False, remarks=remarks)
    scheme = found[1].lower()
    kind, _, driver = scheme.partition("+")
    for name in (scheme, kind):
        if name in OTHERS:
            reason, fix = OTHERS[name]
            raise Unreadable(reason, fix)
    if kind not in SAME or (driver and driver not in DRIVERS):
        raise Unreadable("its beginning, up to the first :, is not that of a PostgreSQL address", _WRITE_PLAIN)
    if not text.startswith("//", found.end()):
        raise Unreadable("there is no // after the first :", _WRITE_PLAIN)
    names_shown = "@" not in text.partition("?")[2]
    return Read(scheme=found[1], words=split_url(text), names_shown=names_shown, remarks=remarks)


def _unwrapped(text: str) -> tuple[str, tuple[Sentence, ...]]:
    """Return the text without the one line break and the one pair of quotes that files put around a value."""
    remarks = []
    for end in ("\r\n", "\n"):
        if text.endswith(end):
            text = text.removesuffix(end)
            remarks.append(say("a line break after the address was left out"))
            break
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
        remarks.append(say("the quotes around the address were left out"))
    if not text.strip():
        text = ""
    return text, tuple(remarks)
