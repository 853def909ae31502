"""The guard of one server's databases, as the command line and the steps of an operation use it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg

from amankan.adapters.guards.postgres import coverage, install, leave, trial
from amankan.adapters.guards.postgres.facts import guarded
from amankan.adapters.guards.postgres.follow import follow, standing
from amankan.adapters.guards.postgres.home import at_home, move_in
from amankan.adapters.guards.postgres.ring import remembered
from amankan.adapters.guards.postgres.window import close_window, open_window, window_is_open
from amankan.model.claim import Claim
from amankan.model.guard import Change, Changes, Coverage, Leave, Level, Limits, Trial
from amankan.model.permit import Permit

Connect = Callable[[str, Claim | None], AbstractContextManager[psycopg.Connection[Any]]]
"""Lends a connection to a database by name, in autocommit, in a session that carries the name of the claim, if there is one."""


class PostgresGuard:
    """
    Keeps the promise of `ports.guard`; connects, as a role that may write permits, for each verb.

    What it raises beside that of the port is told by the functions that carry a verb out.
    """

    def __init__(self, connect: Connect) -> None:
        """Keep the way to a database by name."""
        self._connect = connect

    def permit(self, database: str, *, why: str, minutes: int, claim: Claim) -> None:
        """Keep the promise of the port; at level deny the app's role may change what the owner owns for that time."""
        with self._connect(database, claim) as connection, connection.transaction():
            if guarded(connection):
                leave.permit(connection, Leave(why=leave.reason(why, claim.run), minutes=min(minutes, leave.MOST_MINUTES)))
                open_window(connection)

    def settle(self, database: str, *, claim: Claim) -> None:
        """Keep the promise of the port, in one transaction."""
        with self._connect(database, claim) as connection, connection.transaction():
            if guarded(connection):
                leave.revoke_run(connection, claim.run)
                close_window(connection)
                move_in(connection)

    def follow(self, database: str, *, source: str, claim: Claim) -> None:
        """Keep the promise of the port, in one transaction."""
        with self._connect(source, None) as connection:
            wanted = standing(connection)
            ring = remembered(connection) if wanted is not None else {}
        with self._connect(database, claim) as connection:
            follow(connection, wanted, ring=ring)

    def settled(self, database: str, *, run: str) -> bool:
        """Keep the promise of the port."""
        with self._connect(database, None) as connection:
            if not guarded(connection):
                return True
            return at_home(connection) and not leave.of_run(connection, run) and not window_is_open(connection)

    def plan(self, database: str, level: Level | None, *, app_role: str) -> Changes:
        """Return what an installation would change and leave uncovered; nothing is changed."""
        with self._connect(database, None) as connection:
            return install.plan(connection, level, app_role=app_role)

    def install(self, database: str, level: Level | None, *, app_role: str, limits: Limits | None = None) -> Changes:
        """The guard stands in a database; returns what was changed and what is not covered."""
        with self._connect(database, None) as connection:
            return install.install(connection, level, limits=limits, app_role=app_role)

    def remove(self, database: str) -> tuple[Change, ...] | None:
        """There is no guard in a database; returns what was taken back, or None where there was no guard."""
        with self._connect(database, None) as connection:
            return install.remove(connection) if guarded(connection) else None

    def status(self, database: str, *, app_role: str) -> Coverage:
        """Return the guard as it stands; reads only."""
        with self._connect(database, None) as connection:
            return coverage.status(connection, app_role=app_role)

    def trial(self, database: str) -> tuple[Trial, ...]:
        """Return each forbidden statement with what came of it; nothing of it stays in the database."""
        with self._connect(database, None) as connection:
            return trial.trial(connection)

    def end(self, permit: Permit) -> None:
        """The permit is worth nothing any more; may be repeated."""
        with self._connect(permit.database, None) as connection:
            leave.revoke(connection, permit)

    def grant(self, database: str, wanted: Leave) -> Permit:
        """Statements pass the guard until the permit ends, as a person asked; at level deny nobody becomes an owner."""
        with self._connect(database, None) as connection:
            return leave.permit(connection, wanted)

    def permits(self, database: str) -> tuple[Permit, ...]:
        """Return the permits that are worth something now, the oldest first; reads only."""
        with self._connect(database, None) as connection:
            return leave.permits(connection)
