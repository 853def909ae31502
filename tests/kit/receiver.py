"""A service of the outside world that takes messages by HTTP on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

# Stands in every address of a receiver, and must be seen by nobody but it.
SECRET = "T0k3n-of-a-messenger"


class Receiver:
    """
    Takes what Apprise posts to `json://`, while this context lasts.

    It answers with `status`, but only when `patience` is set; `meanwhile` is called before it answers, and what that
    returns is kept in `seen`.
    """

    def __init__(self, *, status: int = 200, meanwhile: Callable[[], Any] | None = None) -> None:
        """Listen nowhere yet."""
        self.status, self.meanwhile = status, meanwhile
        self.messages: list[dict[str, Any]] = []
        self.seen: list[Any] = []
        self.paths: list[str] = []
        self.patience = threading.Event()
        self.patience.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        """The address, as Apprise writes it."""
        return f"json://127.0.0.1:{self._server.server_address[1]}/{SECRET}"

    @property
    def titles(self) -> list[str]:
        """The titles of all messages, with how much they matter."""
        return [f"{each['type']}: {each['title']}" for each in self.messages]

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Listen no more, and leave nobody waiting."""
        self.patience.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.paths.append(self.path)
            receiver.messages.append(json.loads(content))
            if receiver.meanwhile is not None:
                receiver.seen.append(receiver.meanwhile())
            receiver.patience.wait()
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # whoever waited has gone
                self.close_connection = True

    return Handler
