"""A vault with two snapshots, to be damaged, forged and interrupted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from amankan.errors import AmankanError, SnapshotDamaged
from amankan.model.project import ProjectFile, ProjectFiles
from amankan.testing.stores import MemoryStore
from amankan.vault.catalogue import MANIFEST
from amankan.vault.manifest import Manifest, read, write
from amankan.vault.signature import Keyring
from tests.kit.vaults import CLAIM, SealedWorld

ONE, TWO, THREE = (f"20260105T020000Z-shop-0000000{number}" for number in (1, 2, 3))
DUMP, GLOBALS, SETTINGS, KEY = "dump.pgc.zst.age", "globals.sql.zst.age", "settings.sql.zst.age", "key.age"
PROJECT = "project.tar.zst.age"
PARTS = (DUMP, GLOBALS, SETTINGS, PROJECT, KEY, "RESTORE.md")
FILES = ProjectFiles(files=(ProjectFile(path=".env", content=b"A=1\n"),))

Errors = type[AmankanError] | tuple[type[AmankanError], ...]


@dataclass(slots=True)
class Bench:
    """A vault with two snapshots, and its objects to be damaged."""

    world: SealedWorld
    objects: dict[str, bytes]

    def refused(self, snapshot: str = ONE, *, by: Errors = SnapshotDamaged) -> AmankanError:
        """Return why the snapshot cannot be loaded by somebody who has the recovery key; no database was made."""
        before = set(self.world.archiver.databases)
        vault = self.world.open(identities=(self.world.recovery,))
        with pytest.raises(by) as told:
            vault.load(snapshot, into="shop_new", claim=CLAIM)
        assert before == set(self.world.archiver.databases)
        assert str(told.value).startswith("cannot ")
        return told.value

    def manifest(self, snapshot: str) -> Manifest:
        """Return the manifest of a snapshot."""
        return read(self.objects[f"{snapshot}/{MANIFEST}"], frozenset({self.world.signing.public}))

    def resign(self, **changes: Any) -> None:
        """Sign the first snapshot's manifest again with some fields changed, as only the owner of the key could."""
        manifest = replace(self.manifest(ONE), **changes)
        self.objects[f"{ONE}/{MANIFEST}"] = write(manifest, self.world.signing)

    @property
    def readers(self) -> Keyring:
        """The keyring of a place that can read the vault and not write it."""
        return Keyring(trusted=frozenset({self.world.signing.public}))


def two_snapshots() -> Bench:
    """Return a vault with two snapshots of different content."""
    store = MemoryStore()
    world = SealedWorld(store=store, project=lambda: FILES)
    world.take(ONE, rows=2000)
    world.take(TWO, rows=300)
    return Bench(world, store.objects)


@dataclass(slots=True, kw_only=True)
class Crash(BaseException):
    """The machine goes down."""


@dataclass(slots=True, kw_only=True)
class CrashingStore(MemoryStore):
    """A store that sees the machine go down after so many verbs that change something."""

    left: int = 0

    def put(self, name: str, content: Iterable[bytes]) -> int:
        """Put, or go down before it."""
        self.count()
        return MemoryStore.put(self, name, content)

    def delete(self, name: str) -> None:
        """Delete, or go down before it."""
        self.count()
        MemoryStore.delete(self, name)

    def count(self) -> None:
        """Go down when it is time, and stay down."""
        if self.left <= 0:
            raise Crash
        self.left -= 1
