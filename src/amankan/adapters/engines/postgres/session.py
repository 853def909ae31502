"""Connections in which the same value always has the same text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.reach import session_conninfo
from amankan.adapters.engines.postgres.settings import NEW_LIMITS, session_options
from amankan.errors import EngineFailed
from amankan.model.sentence import say, visible
from amankan.proc.redact import redact

# Names have at most 63; of anything longer nobody needs to see more.
NAMED_BYTES: Final = 63

Session = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def connected(address: Address, *, autocommit: bool = True, **changes: str) -> Iterator[Session]:
    """
    Lend a session with fixed settings; at the end it is closed and what was not committed is undone.

    Args:
        address: the database, and the role by which we come.
        autocommit: whether each statement is a transaction of its own.
        changes: keywords of libpq that replace those of the address; `options` come behind those of the address.
    Raises:
        EngineFailed: the server refused, went away, or a statement failed.
    """
    with translated(address):
        words: dict[str, Any] = {"options": session_options(), **changes}
        words["options"] = f"{dict(address.parameters).get('options', '')} {words['options']}".strip()
        session = psycopg.connect(session_conninfo(address).reveal(), autocommit=True, **words)
        try:
            if session.info.server_version >= NEW_LIMITS * 10_000:
                # No word for the start of a session: an older server would refuse the session for it.
                session.execute("set transaction_timeout = 0")
            session.autocommit = autocommit
            yield session
        finally:
            session.close()


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turn the driver's errors into EngineFailed, without secrets; so too a text that is none in the database's encoding."""
    try:
        yield
    except psycopg.Error as fault:
        hidden = [address.password.reveal()] if address.password is not None else []
        reason = redact(" ".join(str(fault).split()), hidden)
        raise EngineFailed(
            say("cannot use the database {database}: {reason}", database=address.database, reason=reason)
        ) from fault
    except UnicodeDecodeError as fault:
        told = visible(fault.object[:NAMED_BYTES].decode(errors="backslashreplace"))
        raise EngineFailed(
            say("cannot use the database {database}: {text} is no text in its encoding", database=address.database, text=told)
        ) from fault


def rows(session: Session, question: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    """Return the answer to a query; `%s` stands for each of the values."""
    return session.execute(question, values or None).fetchall()


def row(session: Session, question: LiteralString, *values: object) -> tuple[Any, ...]:
    """Return the first row of the answer; there is one."""
    found = session.execute(question, values or None).fetchone()
    if found is None:
        raise psycopg.DataError("no row was found where there must be one")
    return found


def begin_snapshot(session: Session, snapshot: str | None = None) -> str:
    """The session reads at one moment until its transaction ends; returns the name by which others can join."""
    session.execute("begin transaction isolation level repeatable read, read only")
    if snapshot is not None:
        session.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
        return snapshot
    return str(row(session, "select pg_catalog.pg_export_snapshot()")[0])
