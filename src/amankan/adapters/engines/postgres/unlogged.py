"""Rows put into a throwaway database without a line in the server's log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, LiteralString

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.session import connected, rows

# Tables, what lies outside of their rows, and indexes that were made before the rows; those of users only.
_BEGIN: Final[LiteralString] = """
    update pg_class set relpersistence = 'u' where oid >= 16384 and relkind in ('r', 't', 'i') and relpersistence = 'p'
    returning oid::int8
"""

_END: Final[LiteralString] = "update pg_class set relpersistence = 'p' where oid = any(%s::int8[]::oid[])"


@contextmanager
def unlogged(address: Address) -> Iterator[None]:
    """
    Within the context nothing that is put into the tables of the database is logged; behind it their definitions are as before.

    Only for a server that ends when one of its processes crashes: it could not get these rows back.

    Source: decision 0046.
    """
    with connected(address) as session:
        marked = [oid for (oid,) in rows(session, _BEGIN)]
        yield
        session.execute(_END, [marked])
