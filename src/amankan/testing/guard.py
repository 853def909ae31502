"""The simulated guard: nothing is migrated past it without leave."""

from __future__ import annotations

from collections.abc import Callable

from amankan.errors import EngineFailed
from amankan.model.claim import Claim
from amankan.model.sentence import say
from amankan.testing.chance import Process
from amankan.testing.world import SimDatabase, World


class SimGuard:
    """Keeps the promise of `ports.guard` over the world's server, at level deny."""

    def __init__(self, world: World, process: Process) -> None:
        """Come to the guard as `process`."""
        self._world, self._process = world, process

    def permit(self, database: str, *, why: str, minutes: int, claim: Claim) -> None:
        """The permit is in the database, the window in the whole server."""

        def act() -> None:
            self._at(database).permits.add(claim.run)
            self._world.server.windows.add(claim.run)

        self._change("guard.permit", claim, act=act)

    def settle(self, database: str, *, claim: Claim) -> None:
        """Neither is there any more, and the guard is at home."""

        def act() -> None:
            found = self._at(database)
            found.permits.discard(claim.run)
            self._world.server.windows.discard(claim.run)
            found.home = found.oid

        self._change("guard.settle", claim, act=act)

    def follow(self, database: str, *, source: str, claim: Claim) -> None:
        """The guard is at home; every simulated one is at the same level."""
        self._at(source)

        def act() -> None:
            found = self._at(database)
            found.home = found.oid

        self._change("guard.follow", claim, act=act)

    def settled(self, database: str, *, run: str) -> bool:
        """Look."""
        found = self._at(database)
        return run not in found.permits and run not in self._world.server.windows and found.home == found.oid

    def _change(self, verb: str, claim: Claim, *, act: Callable[[], object]) -> None:
        def checked() -> None:
            self._world.refuse_foreign(claim)
            act()

        self._world.effect(self._process, verb, act=checked, claim=claim, late=act)

    def _at(self, name: str) -> SimDatabase:
        found = self._world.server.databases.get(name)
        if found is None or not found.admits:
            raise EngineFailed(say("cannot come to the guard of {name}", name=name))
        return found
