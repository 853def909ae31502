"""A function that reads one file and writes another, made a stage of a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition
from typing import Protocol

# What may wait for the worker: enough to keep it busy, little enough for a process that stays below 128 MB.
WAITING_BYTES = 4 << 20


class Reader(Protocol):
    """The end of a stage that its work reads."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at least one byte, or none at the end."""
        ...


class Writer(Protocol):
    """The end of a stage that its work writes."""

    def write(self, piece: bytes, /) -> int:
        """Take the whole piece."""
        ...


class Abandoned(Exception):
    """The stream behind a stage was given up, so its work ends too."""


class _Inlet:
    """Pieces handed from the stream's thread to the worker's, bounded."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._ended = False
        self._abandoned = False
        self._rest = memoryview(b"")

    def feed(self, piece: bytes) -> None:
        with self._changed:
            while self._waiting_bytes >= WAITING_BYTES and not self._abandoned:
                self._changed.wait()
            self._pieces.append(piece)
            self._waiting_bytes += len(piece)
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def abandon(self) -> None:
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def read(self, size: int = -1, /) -> bytes:
        if not self._rest:
            self._rest = memoryview(self._next())
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return bytes(taken)

    def _next(self) -> bytes:
        with self._changed:
            while not (self._pieces or self._ended or self._abandoned):
                self._changed.wait()
            if self._abandoned:
                raise Abandoned
            if not self._pieces:
                return b""
            piece = self._pieces.popleft()
            self._waiting_bytes -= len(piece)
            self._changed.notify_all()
            return piece


class _Outlet:
    """Pieces handed back; never more than what was fed, since the stream takes all of them after every piece."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()

    def write(self, piece: bytes, /) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        pass

    def drain(self) -> Iterator[bytes]:
        while self._pieces:
            yield self._pieces.popleft()


Work = Callable[[Reader, Writer], None]


def relay(pieces: Iterable[bytes], work: Work) -> Generator[bytes, None, None]:
    """
    Yield what `work` writes when it reads `pieces`.

    The work runs in a thread of its own and only computes; `pieces` is read in the thread of whoever reads the result,
    so that no source is left waiting in a thread that nobody can end. Closing the result ends the work.

    Raises: what `work` raises, as soon as it is known, and what `pieces` raises.
    Cost: `WAITING_BYTES` and one piece in memory.
    """
    inlet, outlet = _Inlet(), _Outlet()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="relay") as worker:
        done = worker.submit(work, inlet, outlet)
        done.add_done_callback(lambda _: inlet.abandon())
        try:
            yield from _pump(pieces, inlet, outlet=outlet, done=done)
            done.result()
            yield from outlet.drain()
        finally:
            inlet.abandon()


def _pump(pieces: Iterable[bytes], inlet: _Inlet, *, outlet: _Outlet, done: Future[None]) -> Iterator[bytes]:
    for piece in pieces:
        if done.done():
            return
        if piece:
            inlet.feed(piece)
        yield from outlet.drain()
    inlet.end()
