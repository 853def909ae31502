"""Toko: a small shop with customers, stock and invoices; `python app.py` serves it at PORT, from DATABASE_URL."""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import chores
import pages
import psycopg
import shop

CHORES_SECONDS = 1.0


class Door(BaseHTTPRequestHandler):
    """Answers one visitor; each request has a session of its own, so none outlives a restart of the server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Show the page, or say that all is well."""
        match urlsplit(self.path).path:
            case "/":
                self._answer(200, lambda session: pages.page(shop.summary(session)), kind="text/html; charset=utf-8")
            case "/health":
                self._answer(200, lambda session: json.dumps({"release": pages.RELEASE, "invoices": shop.count(session)}))
            case _:
                self._say(404, '{"error": "no such page"}')

    def do_POST(self) -> None:
        """Write an invoice; the answer comes when it is committed. The same number twice is one invoice."""
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if urlsplit(self.path).path != "/invoices":
            self._say(404, '{"error": "no such page"}')
            return
        try:
            wanted = shop.Wanted(**json.loads(asked))
        except (TypeError, ValueError):
            self._say(400, '{"error": "an invoice has a number, a customer, an item and a quantity"}')
            return
        self._answer(201, lambda session: json.dumps({"number": shop.sell(session, wanted)}))

    def _answer(self, status: int, make, *, kind: str = "application/json") -> None:
        try:
            with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5, application_name="toko") as session:
                text = make(session)
        except psycopg.Error as fault:
            sys.stderr.write(f"ERROR {type(fault).__name__}: {str(fault).splitlines()[0] if str(fault) else ''}\n")
            self._say(503, '{"error": "the shop is closed for a moment"}')
            return
        self._say(status, text, kind=kind)

    def _say(self, status: int, text: str, *, kind: str = "application/json") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *words: object) -> None:
        """Say nothing of visits."""


def main() -> None:
    """Serve until SIGTERM comes, and do the chores meanwhile."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stderr.write(f"toko {pages.RELEASE} is open\n")
    while True:
        time.sleep(CHORES_SECONDS)
        try:
            with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5, application_name="toko") as session:
                chores.run(session)
        except psycopg.OperationalError:  # the database is away for a moment; chores can wait
            continue


if __name__ == "__main__":
    main()
