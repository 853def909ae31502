"""The simulated database server, as one process sees it."""

from __future__ import annotations

from collections.abc import Callable

from amankan.errors import EngineFailed, Superseded, WrongTarget
from amankan.model.claim import Claim
from amankan.model.database import DatabaseState
from amankan.model.fingerprint import Fingerprint
from amankan.model.identity import Identity
from amankan.model.marker import Marking
from amankan.model.sentence import say
from amankan.testing.chance import Process
from amankan.testing.world import LIVE, SimDatabase, World


class SimEngine:
    """Keeps the promise of `ports.engine` over the world's server."""

    def __init__(self, world: World, process: Process) -> None:
        """Talk to the world's server as `process`."""
        self._world, self._process = world, process

    def identify(self, database: str) -> Identity:
        """Return the identity."""
        return Identity(system=self._world.server.system, oid=self._at(database).oid)

    def database(self, name: str) -> DatabaseState | None:
        """Return one database."""
        found = self._world.server.databases.get(name)
        return _state(name, found) if found is not None else None

    def databases(self) -> tuple[DatabaseState, ...]:
        """Return them all."""
        return tuple(_state(name, found) for name, found in sorted(self._world.server.databases.items()))

    def size_bytes(self, database: str) -> int:
        """Return a byte for each row."""
        return len(self._at(database).rows)

    def fingerprint(self, database: str) -> Fingerprint:
        """Return what a database holds."""
        return self._at(database).fingerprint()

    def census(self, database: str) -> Fingerprint:
        """Return what a database holds."""
        return self._at(database).fingerprint()

    def aged_indexes(self, database: str) -> tuple[str, ...]:
        """Return none: rows of the world have no order."""
        self._at(database)
        return ()

    def claimed(self) -> Claim | None:
        """Return the claim that stands."""
        return self._world.server.claim

    def claim(self, claim: Claim, *, identity: Identity, marking: Marking | None = None) -> None:
        """Take the claim, if nobody else's stands, and mark the database."""

        def act() -> None:
            server = self._world.server
            if server.system != identity.system:
                raise WrongTarget(say("cannot claim: this is server {system}", system=server.system))
            if server.claim is not None and not claim.supersedes(server.claim):
                raise Superseded(say("cannot claim: {run} is at work", run=server.claim.run))
            found = next((each for each in server.databases.values() if each.oid == identity.oid), None)
            if found is not None and marking is not None:
                if not marking.replaces(found.marker):
                    raise WrongTarget(say("cannot claim: it was marked as another app's"))
                found.marker = marking.marker
            server.claim, server.claimed_oid = claim, identity.oid

        self._world.effect(self._process, "engine.claim", act=act, claim=None)

    def release(self, claim: Claim) -> None:
        """Give the claim back."""

        def act() -> None:
            standing = self._world.server.claim
            if standing is not None and standing.run == claim.run:
                if standing != claim:
                    raise Superseded(say("cannot release: the claim of {run} is not the newest", run=claim.run))
                self._world.server.claim = None

        self._world.effect(self._process, "engine.release", act=act, claim=None)

    def settle(self, claim: Claim) -> None:
        """End the sessions of processes that died."""
        for family in ("engine.", "migrator.", "vault.", "guard."):
            self._world.end_orphans(family, claim.run)

    def shut(self, database: str, *, claim: Claim) -> None:
        """Close a database to connections."""
        self._change("engine.shut", claim, act=lambda: setattr(self._at(database), "admits", False))

    def admit(self, database: str, *, claim: Claim) -> None:
        """Open a database to connections."""
        self._change("engine.admit", claim, act=lambda: setattr(self._at(database), "admits", True))

    def copy(self, source: str, target: str, *, claim: Claim, limit_seconds: float) -> None:
        """Copy, then mark: two effects, with an unfinished copy between them."""

        def create() -> None:
            original = self._at(source)
            if original.admits or target in self._world.server.databases:
                raise EngineFailed(say("cannot copy {source}: in use, or {target} exists", source=source, target=target))
            self._world.server.databases[target] = original.copy(self._world.server.new_oid())

        self._change("engine.copy", claim, act=create, late=create)
        self._change("engine.mark", claim, act=lambda: setattr(self._at(target), "mark", claim.run))

    def drop(self, database: str, *, claim: Claim) -> None:
        """Drop a database of this run."""

        def act() -> None:
            found = self._world.server.databases.get(database)
            if found is not None and found.mark not in ("", claim.run):
                raise EngineFailed(say("cannot drop {name}: it is not of this run", name=database))
            self._world.server.databases.pop(database, None)

        self._change("engine.drop", claim, act=act)

    def discard(self, database: str, *, oid: int, claim: Claim) -> None:
        """Drop a database that was kept."""

        def act() -> None:
            found = self._world.server.databases.get(database)
            if found is not None and (found.oid != oid or found.admits):
                raise EngineFailed(say("cannot drop {name}: it is not the one that was kept", name=database))
            self._world.server.databases.pop(database, None)

        self._change("engine.discard", claim, act=act)

    def rename(self, names: tuple[tuple[str, str], ...], *, claim: Claim) -> None:
        """Rename in one transaction."""

        def act() -> None:
            databases = dict(self._world.server.databases)
            for old, new in names:
                if old not in databases or new in databases or databases[old].admits:
                    raise EngineFailed(say("cannot rename {old} to {new}", old=old, new=new))
                databases[new] = databases.pop(old)
            claimed = next((each for each in databases.values() if each.oid == self._world.server.claimed_oid), None)
            if claimed is not None and claimed.marker is not None and LIVE in databases:
                databases[LIVE].marker = claimed.marker
            self._world.server.databases = databases

        def at_its_end() -> None:
            self._world.refuse_foreign(claim)  # its transaction holds the claim, so nobody can take it meanwhile
            act()

        self._change("engine.rename", claim, act=act, late=at_its_end)

    def sequences(self, database: str) -> tuple[tuple[str, int], ...]:
        """Return the last number given out."""
        return (("orders_id_seq", self._at(database).next_id - 1),)

    def advance(self, database: str, *, beyond: str, claim: Claim) -> None:
        """Move the next number on."""

        def act() -> None:
            target = self._at(database)
            target.next_id = max(target.next_id, self._at(beyond).next_id)

        self._change("engine.advance", claim, act=act)

    def _change(self, verb: str, claim: Claim, *, act: Callable[[], object], late: Callable[[], object] | None = None) -> None:
        def checked() -> None:
            self._world.refuse_foreign(claim)
            act()

        self._world.effect(self._process, verb, act=checked, claim=claim, late=late)

    def _at(self, name: str) -> SimDatabase:
        found = self._world.server.databases.get(name)
        if found is None:
            raise EngineFailed(say("cannot find database {name}", name=name))
        return found


def _state(name: str, found: SimDatabase) -> DatabaseState:
    return DatabaseState(name=name, oid=found.oid, admits=found.admits, mark=found.mark, marker=found.marker)
