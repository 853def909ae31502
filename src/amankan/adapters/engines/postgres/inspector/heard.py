"""Every statement that reached a server, from its log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from psycopg import sql

from amankan.adapters.engines.postgres.inspector.danger import danger
from amankan.adapters.engines.postgres.inspector.noted import Line, lines_of
from amankan.adapters.engines.postgres.inspector.words import statements_of
from amankan.adapters.engines.postgres.session import Session, row, rows
from amankan.errors import EngineFailed
from amankan.model.impact import StatementSeen
from amankan.model.sentence import say
from amankan.ports.clock import Clock

# Sessions of our own carry a name that begins like this; those of a command that we run for the app go on with the other.
OWN: Final = "amankan"
CARRIED: Final = "amankan/"

WAIT_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.01

# While it is watched, the server notes every statement, and those that fail before they can be noted otherwise.
_SETTINGS: Final = (("log_statement", "all"), ("log_min_messages", "error"), ("log_min_error_statement", "error"))
_QUIETED: Final = (*(name for name, _ in _SETTINGS), "log_duration", "log_min_duration_statement", "log_error_verbosity")

# Whatever a role or a database was told about its log would be stronger than the server's own setting.
_OVERRULED = """
    select d.datname, r.rolname from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase
    left join pg_roles r on r.oid = s.setrole
    where exists (select from unnest(s.setconfig) w where split_part(w, '=', 1) = any(%s))
"""

_NOTED = re.compile(r"(?:statement|execute (?!fetch from )[^:]*|fastpath function call): (.*)", re.DOTALL)


def forget(session: Session) -> None:
    """
    No session that begins from now on has a setting of its own about the log, whatever its role or database was told.

    Nobody will miss it in a throwaway server.
    """
    for database, role in rows(session, _OVERRULED, list(_QUIETED)):
        _forget(session, database=database, role=role)


def begin(session: Session, log: Path, *, clock: Clock) -> int:
    """From now on the server notes every statement; returns the size of its log in bytes before the first that counts."""
    for name, value in _SETTINGS:
        session.execute(sql.SQL("alter system set {} = {}").format(sql.Identifier(name), sql.Literal(value)))
    session.execute("select pg_reload_conf()")
    _await_setting(session, "all", clock=clock)
    mark(session, log, clock=clock)
    return log.stat().st_size


def end(session: Session, *, clock: Clock) -> None:
    """The server notes statements no more."""
    for name, _ in _SETTINGS:
        session.execute(sql.SQL("alter system reset {}").format(sql.Identifier(name)))
    session.execute("select pg_reload_conf()")
    _await_setting(session, "none", clock=clock)


def mark(session: Session, log: Path, *, clock: Clock) -> None:
    """Everything that was noted before now is in the file, which is written by a process of its own."""
    start = log.stat().st_size if log.exists() else 0
    word = f"{OWN} {row(session, 'select gen_random_uuid()::text')[0]}"
    session.execute(sql.SQL("select {}").format(sql.Literal(word)))
    limit = clock.ticks() + WAIT_SECONDS
    while not (log.exists() and _holds(log, word, start_bytes=start)):
        if clock.ticks() > limit:
            raise EngineFailed(say("cannot watch the migration: the trial's server keeps no log"))
        clock.pause(LOOK_SECONDS)


def statements(log: Path, *, start_bytes: int) -> Iterator[StatementSeen]:
    """Yield every statement of sessions that are not ours from a place in the log on, each once, in order."""
    for text in _texts(lines_of(log, start_bytes=start_bytes)):
        for statement in statements_of(text):
            yield StatementSeen(sql=statement.sql, danger=danger(statement.tokens))


def _texts(lines: Iterable[Line]) -> Iterator[str]:
    last: dict[str, str] = {}
    for line in lines:
        if line.application.startswith(OWN) and not line.application.startswith(CARRIED):
            continue
        match = _NOTED.fullmatch(line.message) if line.severity == "LOG" else None
        if match:
            last[line.session] = match[1]
            yield match[1]
        elif line.severity in {"ERROR", "FATAL", "PANIC"} and line.query and last.get(line.session) != line.query:
            # It failed before it was run: not even its words could be read, or what it speaks of is not there.
            last[line.session] = line.query
            yield line.query


def _holds(log: Path, word: str, *, start_bytes: int) -> bool:
    with log.open("rb") as file:
        file.seek(start_bytes)
        rest = b""
        while piece := file.read(1 << 20):
            if word.encode() in rest + piece:
                return True
            rest = piece[-len(word) :]
    return False


def _await_setting(session: Session, value: str, *, clock: Clock) -> None:
    limit = clock.ticks() + WAIT_SECONDS
    while row(session, "select current_setting('log_statement')")[0] != value:
        if clock.ticks() > limit:
            raise EngineFailed(say("cannot watch the migration: the trial's server does not take its settings"))
        clock.pause(LOOK_SECONDS)


def _forget(session: Session, *, database: str | None, role: str | None) -> None:
    whom = sql.SQL("role {}").format(sql.SQL("all") if role is None else sql.Identifier(role))
    where = sql.SQL("") if database is None else sql.SQL(" in database {}").format(sql.Identifier(database))
    for name in _QUIETED:
        if role is None and database is not None:
            session.execute(sql.SQL("alter database {} reset {}").format(sql.Identifier(database), sql.Identifier(name)))
        else:
            session.execute(sql.SQL("alter {}{} reset {}").format(whom, where, sql.Identifier(name)))
