"""Rows found in the text of COPY, whatever pieces it comes in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from amankan.adapters.engines.postgres.archive.events import Part, Rows, rows_of
from amankan.errors import Damaged
from amankan.model.sentence import say

# A row longer than this goes on in parts, so that a row of any length fits into a small process.
LONG_BYTES: Final = 1 << 20

# What pg_dump writes after the last row. A row cannot look like it: COPY writes a backslash as two.
MARK: Final = b"\\."
# The same as a line; a pattern finds it in half the time that `in` takes.
MARK_LINE: Final = re.compile(rb"\\\.\n")
ENDING: Final = b"\\.\n\n\n"


class Lines:
    """Cuts text into rows; knows whether the end mark was seen."""

    def __init__(self) -> None:
        """Nothing was fed yet."""
        self._carry = b""
        self._long = False
        self.ended = False

    @property
    def aligned(self) -> bool:
        """Whether all that was fed ended at the end of a row."""
        return not self._carry and not self._long and not self.ended

    def feed(self, text: bytes) -> Iterator[Rows | Part]:
        """Return the rows that `text` completes; raises Damaged for anything behind the end mark."""
        if self._long:
            head, line_end, text = text.partition(b"\n")
            self._long = not line_end
            yield Part(content=head, last=bool(line_end))
        text = self._carry + text
        stop = text.rfind(b"\n") + 1
        self._carry = text[stop:]
        if self.ended or MARK_LINE.search(text):
            found = rows_of(self._until_mark(text[:stop].split(b"\n")[:-1]))
        else:
            found = Rows(text=text[:stop])
        if found.text:
            yield found
        if len(self._carry) > LONG_BYTES:
            yield Part(content=self._carry, last=False)
            self._carry, self._long = b"", True

    def _until_mark(self, rows: list[bytes]) -> list[bytes]:
        if not self.ended and MARK not in rows:
            return rows
        before = [] if self.ended else rows[: rows.index(MARK)]
        behind = rows if self.ended else rows[len(before) + 1 :]
        self.ended = True
        if any(behind):
            raise Damaged(say("cannot read the archive: rows stand behind the end of a table"))
        return before
