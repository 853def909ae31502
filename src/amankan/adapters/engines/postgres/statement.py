"""The COPY statement of an archive's entry, taken apart; names are bytes in the encoding of the database."""

from __future__ import annotations

import re
from typing import Final

from amankan.adapters.engines.postgres.archive.toc import Entry

_NAME: Final = rb'("(?:[^"]|"")*"|[^".\s(]+)'
_COPY: Final = re.compile(rb"COPY " + _NAME + rb"\." + _NAME + rb" (?:(\(.*\)) )? ?FROM stdin;\s*", re.DOTALL)
_COLUMN: Final = re.compile(rb'((?:"(?:[^"]|"")*"|[^",\s]+))(?:, |\Z)')

Name = tuple[bytes, bytes]


def understood(entry: Entry) -> bool:
    """Tell whether the statement has the form that the other functions expect."""
    return _COPY.fullmatch(entry.copy) is not None


def target_of(entry: Entry) -> Name:
    """Return schema and name of the table that the rows are put into; the entry's own where no statement tells."""
    found = _COPY.fullmatch(entry.copy)
    return (entry.namespace, entry.tag) if found is None else (_bare(found[1]), _bare(found[2]))


def columns_of(entry: Entry) -> bytes:
    """Return the list of columns with its brackets; nothing where the table has none."""
    found = _COPY.fullmatch(entry.copy)
    return b"" if found is None else found[3] or b""


def column_names(entry: Entry) -> list[bytes]:
    """Return the columns one by one, without quotes."""
    return [_bare(found[1]) for found in _COLUMN.finditer(columns_of(entry)[1:-1])]


def copy_statement(target: Name, columns: bytes) -> bytes:
    """Return a statement as an archive has it."""
    return b"COPY " + quoted_name(target) + b" " + (columns and columns + b" ") + b"FROM stdin;"


def quoted_name(name: Name) -> bytes:
    """Return a name as it may stand in any statement."""
    return b".".join(map(quoted, name))


def quoted(part: bytes) -> bytes:
    """Return one part of a name, or the name of a column, as it may stand in any statement."""
    return b'"' + part.replace(b'"', b'""') + b'"'


def _bare(part: bytes) -> bytes:
    return part[1:-1].replace(b'""', b'"') if part.startswith(b'"') else part
