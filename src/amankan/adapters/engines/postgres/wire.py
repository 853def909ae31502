"""Rows of COPY taken from the socket of a session, many at a time."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import socket
import threading
from collections.abc import Iterator
from typing import Final

from amankan.adapters.engines.postgres.archive.events import Part, Rows, rows_of
from amankan.adapters.engines.postgres.archive.lines import LONG_BYTES
from amankan.adapters.engines.postgres.archive.source import Source
from amankan.adapters.engines.postgres.session import Session
from amankan.errors import Damaged, EngineFailed
from amankan.model.sentence import say
from amankan.proc.redact import redact

RECEIVE_BYTES: Final = 1 << 18
GATHER_SECONDS: Final = 0.001

# What a session may have read ahead: at most 8 MiB, which keeps a server process at work while another's rows are used.
AHEAD: Final = 32

# A message is a letter, a length of four bytes that counts itself, and a content; a row is a message.
HEAD_BYTES: Final = 5
SMALL_ROW: Final = b"d\0\0"
SMALL_BYTES: Final = 1 << 16
SEAM: Final = b"\n" + SMALL_ROW
# A seam and the rest of the length; to cut there and nowhere else makes one object of each row.
CUT: Final = re.compile(SEAM + b"..", re.DOTALL)


class Wire:
    """
    The socket of a session that libpq opened and authenticated; from now on only this object speaks on it.

    A driver hands over one row per call, which for millions of rows costs more than the server's work. Here a whole buffer
    is cut where rows meet. Not for encrypted connections, whose socket carries what only libpq can read.

    Source: PostgreSQL manual, "Message Formats" of the frontend/backend protocol.
    """

    def __init__(self, session: Session) -> None:
        """Take the session over; closing it stays with whoever opened it."""
        self._session = session
        self._socket = socket.socket(fileno=os.dup(session.pgconn.socket))
        self._socket.setblocking(True)
        self._ahead: queue.Queue[bytes] = queue.Queue(AHEAD)
        self._closed = threading.Event()
        self._source = Source(iter(self._ahead.get, b""))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, statement: bytes) -> None:
        """The server will answer one statement; several may be asked before the first answer is read."""
        content = statement + b"\0"
        try:
            self._socket.sendall(b"Q" + (len(content) + 4).to_bytes(4, "big") + content)
        except OSError as fault:
            raise EngineFailed(say("cannot ask the server: the connection was lost")) from fault

    def answer(self) -> Iterator[Rows | Part]:
        """
        Return the rows of the next COPY that was asked for.

        Raises:
            EngineFailed: the server refused, or the connection was lost; the wire is of no use any more.
        """
        try:
            yield from copied_rows(self._source)
        except Damaged as fault:
            raise EngineFailed(say("cannot read from the server: the connection was lost")) from fault

    def close(self) -> None:
        """Nothing is read any more; may be repeated."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        while self._reader.is_alive():
            with contextlib.suppress(queue.Empty):
                self._ahead.get_nowait()
            self._reader.join(0.01)
        self._socket.close()

    def _read(self) -> None:
        received = b"\0"
        while received and not self._closed.is_set():
            try:
                received = self._socket.recv(RECEIVE_BYTES)
            except OSError:
                received = b""
            self._ahead.put(received)
            if len(received) < RECEIVE_BYTES // 4:
                # The server writes 8 kB at a time: to wait a moment and to take much at once costs a tenth.
                self._closed.wait(GATHER_SECONDS)


def copied_rows(source: Source) -> Iterator[Rows | Part]:
    """Return the rows of one answer to COPY ... TO STDOUT, up to the server's word that it is ready for more."""
    refusal = None
    # A row that lies across two receptions goes with those behind it, since an event of one row costs as much as many.
    lead: list[bytes] = []
    while True:
        found, taken = _small_rows(*source.at_hand(), lead=lead)
        if found is not None:
            source.skip(taken)
            yield found
            lead = []
        kind = source.take(1)
        size = int.from_bytes(source.take(4), "big") - 4
        if kind == b"d" and size < SMALL_BYTES and not lead:
            lead = [source.take(size)[:-1]]
            continue
        if lead:
            yield rows_of(lead)
            lead = []
        if kind == b"d":
            yield from _one_row(source, size)
            continue
        content = source.take(size)
        if kind == b"E":
            refusal = _reason(content)
        if kind == b"Z":
            break
    if refusal is not None:
        raise EngineFailed(say("cannot read from the server: {reason}", reason=redact(refusal, [])))


def _small_rows(buffer: bytes, offset: int, *, lead: list[bytes]) -> tuple[Rows | None, int]:
    """
    Return `lead` and the rows that stand at the offset, are below 64 KiB each and are followed by another such row, and the
    bytes that these took; nothing where there are none.

    The text of a row holds no zero byte and no line end but its last byte, so a seam is found between rows and nowhere
    else. A message of another kind or size leaves a zero byte in what looks like a row, but for rows above 16 MiB: only the
    last can be one, and its length can look like a seam, which leaves a line end in what looks like a row.
    """
    stop = buffer.rfind(SEAM, offset) + 1
    if stop == 0 or not buffer.startswith(SMALL_ROW, offset):
        return None, 0
    cut = CUT.split(memoryview(buffer)[offset + HEAD_BYTES : stop - 1])
    if b"\n" in cut[-1]:
        cut.pop()
    found = rows_of(lead + cut)
    if b"\0" in found.text:
        cut = cut[: next(place for place, row in enumerate(cut) if b"\0" in row)]
        found = rows_of(lead + cut)
    before = sum(len(row) + 1 for row in lead)
    return (found, len(found.text) - before + len(cut) * HEAD_BYTES) if cut else (None, 0)


def _one_row(source: Source, size: int) -> Iterator[Rows | Part]:
    if size <= LONG_BYTES:
        yield rows_of([source.take(size)[:-1]])
        return
    left = size - 1
    while left > 0:
        content = source.skim(min(left, LONG_BYTES))
        left -= len(content)
        yield Part(content=content, last=left == 0)
    source.take(1)


def _reason(content: bytes) -> str:
    """Return the message of an error response, whose fields are a letter and a text each."""
    fields = {field[:1]: field[1:].decode(errors="replace") for field in content.split(b"\0") if field}
    return fields.get(b"M", "it gave no reason")
