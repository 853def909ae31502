"""What a doctor asks of a server beside what a survey asks: how it stands, and what an update would trip over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.expected import hindrances
from amankan.adapters.engines.postgres.notes import read_note
from amankan.adapters.engines.postgres.schema import server_major
from amankan.adapters.engines.postgres.session import Session, connected, row, rows
from amankan.adapters.engines.postgres.survey import identity_of
from amankan.adapters.engines.postgres.tools import FLOORS
from amankan.errors import EngineFailed
from amankan.model.identity import Identity
from amankan.model.marker import Marker

_IDLE: Final[LiteralString] = """
    select pid, coalesce(usename, ''), extract(epoch from clock_timestamp() - xact_start)::float8
    from pg_catalog.pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%%' and xact_start is not null
    order by xact_start
"""
_FOREIGN: Final[LiteralString] = """
    select n.nspname || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'f' order by 1
"""
# The server's own triggers behind foreign keys, that somebody turned off; no dump brings that back.
_UNCHECKED: Final[LiteralString] = """
    select distinct n.nspname || '.' || c.relname from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where t.tgisinternal and t.tgconstraint <> 0 and t.tgenabled <> 'O' order by 1
"""
# What lies outside of the database's own tablespace, where a restore brings it (in `pg_global` there are only catalogues).
_PLACED: Final[LiteralString] = """
    select n.nspname || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.reltablespace <> 0 and c.relkind in ('r', 'm', 'i') and n.nspname !~ '^pg_' order by 1
"""
_UNLOGGED: Final[LiteralString] = """
    select n.nspname || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence = 'u' and c.relkind in ('r', 'm') and n.nspname !~ '^pg_' order by 1
"""
_EXTENSIONS: Final[LiteralString] = "select extname::text from pg_catalog.pg_extension order by 1"
_TABLES: Final[LiteralString] = """
    select distinct c.relname::text from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1
"""
_SUPERUSERS: Final[LiteralString] = "select rolname::text from pg_catalog.pg_roles where rolsuper order by 1"
_NOW: Final[LiteralString] = "select extract(epoch from clock_timestamp())::float8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """
    How a server stands. `hidden` are objects that our role cannot read, `idle` sessions in an open transaction (process,
    role, seconds), `epoch_seconds` the server's clock, `floor` the first safe minor version, None for a major unknown,
    `unchecked` tables whose foreign keys are not enforced as they were made, `placed` what lies in another tablespace than the
    database, `unlogged` tables that a crash empties, `marker` which app the database belongs to, None where nobody said so.
    """

    role: str
    major: int
    minor: int
    floor: int | None
    identity: Identity
    hidden: tuple[str, ...]
    idle: tuple[tuple[int, str, float], ...]
    foreign_tables: tuple[str, ...]
    unchecked: tuple[str, ...]
    placed: tuple[str, ...]
    unlogged: tuple[str, ...]
    extensions: tuple[str, ...]
    tables: tuple[str, ...]
    superusers: tuple[str, ...]
    epoch_seconds: float
    marker: Marker | None


def condition(address: Address) -> Condition:
    """Return how the server of an address stands; reads only. Raises EngineFailed."""
    with connected(address) as session:
        major, minor = server_major(session)
        return Condition(
            role=str(row(session, "select current_user")[0]),
            major=major,
            minor=minor,
            floor=FLOORS.get(major),
            identity=identity_of(session),
            hidden=hindrances(session),
            idle=tuple((pid, user, seconds) for pid, user, seconds in rows(session, _IDLE)),
            foreign_tables=tuple(name for (name,) in rows(session, _FOREIGN)),
            unchecked=tuple(name for (name,) in rows(session, _UNCHECKED)),
            placed=tuple(name for (name,) in rows(session, _PLACED)),
            unlogged=tuple(name for (name,) in rows(session, _UNLOGGED)),
            extensions=tuple(name for (name,) in rows(session, _EXTENSIONS)),
            tables=tuple(name for (name,) in rows(session, _TABLES)),
            superusers=tuple(name for (name,) in rows(session, _SUPERUSERS)),
            epoch_seconds=float(row(session, _NOW)[0]),
            marker=marker_in(session),
        )


def marker_in(session: Session) -> Marker | None:
    """Return which app the session's database says that it belongs to."""
    identity = identity_of(session)
    comment = row(session, "select pg_catalog.shobj_description(%s::oid, 'pg_database')", identity.oid)[0]
    return read_note(comment, place=f"{identity.system}/{identity.oid}").marker


def pooled(address: Address) -> str:
    """
    Return what stands between us and the server: nothing, a pooler (`session`), or one that parts sessions (`transaction`).

    A pooler answers with a process number of its own when a session begins; one that parts sessions lends to a second
    client the very process that our first one, which is still there, was given.

    Raises:
        EngineFailed: nobody answers.
    """
    try:
        with connected(address) as first:
            process = row(first, "select pg_catalog.pg_backend_pid()")[0]
            if first.info.backend_pid == process:
                return ""
            with connected(address) as second:
                return "transaction" if row(second, "select pg_catalog.pg_backend_pid()")[0] == process else "session"
    except EngineFailed as fault:
        # A pooler that parts sessions takes no settings for one of them, and says so in these words.
        if "unsupported startup parameter" in str(fault):
            return "transaction"
        raise
