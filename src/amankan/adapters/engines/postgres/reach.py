"""How a child program or a session of ours comes to an address, and nowhere else."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.conninfo import quote_value
from amankan.adapters.engines.postgres.parameters import PASSED
from amankan.model.secret import Secret

# A file that is not there: libpq then looks into no password file at all, also not into the one of the user's home.
NO_FILE: Final = "/nonexistent/amankan"

# What libpq would otherwise take from the surroundings, and the value it has when it takes nothing.
_OWN: Final = {
    "application_name": "amankan",
    "client_encoding": "UTF8",
    "connect_timeout": "10",
    "options": "",
    "passfile": NO_FILE,
    "sslmode": "prefer",
    "target_session_attrs": "any",
}

# Everything that libpq and the client programs read from the surroundings (18: "Environment Variables").
AMBIENT: Final = frozenset(
    {
        *(parameter.variable for parameter in PASSED.values()),
        *("PGCLIENTENCODING", "PGDATABASE", "PGDATESTYLE", "PGGEQO", "PGGSSDELEGATION", "PGHOST", "PGLOADBALANCEHOSTS"),
        *("PGLOCALEDIR", "PGMAXPROTOCOLVERSION", "PGMINPROTOCOLVERSION", "PGOAUTHDEBUG", "PGPASSFILE", "PGPASSWORD"),
        *("PGPORT", "PGREALM", "PGREQUIRESSL", "PGSERVICE", "PGSERVICEFILE", "PGSSLCOMPRESSION", "PGSSLKEYLOGFILE"),
        *("PGSYSCONFDIR", "PGTTY", "PGTZ", "PGUSER"),
    }
)


def child_environment(address: Address, *, passfile: str) -> dict[str, str]:
    """
    Return the variables by which psql, pg_dump and pg_restore reach the address; no secret is among them.

    Args:
        passfile: path of the file that holds `passfile_text`, readable by its owner alone.
    """
    variables = {
        "PGHOST": address.host,
        "PGPORT": str(address.port),
        "PGUSER": address.user,
        "PGDATABASE": address.database,
        "PGPASSFILE": passfile,
        "PGSERVICEFILE": NO_FILE,
        "PGSYSCONFDIR": NO_FILE,
        "PSQLRC": NO_FILE,
        "PSQL_HISTORY": "/dev/null",
        "PGAPPNAME": _OWN["application_name"],
        "PGCONNECT_TIMEOUT": _OWN["connect_timeout"],
    }
    return variables | {PASSED[name].variable: value for name, value in address.parameters}


def passfile_text(address: Address) -> Secret:
    """
    Return the content of a password file for this server and role alone; empty where the address has no password.

    Source: PostgreSQL manual, "The Password File" (a colon and a backslash take a backslash; a socket's folder is
    matched by `localhost` or by itself, depending on the build).
    """
    if address.password is None:
        return Secret("")
    host = "*" if address.is_socket else _escaped(address.host)
    word = _escaped(address.password.reveal())
    return Secret(f"{host}:{address.port}:*:{_escaped(address.user)}:{word}\n")


def session_conninfo(address: Address) -> Secret:
    """
    Return the connection string for psycopg, in which nothing is left to the surroundings but the service.

    A variable PGSERVICE cannot be outweighed by a keyword: `forget_ambient` removes it.
    """
    place = {"host": address.host, "port": str(address.port), "user": address.user, "dbname": address.database}
    secret = {} if address.password is None else {"password": address.password.reveal()}
    words = _OWN | dict(address.parameters) | place | secret
    return Secret(" ".join(f"{name}={quote_value(value)}" for name, value in words.items()))


def database_word(database: str) -> str:
    """Return the argument of `--dbname` that names exactly this database: a bare name with an = is taken apart."""
    return f"dbname={quote_value(database)}"


def forget_ambient(variables: MutableMapping[str, str]) -> tuple[str, ...]:
    """Remove every variable that libpq would read from an environment, and return their names, sorted."""
    names = sorted(AMBIENT & variables.keys())
    for name in names:
        del variables[name]
    return tuple(names)


def _escaped(field: str) -> str:
    return field.replace("\\", "\\\\").replace(":", "\\:")
