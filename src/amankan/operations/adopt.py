"""Backups that were made by hand, tried one by one, and the good ones taken in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from amankan.errors import SnapshotCut, SnapshotDamaged, SnapshotEmpty
from amankan.model.fingerprint import Fingerprint, compare
from amankan.model.foreign import Tried, Worth
from amankan.model.sentence import Sentence, say
from amankan.model.snapshot import Proof, Snapshot
from amankan.operations.plans.names import run_name
from amankan.ports.clock import Chance, Clock
from amankan.ports.sandbox import Sandbox
from amankan.ports.vault import Vault

# A backup of the app has most of its tables; fewer in common than this, and it is another one's.
SHARE: Final = 0.5


class Restored(Protocol):
    """A file that was restored in a throwaway server, as long as that stands."""

    def held(self) -> Fingerprint:
        """Return what it holds."""
        ...

    def newest(self, now: datetime) -> datetime | None:
        """Return the latest date of any row that is not in the future."""
        ...

    def seal(self, snapshot: str, *, label: str, time: datetime) -> Snapshot:
        """A snapshot of it lies in the vault, complete, with the date of its content."""
        ...


class Tryer(Protocol):
    """Restores files made by hand where they can do no harm."""

    def restored(self, path: Path, *, run: str) -> AbstractContextManager[Restored]:
        """Lend a file restored; raises SnapshotDamaged for one that does not restore."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What files are tried with; `tables` are those of the live database, by which another app's backup is told."""

    app: str
    tryer: Tryer
    vault: Vault
    sandbox: Sandbox
    clock: Clock
    chance: Chance
    tables: frozenset[str]

    def take(self, path: Path, *, only_look: bool) -> tuple[Tried, Snapshot | None]:
        """
        Return what a file is worth, and the snapshot that was made of it where it is good and not only looked at.

        The snapshot is proved: what was sealed was restored once more and compared.
        """
        now = self.clock.now()
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        run = run_name(self.app, now, token=self.chance.token())
        size_bytes = sum(_sizes(path))
        try:
            with self.tryer.restored(path, run=run) as restored:
                held, newest = restored.held(), restored.newest(now)
                worth, why = self._judge(held)
                tried = Tried(file=str(path), worth=worth, why=why, made=made, size_bytes=size_bytes, held=held, newest=newest)
                if worth is not Worth.GOOD or only_look:
                    return tried, None
                snapshot = restored.seal(run, label=path.name, time=newest or made)
        except SnapshotDamaged as fault:
            worth = _worth_of(fault)
            return Tried(file=str(path), worth=worth, why=fault.cannot, made=made, size_bytes=size_bytes), None
        self._prove(snapshot)
        return tried, snapshot

    def _judge(self, held: Fingerprint) -> tuple[Worth, Sentence]:
        names = {table.table for table in held.tables}
        if not names:
            return Worth.EMPTY, say("it restores to no table at all")
        if self.tables and len(names & self.tables) < SHARE * len(names):
            return Worth.ANOTHER_APP, say("it has {count} tables that this app does not have", count=len(names - self.tables))
        return Worth.GOOD, say("it restores")

    def _prove(self, snapshot: Snapshot) -> None:
        run = run_name(self.app, self.clock.now(), token=self.chance.token())
        try:
            held = self.sandbox.restore(run, snapshot=snapshot.id)
            if compare(snapshot.fingerprint, held):
                raise SnapshotDamaged(say("cannot prove {snapshot}: it restores to something else", snapshot=snapshot.id))
            self.vault.attest(snapshot.id, Proof.PROVED)
        finally:
            self.sandbox.remove(run)


def _worth_of(fault: SnapshotDamaged) -> Worth:
    if isinstance(fault, SnapshotCut):
        return Worth.CUT
    return Worth.EMPTY if isinstance(fault, SnapshotEmpty) else Worth.BROKEN


def _sizes(path: Path) -> Iterator[int]:
    for each in path.rglob("*") if path.is_dir() else (path,):
        if each.is_file():
            yield each.stat().st_size
