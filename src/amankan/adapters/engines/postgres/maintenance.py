"""Sessions of ours in a server: named for the run, bounded in time, and never in the way of the app's database."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, LiteralString

import psycopg
from psycopg import errors, sql

from amankan.adapters.engines.postgres.address import MOST_NAME_BYTES, Address
from amankan.adapters.engines.postgres.reach import session_conninfo
from amankan.adapters.engines.postgres.settings import NEW_LIMITS
from amankan.errors import EngineFailed, Refused, TimedOut
from amankan.model.claim import Claim
from amankan.model.sentence import say
from amankan.ports.clock import Clock

Session = psycopg.Connection[tuple[Any, ...]]

# A catalogue statement takes milliseconds; who holds a lock for longer than this will not let go soon.
LOCK_SECONDS: Final = 10
STATEMENT_SECONDS: Final = 60

# How much longer than the server's own limit we wait for its word, before we take it for frozen.
GRACE_SECONDS: Final = 10.0

# How long a server that was restarted may take until it answers again.
RETURN_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 0.1

# Between two looks at sessions that were told to leave: most do within milliseconds, while users wait.
LOOK_SECONDS: Final = 0.02

# A peer that went away without a word is noticed within about 25 s.
_ALIVE: Final = "keepalives=1 keepalives_idle=10 keepalives_interval=5 keepalives_count=3"

_OTHERS: Final[LiteralString] = """
    select datname from pg_database
    where datallowconn and datname <> %s and has_database_privilege(oid, 'connect')
    order by datistemplate, datname
"""


def session_name(claim: Claim) -> str:
    """Return the application name of a claim's sessions; a run's name too long for the server is replaced by a digest."""
    return f"{run_prefix(claim.run)}{claim.epoch}"


def run_prefix(run: str) -> str:
    """Return that with which the application name of every session of a run begins."""
    # The server keeps 63 bytes and replaces what is not ASCII; an epoch needs at most ten of them.
    if not run.isascii() or len(run) > MOST_NAME_BYTES - len("amankan//") - 10:
        run = hashlib.sha256(run.encode()).hexdigest()[:32]
    return f"amankan/{run}/"


class Maintenance:
    """
    One session in a database that is not the app's, made when first needed and made anew when it was lost.

    A write that was cut off is not tried again: whether it happened is for the caller to look at.
    """

    def __init__(self, address: Address, clock: Clock) -> None:
        """Reach the server of `address`, whose database is the app's; `clock` waits for a server that is away."""
        self.address, self._clock = address, clock
        self._session: Session | None = None
        self._name = "amankan"

    def named(self, claim: Claim | None) -> Session:
        """Return the session, carrying the claim's application name where there is one."""
        session = self._living()
        name = session_name(claim) if claim is not None else "amankan"
        if name != self._name:
            session.execute("select set_config('application_name', %s, false)", [name])
            self._name = name
        return session

    def rows(self, question: LiteralString, *words: object) -> list[tuple[Any, ...]]:
        """Return the answer to a question; asked again where the session was lost."""
        deadline = self._clock.ticks() + RETURN_SECONDS
        while True:
            try:
                with told("ask the server"):
                    return self._living().execute(question, words or None).fetchall()
            except EngineFailed:
                if (self._session is not None and not self._session.closed) or self._clock.ticks() > deadline:
                    raise
                self.close()
                self._clock.pause(PAUSE_SECONDS)

    def close(self) -> None:
        """No session is open."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def _living(self) -> Session:
        if self._session is None or self._session.closed:
            self._name = "amankan"
            self._session = self._beside()
        return self._session

    def _beside(self) -> Session:
        """Return a session in `postgres`, or in another database where that cannot be had."""
        first: LiteralString = "postgres"
        try:
            return connect(self.address.at(first), name="amankan")
        except (errors.InvalidCatalogName, errors.InsufficientPrivilege, psycopg.OperationalError) as refusal:
            if not _is_about_database(refusal):
                raise
        with connect(self.address, name="amankan") as session:
            names = [name for (name,) in session.execute(_OTHERS, [self.address.database])]
        if not names:
            raise Refused(say("cannot reach the server beside {database}: no other database", database=self.address.database))
        return connect(self.address.at(names[0]), name="amankan")


def connect(address: Address, *, name: str, seconds: int = STATEMENT_SECONDS) -> Session:
    """Return a session that looks up names in the system's catalogue only, and waits for nothing without end."""
    session = psycopg.connect(f"{session_conninfo(address).reveal()} {_ALIVE}", autocommit=True)
    settings = {
        "application_name": name,
        "search_path": "pg_catalog",
        "statement_timeout": f"{seconds}s",
        "lock_timeout": f"{LOCK_SECONDS}s",
        "default_transaction_read_only": "off",
        "default_transaction_isolation": "read committed",
        # A number is read as text and a rule for rows is an error, whatever the app has set for its own sessions.
        "row_security": "off",
        "idle_session_timeout": "0",
        "idle_in_transaction_session_timeout": f"{STATEMENT_SECONDS}s",
    }
    if session.info.server_version >= NEW_LIMITS * 10_000:
        settings["transaction_timeout"] = "0"
    for setting, value in settings.items():
        session.execute("select set_config(%s, %s, false)", [setting, value])
    return session


@contextmanager
def limited(session: Session, seconds: float) -> Iterator[None]:
    """
    Statements in the context end after `seconds`: the server ends them, and where it does not even answer, we leave.

    Raises:
        TimedOut: the limit passed; the effect may still come where the server did not answer.
    """
    milliseconds = max(1, round(seconds * 1000))
    session.execute("select set_config('statement_timeout', %s, false)", [f"{milliseconds}ms"])
    cut = threading.Event()
    late = threading.Timer(seconds + GRACE_SECONDS, _cut, [session, cut])
    late.daemon = True
    late.start()
    try:
        yield
    except errors.QueryCanceled as cancelled:
        raise TimedOut(say("cannot wait longer than {seconds} s for the server", seconds=seconds)) from cancelled
    except psycopg.OperationalError as lost:
        if cut.is_set():
            raise TimedOut(say("cannot wait longer: the server gave no answer for {seconds} s", seconds=seconds)) from lost
        raise
    finally:
        late.cancel()
        with suppress(psycopg.Error):
            session.execute("select set_config('statement_timeout', %s, false)", [f"{STATEMENT_SECONDS}s"])


@contextmanager
def told(what: str) -> Iterator[None]:
    """Errors of the driver leave the context as ours: EngineFailed, or TimedOut where a limit of ours ended a statement."""
    try:
        yield
    except errors.QueryCanceled as cancelled:
        raise TimedOut(say("cannot {what}: {reason}", what=what, reason=_reason(cancelled))) from cancelled
    except psycopg.Error as failure:
        raise EngineFailed(say("cannot {what}: {reason}", what=what, reason=_reason(failure))) from failure


def pause(session: Session) -> None:
    """A moment has passed, waited for in the server."""
    session.execute("select pg_sleep(%s)", [LOOK_SECONDS])


def identifier(name: str) -> sql.Identifier:
    """Return a name for a statement; EngineFailed where the server would cut it short and so mean another."""
    if not name or len(name.encode()) > MOST_NAME_BYTES or "\0" in name:
        raise EngineFailed(say("cannot use {name} as the name of a database", name=name))
    return sql.Identifier(name)


def _cut(session: Session, cut: threading.Event) -> None:
    """Break the connection under a thread that waits for it; closing it from here would wait too."""
    cut.set()
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(session.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def _is_about_database(refusal: psycopg.Error) -> bool:
    """Tell whether the server let the role in and refused the database only: it has no state code while connecting."""
    text = str(refusal)
    return 'database "postgres"' in text and any(
        words in text for words in ("does not exist", "permission denied", "not currently accepting", "pg_hba.conf")
    )


def _reason(failure: psycopg.Error) -> str:
    detail = failure.diag.message_detail
    words = failure.diag.message_primary or str(failure).strip().splitlines()[0] if str(failure).strip() else "no answer"
    return f"{words} ({detail})" if detail else words
