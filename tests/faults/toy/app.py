"""A small shop: numbered orders go in, what serves is told; a release works only where its column has its name."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg

BUILD = (Path(__file__).parent / "build").read_text().strip()
COLUMN = (Path(__file__).parent / "column").read_text().strip()
INSERT = f"insert into orders (number, {COLUMN}) values (%s, 1)".encode()
SCHEMA = f"select coalesce(max(version), ''), (select sum({COLUMN}) from orders) from schema_migrations".encode()


class Answer(BaseHTTPRequestHandler):
    """Answers `GET /` with build and schema, and `POST /orders/NUMBER` once that order is committed."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Tell which build works on which schema."""
        with _connected() as session:
            found = session.execute(SCHEMA).fetchone()
        self._say({"build": BUILD, "schema": found[0] if found else ""})

    def do_POST(self) -> None:
        """Take an order; it is acknowledged when it is committed."""
        with _connected() as session:
            session.execute(INSERT, [int(self.path.rpartition("/")[2])])
        self._say({"taken": True})

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""

    def _say(self, document: dict[str, object]) -> None:
        content = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


# Sessions that wait for the next request, as the pool of any app keeps them.
IDLE: deque[psycopg.Connection[tuple[Any, ...]]] = deque()


@contextmanager
def _connected() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Lend a session; it is kept where nothing went wrong with it."""
    try:
        session = IDLE.popleft()
    except IndexError:
        session = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, application_name="toy")
    try:
        yield session
    except psycopg.Error:
        session.close()
        raise
    IDLE.append(session)


class Server(ThreadingHTTPServer):
    """Leaves open requests behind when it is told to end."""

    daemon_threads = True


Server(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
