"""Letting go of a dump's locks when somebody waits for them."""

from __future__ import annotations

import threading
from typing import Final, LiteralString

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.session import Session, connected, rows
from amankan.errors import EngineFailed

PERIOD_SECONDS: Final = 0.5

# Whoever was found waiting this often in a row is let through: all queries on the table queue behind.
TIMES: Final = 2

_WAITING: Final[LiteralString] = """
    select distinct l.pid from pg_locks l where not l.granted and l.locktype = 'relation'
    and pg_blocking_pids(l.pid) && array(select pid from pg_stat_activity where application_name = %s)
"""

_END: Final[LiteralString] = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = %s and usename = current_user and pid <> pg_backend_pid()
"""


class Watch:
    """
    Ends every session with the dump's own application name once a session has waited for one of them for a second.

    `let_go` then says so: the dump fails, and whoever waited goes on.
    """

    def __init__(self, address: Address, name: str) -> None:
        """Watch from a thread of its own, until `close`."""
        self._address = address
        self._name = name
        self._stop = threading.Event()
        self.let_go = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Nobody watches any more; may be repeated."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with connected(self._address, application_name="amankan watch") as session:
                self._look(session)
        except EngineFailed:
            # The dump itself meets the same fault and says so.
            return

    def _look(self, session: Session) -> None:
        seen: dict[int, int] = {}
        while not self._stop.wait(PERIOD_SECONDS):
            waiting = [pid for (pid,) in rows(session, _WAITING, self._name)]
            seen = {pid: seen.get(pid, 0) + 1 for pid in waiting}
            if any(times >= TIMES for times in seen.values()):
                self.let_go = True
                session.execute(_END, (self._name,))
                return
