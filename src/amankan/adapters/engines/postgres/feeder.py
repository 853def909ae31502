"""One pg_restore that is fed from a thread of its own."""

from __future__ import annotations

import queue
import threading
from typing import Final

from amankan.adapters.engines.postgres.archive.events import Event
from amankan.adapters.engines.postgres.archive.write import Writer
from amankan.errors import CommandFailed
from amankan.proc.stream import Stream

# How many events wait for a program: at about 1 MiB each, enough to keep it at work, little enough for a small process.
WAITING: Final = 6


class Feeder:
    """Writes an archive to a program; a program that stands still holds back only what is meant for it."""

    def __init__(self, stream: Stream) -> None:
        """Feed this program."""
        self._stream = stream
        self._writer = Writer()
        self._queue: queue.Queue[tuple[bytes, ...] | None] = queue.Queue(WAITING)
        self._fault: CommandFailed | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def waiting(self) -> int:
        """Return how much is still to be written."""
        return self._queue.qsize()

    def give(self, event: Event) -> None:
        """The event will be written; raises CommandFailed where the program ended early."""
        self._give(self._writer.write(event))

    def give_bytes(self, content: bytes) -> None:
        """These bytes will be written; raises CommandFailed where the program ended early."""
        self._give((content,))

    def _give(self, pieces: tuple[bytes, ...]) -> None:
        if self._fault is not None:
            raise self._fault
        self._queue.put(pieces)

    def finish(self) -> None:
        """All was written and the program ended with status 0; raises CommandFailed where not."""
        self._queue.put(None)
        self._thread.join()
        if self._fault is not None:
            raise self._fault
        self._stream.finish()

    def close(self) -> None:
        """Nothing is written any more; the program has ended or was stopped; may be repeated."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (pieces := self._queue.get()) is not None:
            if self._fault is None:
                self._write(pieces)
        self._stream.close_input()

    def _write(self, pieces: tuple[bytes, ...]) -> None:
        try:
            for piece in pieces:
                self._stream.write(piece)
        except CommandFailed as fault:
            self._fault = fault
