"""The guard of a database that is about to take another one's name: like that one's, and at home."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg

from amankan.adapters.guards.postgres.facts import guarded
from amankan.adapters.guards.postgres.home import move_in
from amankan.adapters.guards.postgres.install import install, of_server, read_limits, speaking
from amankan.adapters.guards.postgres.ring import carry_over, remembered
from amankan.model.guard import Change, Level, Limits
from amankan.model.sentence import say

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a guard was told when it was installed, without the rooms that it was told it for."""

    level: Level
    app_role: str | None
    owner_role: str | None
    limits: Limits
    of_server: tuple[Change, ...] = field(default=(), compare=False)


def standing(connection: Connection) -> Standing | None:
    """Return the guard of the connected database, None where there is none; reads only."""
    with speaking(say("look at the guard")), connection.transaction():
        if not guarded(connection):
            return None
        row = connection.execute("SELECT level, app_role, owner_role FROM amankan_guard.state").fetchone()
        assert row is not None
        level, app_role, owner_role = row
        rows = connection.execute("SELECT kind, object, undo FROM amankan_guard.change ORDER BY number").fetchall()
        changes = (Change(kind=kind, object=object, do="", undo=undo) for kind, object, undo in rows)
        return Standing(
            level=level,
            app_role=app_role,
            owner_role=owner_role,
            limits=read_limits(connection),
            of_server=tuple(change for change in changes if of_server(change)),
        )


def follow(connection: Connection, wanted: Standing | None, *, ring: dict[str, int]) -> None:
    """
    The guard of the connected database is like the wanted one and at home, and remembers the refusals of `ring`.

    Where none is wanted, one that came along in the copy stays as it is and is at home; where one is wanted and another or
    none came along, it is installed.

    Raises:
        EngineFailed, Refused: this role may not, or the level cannot be made here; nothing was changed.
    """
    with speaking(say("make the guard at home")), connection.transaction():
        there = standing(connection)
        if wanted is None and there is None:
            return
        if wanted is None or there == wanted:
            move_in(connection)
        else:
            install(connection, wanted.level, limits=wanted.limits, app_role=wanted.app_role, owner_role=wanted.owner_role)
            _take_over(connection, wanted.of_server)
        if ring.get("refusal", 0) >= remembered(connection).get("refusal", 0):
            carry_over(connection, ring)


def _take_over(connection: Connection, changes: tuple[Change, ...]) -> None:
    """What the first installation changed for the whole server is taken back with this one, last of all."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO amankan_guard.change (number, kind, object, undo) SELECT %s, %s, %s, %s"
            " WHERE NOT EXISTS (SELECT FROM amankan_guard.change WHERE undo = %s)",
            [(at - len(changes), each.kind, each.object, each.undo, each.undo) for at, each in enumerate(changes)],
        )
