"""The simulated file of the rows that go."""

from __future__ import annotations

from amankan.errors import EngineFailed
from amankan.model.claim import Claim
from amankan.model.gone import GoneTable, Salvaged
from amankan.model.sentence import say
from amankan.testing.chance import Process
from amankan.testing.world import SimDatabase, World


class SimSalvage:
    """Keeps the promise of `ports.salvage` over the world's databases."""

    def __init__(self, world: World, process: Process) -> None:
        """Read and write as `process`."""
        self._world, self._process = world, process

    def keep(self, live: str, kept: str, *, title: str, claim: Claim) -> Salvaged:
        """Write down the numbers of the rows; a shut database is opened for a moment, to come in."""
        found = self._world.server.databases.get(kept)
        if found is not None and not found.admits:
            self._gate(found, open=True, claim=claim)
            self._gate(found, open=False, claim=claim)

        def act() -> None:
            self._world.refuse_foreign(claim)
            self._world.salvaged[claim.run, title] = frozenset(self._rows(live) - self._rows(kept))

        self._world.effect(self._process, "salvage.keep", act=act, claim=claim)
        rows = len(self._world.salvaged.get((claim.run, title), ()))
        gone = (GoneTable(table="orders", inserted=rows, written=rows),) if rows else ()
        return Salvaged(tables=gone, path=f"journal/{claim.run}/{title}.sql", size_bytes=rows)

    def _gate(self, found: SimDatabase, *, open: bool, claim: Claim) -> None:
        def act() -> None:
            self._world.refuse_foreign(claim)
            found.admits = open

        self._world.effect(self._process, f"engine.{'admit' if open else 'shut'}", act=act, claim=claim)

    def exists(self, run: str, *, title: str) -> bool:
        """Tell whether it was written."""
        return (run, title) in self._world.salvaged

    def remove(self, run: str, *, title: str) -> None:
        """Forget it."""
        if (run, title) in self._world.salvaged:
            self._world.effect(
                self._process, "salvage.remove", act=lambda: self._world.salvaged.pop((run, title), None), claim=None
            )

    def _rows(self, name: str) -> set[int]:
        found = self._world.server.databases.get(name)
        if found is None:
            raise EngineFailed(say("cannot find database {name}", name=name))
        return found.rows
