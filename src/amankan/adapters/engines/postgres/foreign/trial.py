"""A foreign backup restored in a throwaway server, by programs that can reach nothing else."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.foreign.source import Kind, content, kind_of, whole_plain, without_restriction
from amankan.adapters.engines.postgres.reach import database_word
from amankan.adapters.engines.postgres.script import drop_database, make_database, run_script
from amankan.adapters.engines.postgres.session import Session, connected, rows
from amankan.adapters.engines.postgres.settings import client
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import CommandFailed, SnapshotCut, SnapshotDamaged, SnapshotEmpty
from amankan.model.database import Making
from amankan.model.sentence import say
from amankan.proc.stream import Stream

SUPERUSER: Final = "postgres"

PSQL: Final = ("psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-")
PG_RESTORE: Final = ("pg_restore", "--exit-on-error", "--no-password", "--no-tablespaces")

# A file may belong to roles that this server never had: each is made when it is missed, and so many at most.
MOST_ROLES: Final = 50

# What pg_restore says of an archive that ends before its contents do.
ENDED_EARLY: Final = "end of file"
_MISSED: Final = re.compile(r'role "((?:[^"]|"")+)" does not exist')

_DATES: Final[LiteralString] = """
    select n.nspname, c.relname, a.attname from pg_attribute a
    join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where trials are made: servers, programs of production's version, its roles as SQL, and how its database is made."""

    servers: ThrowawayServers
    tools: Tools
    roles: bytes
    making: Making


@contextmanager
def restored(ground: Ground, path: Path, *, run: str) -> Iterator[Address]:
    """
    Lend the address of a database in which a file was restored without one error; its server is gone afterwards.

    Raises:
        SnapshotDamaged: it is cut, does not restore, or holds commands for psql; the reason is told.
    """
    kind = kind_of(path)
    if kind is Kind.EMPTY:
        raise SnapshotEmpty(say("cannot use {file}: it is empty", file=path.name))
    try:
        superuser = ground.servers.make(run, ground.tools, superuser=SUPERUSER)
        run_script(superuser, ground.tools, script=ground.roles)
        target = superuser.at(ground.making.name)
        _fill(ground, target, kind=kind, path=path)
        yield target
    finally:
        ground.servers.remove(run)


def newest_of(address: Address, now: datetime) -> datetime | None:
    """
    Return the latest date that any row of a database has and that is not in the future, or None.

    Cost: reads every table that has a date once.
    """
    with connected(address) as session:
        found = [_latest(session, names, now=now) for names in rows(session, _DATES)]
    return max((each for each in found if each is not None), default=None)


def _fill(ground: Ground, target: Address, *, kind: Kind, path: Path) -> None:
    # A file may be older than the day on which something that every new database has was dropped, and need it.
    making = replace(ground.making, without=())
    for _ in range(MOST_ROLES):
        make_database(target, making, major=ground.tools.major)
        try:
            _restore(ground, target, kind=kind, path=path)
        except CommandFailed as fault:
            missed = _MISSED.search(str(fault))
            if missed is None:
                raise _damaged(path, fault) from fault
            drop_database(target)
            with connected(target.at("postgres")) as session:
                session.execute(sql.SQL("create role {}").format(sql.Identifier(missed[1].replace('""', '"'))))
        else:
            return
    raise SnapshotDamaged(say("cannot use {file}: it belongs to too many roles", file=path.name))


def _damaged(path: Path, fault: CommandFailed) -> SnapshotDamaged:
    kind = SnapshotCut if ENDED_EARLY in str(fault) else SnapshotDamaged
    return kind(say("cannot use {file}: {why}", file=path.name, why=fault.cannot))


def _restore(ground: Ground, target: Address, *, kind: Kind, path: Path) -> None:
    """Give the file to a program that runs as the server's own account, cut off from every network as the server is."""
    confined = replace(ground.tools, prefix=(*ground.servers.prefix, *ground.servers.account.prefix), owner=None)
    to = f"--dbname={database_word(target.database)}"
    if kind is Kind.PLAIN:
        _feed(confined, target, words=(*PSQL, to), pieces=_restricted(path))
    elif kind is Kind.FOLDER:
        copy = _lent(ground, target, path=path)
        _feed(confined, target, words=(*PG_RESTORE, "--format=directory", to, str(copy)), pieces=iter(()))
    else:
        _feed(confined, target, words=(*PG_RESTORE, f"--format={kind.value}", to), pieces=content(path))


def _lent(ground: Ground, target: Address, *, path: Path) -> Path:
    """Return a copy of a folder that the server's account can read; it goes with the server."""
    copy = Path(target.host) / "foreign"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(path, copy, symlinks=True)
    for each in (copy, *copy.rglob("*")):
        if not each.is_symlink():
            ground.servers.account.own(each)
    return copy


def _restricted(path: Path) -> Iterator[bytes]:
    """
    Yield plain SQL behind a restriction that nothing in it can lift, so that psql takes no command from it.

    Source: PostgreSQL manual, "psql", \\restrict.
    """
    yield f"\\restrict {secrets.token_hex(32)}\n".encode()
    yield from without_restriction(whole_plain(content(path), path.name))


def _feed(tools: Tools, target: Address, *, words: tuple[str, ...], pieces: Iterator[bytes]) -> None:
    with (
        client(tools, target, *words) as program,
        Stream(program.command, feeds=True, handles=program.handles) as stream,
    ):
        for piece in pieces:
            stream.write(piece)
        stream.close_input()
        for _ in stream.pieces():
            pass
        stream.finish()


def _latest(session: Session, names: tuple[str, str, str], *, now: datetime) -> datetime | None:
    schema, table, column = names
    question = sql.SQL("select max({0}) from {1} where {0} <= {2}").format(
        sql.Identifier(column), sql.Identifier(schema, table), sql.Literal(now)
    )
    found = session.execute(question).fetchone()
    value = found[0] if found is not None else None
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None
