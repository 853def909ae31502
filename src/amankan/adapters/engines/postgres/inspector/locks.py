"""Locks and sizes, looked at again and again while something works in a database."""

from __future__ import annotations

import threading
from typing import Any, Final, LiteralString

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.catalogue.parts import own
from amankan.adapters.engines.postgres.inspector.heard import CARRIED, OWN
from amankan.adapters.engines.postgres.names import label_of
from amankan.adapters.engines.postgres.session import Session, connected, row, rows
from amankan.errors import EngineFailed
from amankan.model.impact import LockSeen
from amankan.ports.clock import Clock

PERIOD_SECONDS: Final = 0.01

# Sizes are those of files that must be asked one by one: at most this part of the time is spent on it.
SIZE_SHARE: Final = 0.1

# Weakest first. Source: PostgreSQL manual, "Table-Level Locks".
MODES: Final = {
    "AccessShareLock": "ACCESS SHARE",
    "RowShareLock": "ROW SHARE",
    "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
    "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    "ExclusiveLock": "EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}
_RANKS: Final = {mode: rank for rank, mode in enumerate(MODES)}

_HELD: Final[LiteralString] = """
    select l.relation::int8, l.mode, l.pid, coalesce(l.virtualtransaction, '') from pg_locks l
    left join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation' and l.granted and l.relation >= 16384
    and l.database = (select oid from pg_database where datname = current_database())
    and l.pid <> pg_backend_pid()
    and (not starts_with(coalesce(a.application_name, ''), %s) or starts_with(a.application_name, %s))
"""

_NAMES: Final[LiteralString] = """
    select c.oid::int8, convert_to(n.nspname::text, getdatabaseencoding()), convert_to(c.relname::text, getdatabaseencoding())
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm', 'f') and c.relpersistence <> 't' and """ + own("pg_class", "c.oid")

Held = tuple[int, str, int, str]


class Sampler:
    """Looks from a thread of its own, until `close`."""

    def __init__(self, address: Address, clock: Clock) -> None:
        """Begin to look; what is there now is where it starts from."""
        self._address = address
        self._clock = clock
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._fault: EngineFailed | None = None
        self._since: dict[Held, float] = {}
        self._longest: dict[tuple[int, str], float] = {}
        self._names: dict[int, str] = {}
        self.most_bytes = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()
        self._raise()

    def close(self) -> None:
        """Nobody looks any more; raises EngineFailed where looking had failed before, since what was seen is not all."""
        self._stop.set()
        self._thread.join()
        self._raise()

    def seen(self) -> tuple[LockSeen, ...]:
        """Return the strongest lock on each table that was there at the start or is there at the end, and its longest time."""
        strongest: dict[int, tuple[str, float]] = {}
        for (table, mode), seconds in self._longest.items():
            if table not in strongest or _RANKS[strongest[table][0]] < _RANKS[mode]:
                strongest[table] = (mode, seconds)
        found = [
            LockSeen(table=self._names[table], mode=MODES[mode], seconds=seconds)
            for table, (mode, seconds) in strongest.items()
            if table in self._names
        ]
        return tuple(sorted(found, key=lambda lock: lock.table))

    def _raise(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            with connected(self._address, application_name="amankan inspector") as session:
                # Temporary files and work memory of our own do not count.
                session.execute("set jit = off")
                self._look(session)
        except EngineFailed as fault:
            self._fault = fault
        finally:
            self._ready.set()

    def _look(self, session: Session) -> None:
        self._remember_names(session)
        start_bytes = size_bytes(session)
        self._ready.set()
        last = due = self._clock.ticks()
        stopped = False
        while not stopped:
            # There is one more look after the end, which sees what has been let go since the last.
            stopped = self._stop.wait(PERIOD_SECONDS)
            begun = self._clock.ticks()
            held = {_held(found) for found in rows(session, _HELD, OWN, CARRIED)}
            now = self._clock.ticks()
            self._count(held, since=last, now=now)
            last = begun
            if now >= due:
                self.most_bytes = max(self.most_bytes, size_bytes(session) - start_bytes)
                due = now + (self._clock.ticks() - now) / SIZE_SHARE
        self.most_bytes = max(self.most_bytes, size_bytes(session) - start_bytes)
        self._remember_names(session)

    def _count(self, held: set[Held], *, since: float, now: float) -> None:
        """Count a lock from the last look at which it was not there to the first at which it is gone, so never too short."""
        seen = {lock: self._since.get(lock, since) for lock in held} | self._since
        for (table, mode, _, _), start in seen.items():
            self._longest[table, mode] = max(self._longest.get((table, mode), 0.0), now - start)
        self._since = {lock: seen[lock] for lock in held}

    def _remember_names(self, session: Session) -> None:
        """A table keeps the name under which it was known first."""
        self._names = {oid: label_of(schema, table) for oid, schema, table in rows(session, _NAMES)} | self._names


def size_bytes(session: Session) -> int:
    """Return the size of the session's own database."""
    return int(row(session, "select pg_database_size(current_database())")[0])


def _held(found: tuple[Any, ...]) -> Held:
    table, mode, pid, transaction = found
    return table, mode, pid, transaction
