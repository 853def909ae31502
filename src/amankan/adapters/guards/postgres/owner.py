"""The role that owns what is there at level deny: how it is called, and when one that is there already may be it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from typing import Any

import psycopg

# What the server keeps of a role's name: NAMEDATALEN less one.
MOST_BYTES = 63

# So many digits tell two long names apart whose beginnings are the same.
DIGITS = 8

# A role that is there already is ours only if nobody uses it and it has nothing here: then what it has later, we gave it.
FREE = """
SELECT NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = %(name)s AND (
    r.rolcanlogin OR r.rolsuper OR r.rolcreatedb OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls
    OR EXISTS (SELECT FROM pg_auth_members m WHERE r.oid IN (m.roleid, m.member))
    OR EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
        AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))))
"""


def owner_names(database: str) -> Iterator[str]:
    """Yield the names that the owner of a database's objects may have, each within the server's limit; pure."""
    for number in count(1):
        ending = "_owner" if number == 1 else f"_owner_{number}"
        yield _shortened(database, most=MOST_BYTES - len(ending)) + ending


def free(connection: psycopg.Connection[Any], name: str) -> bool:
    """Tell whether there is no such role, or one that nobody uses and that has nothing in this database; reads only."""
    row = connection.execute(FREE, {"name": name}).fetchone()
    return row is not None and bool(row[0])


def choose(connection: psycopg.Connection[Any], database: str) -> str:
    """Return the first name for the owner that is free; reads only."""
    return next(name for name in owner_names(database) if free(connection, name))


def _shortened(name: str, *, most: int) -> str:
    """A name that is too long ends with digits of the whole, so that two of them stay two."""
    written = name.encode()
    if len(written) <= most:
        return name
    digits = sha256(written).hexdigest()[:DIGITS]
    return written[: most - DIGITS - 1].decode(errors="ignore") + "_" + digits
