"""Indexes looked at by the server's own check."""

from __future__ import annotations

import psycopg

from tests.kit.postgres.server import Server


def broken_indexes(server: Server, database: str, *, table: str) -> list[str]:
    """Return the indexes of a table that the server finds out of order, looked at in a transaction that is undone."""
    found = []
    with psycopg.connect(server.url(database)) as session:
        session.execute("create extension amcheck")
        names = session.execute("select indexrelid::regclass::text from pg_index where indrelid = %s::regclass", [table])
        for (index,) in names.fetchall():
            session.execute("savepoint one")
            try:
                session.execute("select bt_index_check(%s::regclass, true)", [index])
            except psycopg.errors.IndexCorrupted:
                found.append(index)
            session.execute("rollback to one")
        session.rollback()
    return sorted(found)
