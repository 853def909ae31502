"""Names of tables as people and fingerprints see them."""

from __future__ import annotations

import re
from typing import Final

PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*")


# All large objects together are compared as if they were a table of this name.
LARGE_OBJECTS_LABEL: Final = "pg_catalog.pg_largeobject"


def label(schema: str, table: str) -> str:
    """Return `schema.table`, each part in double quotes where it is not plain, so that no two tables have the same."""
    return f"{quoted(schema)}.{quoted(table)}"


def quoted(name: str) -> str:
    """Return a name as it is where it is plain, else in double quotes."""
    if PLAIN.fullmatch(name):
        return name
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def label_of(schema: bytes, table: bytes) -> str:
    """Return the label of a table from its names in the encoding of the database; what is not UTF-8 is escaped."""
    return label(_text(schema), _text(table))


def _text(name: bytes) -> str:
    """Return a name as text; a backslash is doubled where it could be taken for one of a byte that was escaped."""
    told = name.replace(b"\\", b"\\\\") if b"\\x" in name or not _plain_text(name) else name
    return told.decode(errors="backslashreplace")


def _plain_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
