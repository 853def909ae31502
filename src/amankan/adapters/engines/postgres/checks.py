"""Questions about the content of a database, asked so that nothing can be changed by them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.names import label
from amankan.adapters.engines.postgres.session import Session, connected, rows
from amankan.adapters.engines.postgres.settings import session_options
from amankan.errors import EngineFailed
from amankan.model.sentence import say

# A check is waited for by users, behind the fence.
ASK_SECONDS: Final = 30

# As the app itself would ask: its own search path, and the policies that hold for it.
_AS_APP: Final = f"-c default_transaction_read_only=on -c statement_timeout={ASK_SECONDS}s -c lock_timeout=5s -c TimeZone=UTC"

# Of an extension's table those rows count that are the user's, by a condition of the extension.
_TABLES: Final[LiteralString] = """
    select n.nspname, c.relname, coalesce((
        select u.condition from pg_extension e cross join unnest(e.extconfig, e.extcondition) u (table_oid, condition)
        where u.table_oid = c.oid
    ), '')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.oid >= 16384 and n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'amankan_guard')
    order by n.nspname, c.relname
"""


def answer_of(address: Address, question: str) -> object:
    """
    Return the single value that a question of the user's is answered with.

    Args:
        address: the app's own role: names in the question mean what they mean to the app.
        question: one statement; the server takes no second one.
    Raises:
        EngineFailed: it failed, took too long, would change something, or has more or fewer answers than one.
    """
    with _reading(address, options=_AS_APP) as session:
        # Without it the statement could still ask to be allowed to write.
        session.execute("select 1")
        answer = session.execute(question.encode(), prepare=True)
        found = answer.fetchmany(2) if answer.description else []
    if len(found) != 1 or len(found[0]) != 1:
        raise EngineFailed(say("cannot use the answer of a check: it is not one value"))
    return found[0][0]


def count_rows(address: Address) -> dict[str, int]:
    """
    Return the rows of every table of the database at one moment, by the table's label.

    Cost: reads every table, or an index of it, once.
    """
    with _reading(address, options=session_options()) as session:
        return {
            label(schema, table): _count(session, sql.Identifier(schema, table), condition=condition)
            for schema, table, condition in rows(session, _TABLES)
        }


@contextmanager
def _reading(address: Address, *, options: str) -> Iterator[Session]:
    with connected(address, options=options) as session:
        session.execute("begin transaction isolation level repeatable read, read only")
        yield session


def _count(session: Session, table: sql.Identifier, *, condition: str) -> int:
    question = sql.SQL("select count(*) from only {} ").format(table).as_string(session) + condition
    found = session.execute(question.encode()).fetchone()
    if found is None:
        raise psycopg.DataError("no row was found where there must be one")
    return int(found[0])
