"""A way to a server that is cut, or stands still."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Self

PIECE_BYTES = 1024


class Proxy:
    """Hands bytes on between a port of its own and another; used by `with` it is gone at the end."""

    def __init__(self, port: int, *, cut_after_bytes: int = 0, stalls_seconds: float = 0.0) -> None:
        """
        Lead to a port.

        After `cut_after_bytes` of the server's answers, all connections together, every connection is cut with a reset, once;
        where `stalls_seconds` is given nothing passes for so long instead.
        """
        self._to, self._cut_after_bytes, self._stalls_seconds = port, cut_after_bytes, stalls_seconds
        self._passed_bytes, self._struck = 0, False
        self._lock, self._open = threading.Lock(), list[socket.socket]()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self._cut()

    def _listen(self) -> None:
        while True:
            try:
                theirs, _ = self._listening.accept()
                ours = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self._open += [theirs, ours]
            threading.Thread(target=self._pass, args=(theirs, ours, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(ours, theirs, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                if counts:
                    self._count(len(piece))
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count(self, size_bytes: int) -> None:
        with self._lock:
            self._passed_bytes += size_bytes
            strikes = not self._struck and self._cut_after_bytes and self._passed_bytes >= self._cut_after_bytes
            self._struck = self._struck or bool(strikes)
        if strikes and self._stalls_seconds:
            time.sleep(self._stalls_seconds)
        elif strikes:
            self._cut()
            raise ConnectionResetError

    def _cut(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                each.shutdown(socket.SHUT_RDWR)
