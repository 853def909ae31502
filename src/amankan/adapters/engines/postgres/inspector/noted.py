"""What a server noted in its log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

PIECE_BYTES: Final = 1 << 20

# One field and what ends it. Source: PostgreSQL manual, "Using CSV-Format Log Output".
_FIELD = re.compile(rb'(?:"([^"]*(?:""[^"]*)*)"|([^,"\n]*))([,\n])')
_SESSION, _SEVERITY, _MESSAGE, _QUERY, _NAME = 5, 11, 13, 19, 22
_LEAST_FIELDS: Final = 23


class Line(NamedTuple):
    """One line: which session, how grave, what it says, the statement it is about, and the session's application name."""

    session: str
    severity: str
    message: str
    query: str
    application: str


def lines_of(path: Path, *, start_bytes: int) -> Iterator[Line]:
    """
    Yield the whole lines of a log from a place on.

    Cost: holds one line and a piece in memory.
    """
    with path.open("rb") as file:
        file.seek(start_bytes)
        rest, tried = b"", 0
        while piece := file.read(max(PIECE_BYTES, tried)):
            rest += piece
            at = 0
            while found := _line(rest, at):
                line, at = found
                yield line
            # A long line is read on in ever larger pieces, so that it is not looked at from its start too often.
            rest = rest[at:]
            tried = len(rest)


def _line(text: bytes, start: int) -> tuple[Line, int] | None:
    fields: list[bytes] = []
    at = start
    while match := _FIELD.match(text, at):
        quoted, plain, end = match.groups()
        fields.append(plain if quoted is None else quoted.replace(b'""', b'"'))
        at = match.end()
        if end == b"\n":
            fields += [b""] * (_LEAST_FIELDS - len(fields))
            told = (fields[place].decode(errors="backslashreplace") for place in (_SESSION, _SEVERITY, _MESSAGE, _QUERY, _NAME))
            return Line(*told), at
    return None
