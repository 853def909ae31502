"""Rows of COPY by way of the driver, where the socket cannot be read: encrypted connections."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from amankan.adapters.engines.postgres.archive.events import Part, Rows
from amankan.adapters.engines.postgres.archive.lines import Lines
from amankan.adapters.engines.postgres.session import Session

GATHERED_BYTES: Final = 1 << 19


class SlowWire:
    """Answers like a wire, one row per call of the driver; a row has the bytes that the session's encoding gives it."""

    def __init__(self, session: Session) -> None:
        """Use this session, which stays usable."""
        self._session = session
        self._asked: deque[bytes] = deque()

    def ask(self, statement: bytes) -> None:
        """The statement will be answered in its turn."""
        self._asked.append(statement)

    def answer(self) -> Iterator[Rows | Part]:
        """Return the rows of the next COPY that was asked for; raises psycopg.Error where the server refused."""
        lines = Lines()
        gathered: list[bytes] = []
        size = 0
        with self._session.cursor() as cursor, cursor.copy(self._asked.popleft()) as copy:
            for row in copy:
                gathered.append(bytes(row))
                size += len(row)
                if size > GATHERED_BYTES:
                    yield from lines.feed(b"".join(gathered))
                    gathered, size = [], 0
        yield from lines.feed(b"".join(gathered))
