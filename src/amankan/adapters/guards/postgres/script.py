"""The guard's SQL, as it lies beside this file, and names written into SQL."""

from __future__ import annotations

from importlib.resources import files

from psycopg import sql

# pg_stat_force_next_flush came with 15; an older server adds up what a session did within half a second.
FLUSH_SINCE = 15


def read(name: str, *, version: int) -> str:
    """Return one of the scripts, fitted to the server's major version."""
    text = files("amankan.adapters.guards.postgres").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    # An expression (never true), since PERFORM would run a whole query.
    flush = "IF pg_catalog.pg_stat_force_next_flush() IS NULL THEN RETURN NULL; END IF;" if version >= FLUSH_SINCE else ""
    return text.replace("-- flush", flush)


def quoted(name: str) -> str:
    """Return a name as SQL writes it, always in quotes."""
    return sql.Identifier(name).as_string(None)


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return sql.Literal(text).as_string(None)
