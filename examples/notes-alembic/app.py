"""Notes under numbers that their writers chose, over plain WSGI."""

import json
import logging
import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from tables import connect, notes

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("notes")
engine = connect()

Answer = tuple[str, Any]


def home(request: dict[str, Any]) -> Answer:
    """How many notes there are."""
    return "200 OK", counts(request)[1]


def health(request: dict[str, Any]) -> Answer:
    """The database answers."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return "200 OK", {"healthy": True}


def version(request: dict[str, Any]) -> Answer:
    """Which release answers."""
    return "200 OK", {"version": os.environ.get("VERSION", "source")}


def counts(request: dict[str, Any]) -> Answer:
    """Rows per table."""
    with engine.connect() as connection:
        return "200 OK", {"notes": connection.scalar(select(func.count()).select_from(notes))}


def numbers(request: dict[str, Any]) -> Answer:
    """Every number from `from` on."""
    first = int(parse_qs(request["QUERY_STRING"]).get("from", ["0"])[0])
    with engine.connect() as connection:
        found = connection.scalars(select(notes.c.number).where(notes.c.number >= first).order_by(notes.c.number))
        return "200 OK", list(found)


def write(request: dict[str, Any]) -> Answer:
    """The note of this number, acknowledged once it is committed; asked a second time, the same one."""
    body = json.loads(request["wsgi.input"].read(int(request["CONTENT_LENGTH"])))
    with engine.begin() as connection:
        row = {"number": body["number"], "text": body["text"]}
        connection.execute(insert(notes).values(row).on_conflict_do_nothing(index_elements=["number"]))
        made = connection.scalar(select(notes.c.id).where(notes.c.number == body["number"]))
    return "201 Created", {"id": made, "number": body["number"]}


PAGES: dict[tuple[str, str], Callable[[dict[str, Any]], Answer]] = {
    ("GET", "/"): home,
    ("GET", "/health"): health,
    ("GET", "/version"): version,
    ("GET", "/counts"): counts,
    ("GET", "/notes"): numbers,
    ("POST", "/notes"): write,
}


def application(request: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request; a fault is logged and answered with 500."""
    page = PAGES.get((request["REQUEST_METHOD"], request["PATH_INFO"]))
    try:
        status, answer = page(request) if page else ("404 Not Found", {"error": "no such page"})
    except Exception:
        log.exception("ERROR on %s", request["PATH_INFO"])
        status, answer = "500 Internal Server Error", {"error": "internal error"}
    words = json.dumps(answer).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(words)))])
    return [words]
