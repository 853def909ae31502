"""
Names and texts that a whole server shares, read and written byte by byte.

The server keeps them in the encoding of whichever database they were written from, and converts none of them for
another. So they travel as bytes; each byte is one character of a str (Latin-1) while SQL is composed of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.session import Session, row
from amankan.model.sentence import visible

Lines = list[tuple[str, sql.Composable]]

# The server compares the bytes of a script with the encoding of the database, and changes none of them.
_AS_IS: Final = b"SET client_encoding TO 'SQL_ASCII';"


@contextmanager
def bytewise(session: Session) -> Iterator[None]:
    """Within it the server hands out its texts as they lie there; a session that fails within is not to be used again."""
    before = row(session, "select current_setting('client_encoding')")[0]
    session.execute("set client_encoding to 'SQL_ASCII'")
    yield
    session.execute(sql.SQL("set client_encoding to {}").format(sql.Literal(before)))


def raw_rows(session: Session, question: LiteralString | sql.Composed, *values: object) -> list[tuple[Any, ...]]:
    """Return the answer to a query asked within `bytewise`, each byte of a text as one character."""
    found = session.execute(question, values or None).fetchall()
    return [tuple(one.decode("latin-1") if isinstance(one, bytes) else one for one in each) for each in found]


def holds_utf8(session: Session) -> bool:
    """Tell whether only UTF-8 is text in the session's database."""
    return bool(row(session, "select getdatabaseencoding()::text = 'UTF8'")[0])


def text_of(raw: str) -> str | None:
    """Return what the bytes say, None where they are no UTF-8."""
    try:
        return raw.encode("latin-1").decode()
    except UnicodeDecodeError:
        return None


def shown(raw: str) -> str:
    """Return the bytes as a person reads them; those that are no UTF-8 as escapes."""
    return visible(raw.encode("latin-1").decode(errors="backslashreplace"))


def script(session: Session, lines: Lines, *, notes: list[str], anywhere: bool = False) -> bytes:
    """
    Return SQL for `psql` that brings back the lines, each with the role that it is about.

    Lines that are no text in a database with UTF-8 are left out, and a note says so. Others come as they are; where
    they are no UTF-8 and the script is for a database of another encoding (`anywhere`), it makes a place for itself.
    """
    written = [(role, line.as_string(None)) for role, line in lines]
    if holds_utf8(session):
        lost = sorted({shown(role) for role, line in written if text_of(line) is None})
        notes = [*notes, *(f"-- left out, it is no text in UTF8: something of role {name}" for name in lost)]
        written = [(role, line) for role, line in written if text_of(line) is not None]
    body = [_AS_IS, *(line.encode("latin-1") for _, line in written)]
    if anywhere and any(text_of(line) is None for _, line in written):
        body = _in_a_place_of_its_own(body, provider=session.info.server_version >= 150000)
    return b"\n".join([*(note.encode() for note in notes), *body, b""])


def _in_a_place_of_its_own(body: list[bytes], *, provider: bool) -> list[bytes]:
    """Return a script that runs where every byte is text: names belong to the server, wherever they are written."""
    locale = b"LC_COLLATE 'C' LC_CTYPE 'C'" + (b" LOCALE_PROVIDER libc" if provider else b"")
    return [
        b"DROP DATABASE IF EXISTS amankan_names;",
        b"CREATE DATABASE amankan_names TEMPLATE template0 ENCODING 'SQL_ASCII' " + locale + b";",
        b"\\connect amankan_names",
        *body,
        b"\\connect postgres",
        b"DROP DATABASE amankan_names;",
    ]
