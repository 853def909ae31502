"""Files made by hand, restored in throwaway servers and sealed from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.archiver import PostgresArchiver
from amankan.adapters.engines.postgres.fingerprint import fingerprint_of
from amankan.adapters.engines.postgres.foreign.trial import Ground, newest_of, restored
from amankan.adapters.engines.postgres.tools import Tools
from amankan.adapters.runtimes.none import UNKNOWN
from amankan.model.fingerprint import Fingerprint
from amankan.model.snapshot import Snapshot
from amankan.operations.adopt import Restored
from amankan.ports.progress import Progress
from amankan.vault.manifest import Origin
from amankan.vault.sealed import Order, SealedVault

# How many sessions read a database at once.
SESSIONS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tryer:
    """Restores files in throwaway servers."""

    vault: SealedVault
    ground: Ground
    progress: Progress

    @contextmanager
    def restored(self, path: Path, *, run: str) -> Iterator[Restored]:
        """Keep the promise of the protocol."""
        with restored(self.ground, path, run=run) as address:
            yield RestoredFile(vault=self.vault, address=address, tools=self.ground.tools, progress=self.progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredFile:
    """A file restored at an address of a throwaway server."""

    vault: SealedVault
    address: Address
    tools: Tools
    progress: Progress

    def held(self) -> Fingerprint:
        """Return what it holds."""
        return fingerprint_of(self.address, sessions=SESSIONS, progress=self.progress)

    def newest(self, now: datetime) -> datetime | None:
        """Return the latest date of any row that is not in the future."""
        return newest_of(self.address, now)

    def seal(self, snapshot: str, *, label: str, time: datetime) -> Snapshot:
        """A snapshot of it lies in the vault, complete, with the date of its content."""
        archiver = PostgresArchiver(address=self.address, tools=self.tools, clock=SystemClock())
        order = Order(
            snapshot=snapshot,
            database=self.address.database,
            release=UNKNOWN,
            label=label,
            origin=Origin.ADOPTED,
            time=time,
        )
        return self.vault.fill(order, archiver=archiver)
