"""The ring of sequences that keeps the last refusals through the rollback of their transactions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, get_args

import psycopg

from amankan.model.guard import Refusal, Rule

SLOTS = 16
PARTS = 12
RECORD_BYTES = PARTS * 8
ADDRESS_AT, APPLICATION_AT = 32, 56

# The same order as in sql/refuse.sql, function `note`.
VERBS = (
    "other",
    "DELETE",
    "UPDATE",
    "TRUNCATE",
    "DROP TABLE",
    "ALTER TABLE",
    "DROP SCHEMA",
    "DROP OWNED",
    "DROP TYPE",
    "ALTER TYPE",
    "DROP SEQUENCE",
    "DROP EXTENSION",
    "DROP FUNCTION",
    "DROP TRIGGER",
    "DROP DOMAIN",
)
RULES: tuple[Rule, ...] = get_args(Rule)

Connection = psycopg.Connection[Any]


def remembered(connection: Connection) -> dict[str, int]:
    """Return the values of the ring's sequences, those that were ever set."""
    rows = connection.execute(
        "SELECT sequencename, last_value FROM pg_catalog.pg_sequences"
        " WHERE schemaname = 'amankan_guard' AND sequencename LIKE 'refusal%' AND last_value IS NOT NULL"
    ).fetchall()
    return {str(name): int(value) for name, value in rows}


def carry_over(connection: Connection, values: dict[str, int]) -> None:
    """The ring holds what it held once, and nothing else."""
    unset = [(name, 1, False) for name in remembered(connection).keys() - values.keys()]
    kept = [(name, value, True) for name, value in values.items()]
    with connection.cursor() as cursor:
        cursor.executemany("SELECT pg_catalog.setval(('amankan_guard.' || %s)::pg_catalog.regclass, %s, %s)", kept + unset)


def refusals(connection: Connection) -> tuple[int, tuple[Refusal, ...]]:
    """Return how many statements were refused in all, and the last of them, newest first."""
    values = remembered(connection)
    count = values.get("refusal", 0)
    found = []
    for number in range(count, max(0, count - SLOTS), -1):
        parts = [values.get(f"refusal_{number % SLOTS}_{part}") for part in range(PARTS)]
        record = b"".join(part.to_bytes(8, "big", signed=True) for part in parts if part is not None)
        if len(record) == RECORD_BYTES and number % 32768 == int.from_bytes(record[30:32], "big"):
            found.append(_refusal(connection, record, number=number))
    return count, tuple(found)


def _refusal(connection: Connection, record: bytes, *, number: int) -> Refusal:
    micros, rows = (int.from_bytes(record[at : at + 8], "big", signed=True) for at in (0, 16))
    relation, role, process = (int.from_bytes(record[at : at + 4], "big") for at in (8, 12, 24))
    names = connection.execute(
        "SELECT coalesce((SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = %s::oid), ''),"
        " coalesce((SELECT rolname FROM pg_catalog.pg_roles WHERE oid = %s::oid), '')",
        [relation, role],
    ).fetchone()
    assert names is not None
    return Refusal(
        number=number,
        time=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros),
        rule=RULES[record[28]] if record[28] < len(RULES) else "unknown",
        verb=VERBS[record[29]] if record[29] < len(VERBS) else VERBS[0],
        object=str(names[0]),
        rows=rows,
        role=str(names[1]),
        application=record[APPLICATION_AT:].rstrip(b"\0").decode("utf-8", errors="ignore"),
        address=_address(record[ADDRESS_AT:APPLICATION_AT]),
        process=process,
    )


def _address(sent: bytes) -> str:
    """Return the address that the server's `inet_send` wrote: family, bits, kind, length, bytes; empty for a socket."""
    length = sent[3]
    return str(ip_address(sent[4 : 4 + length])) if length in (4, 16) else ""
