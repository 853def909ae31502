"""An archive written out as plain SQL."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from amankan.adapters.engines.postgres.settings import LIMIT_SECONDS
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import CommandFailed, EngineFailed
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.stream import Stream


def plain_sql(pieces: Iterable[bytes], *, tools: Tools) -> Iterator[bytes]:
    """
    Yield the SQL that an archive holds, as psql reads it; whole only when its end is reached.

    Raises: what the pieces raise, and EngineFailed where pg_restore refuses them.
    """
    words = tools.words("pg_restore", "--file=-")
    uid, gid = tools.account
    with Stream(Command(words=words, limit_seconds=LIMIT_SECONDS, uid=uid, gid=gid), feeds=True) as stream:
        feeding = _Feeding(stream, pieces)
        feeding.start()
        try:
            yield from stream.pieces()
            feeding.join()
            feeding.check()
            stream.finish()
        except CommandFailed as fault:
            raise EngineFailed(say("cannot write plain SQL: {reason}", reason=str(fault))) from fault
        finally:
            stream.close()
            feeding.join()


class _Feeding(threading.Thread):
    """Gives an archive to a program while another thread reads what it writes."""

    def __init__(self, stream: Stream, pieces: Iterable[bytes]) -> None:
        super().__init__(daemon=True)
        self._stream, self._pieces = stream, pieces
        self._fault: Exception | None = None

    def run(self) -> None:
        """Give all pieces; what goes wrong is kept for `check`."""
        try:
            for piece in self._pieces:
                self._stream.write(piece)
        except Exception as fault:  # noqa: BLE001 - raised again by `check`, in the thread that asked
            self._fault = fault
        finally:
            self._stream.close_input()

    def check(self) -> None:
        """Raise what went wrong."""
        if self._fault is not None:
            raise self._fault
