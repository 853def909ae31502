"""What lies in a vault: one folder for each snapshot, and what has no manifest does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from amankan.errors import (
    AmankanError,
    ConfigurationFault,
    NewerFormat,
    Refused,
    SnapshotDamaged,
    StoreFailed,
    Unsigned,
    WrongTarget,
)
from amankan.model.sentence import say
from amankan.model.snapshot import Proof, Snapshot
from amankan.ports.store import Store
from amankan.vault.chain import Head, Link, head
from amankan.vault.manifest import Manifest, Origin, digest, read, write
from amankan.vault.signature import MOST_BYTES, Keyring
from amankan.vault.statement import Attested, Pinned, Retired, read_attested, read_retired, state

MANIFEST, PIN, RETIRED = "manifest.json", "pin.json", "retired"
# A proof is never written over: each level has a file of its own, and the highest that is there counts.
PROOFS = {Proof.PROVED: "proof-proved.json", Proof.SAMPLED: "proof-sampled.json"}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One complete snapshot as the vault shows it."""

    manifest: Manifest
    digest: str
    proof: Proof
    pinned: bool

    @property
    def link(self) -> Link:
        """Its place in the chain."""
        manifest = self.manifest
        return Link(snapshot=manifest.snapshot, sequence=manifest.sequence, previous=manifest.previous, digest=self.digest)

    @property
    def snapshot(self) -> Snapshot:
        """What the other rooms know of it."""
        manifest = self.manifest
        return Snapshot(
            id=manifest.snapshot,
            app=manifest.app,
            time=manifest.time,
            label=manifest.label,
            engine=manifest.source.engine,
            identity=manifest.source.identity,
            fingerprint=manifest.fingerprint,
            release=manifest.release,
            stored_bytes=manifest.stored_bytes,
            proof=self.proof,
            pinned=self.pinned,
            encrypted=manifest.encrypted,
            sequence=manifest.sequence,
            manifest=self.digest,
            project=manifest.project,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A folder that says it is a snapshot of this app and cannot be believed, with the reason."""

    snapshot: str
    error: AmankanError


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Everything of one app: snapshots oldest first, folders that cannot be believed, links taken out on purpose."""

    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]
    retired: tuple[Retired, ...]

    @property
    def links(self) -> tuple[Link, ...]:
        """Every link of the chain that is known."""
        gone = (
            Link(snapshot=each.snapshot, sequence=each.sequence, previous=each.previous, digest=each.manifest)
            for each in self.retired
        )
        return (*(entry.link for entry in self.entries), *gone)

    @property
    def head(self) -> Head:
        """The newest link."""
        return head(self.links)

    def named(self, id: str) -> str | None:
        """
        Return the snapshot of that id, or the only one whose id begins or ends so, believed or not; None where none does.

        Raises:
            ConfigurationFault: several have it.
        """
        names = [entry.manifest.snapshot for entry in self.entries] + [fault.snapshot for fault in self.faults]
        found = [name for name in names if name == id] or [name for name in names if name.startswith(id) or name.endswith(id)]
        if len(found) > 1:
            raise ConfigurationFault(
                say("cannot know which snapshot {id} is: {count} have it", id=id, count=len(found)), next=say("aman backups")
            )
        return found[0] if found else None


class Catalogue:
    """The snapshots of one app in a store, read and written with the keys of a keyring."""

    def __init__(self, store: Store, *, app: str, keyring: Keyring) -> None:
        """Look at nothing yet."""
        self._store, self._app, self._keyring = store, app, keyring

    def find(self, snapshot: str) -> Entry | None:
        """
        Return a complete snapshot, or None.

        Raises:
            Unsigned, NewerFormat, SnapshotDamaged, WrongTarget: the folder has a manifest that cannot be believed.
        """
        check_id(snapshot)
        if self._store.size(f"{snapshot}/{MANIFEST}") is None:
            return None
        return self._read(snapshot, frozenset(self._store.names(snapshot)))

    def census(self) -> Census:
        """
        Return everything of this app; a folder that cannot be believed hides no other one.

        Cost: reads each manifest and each proof once.
        """
        names = frozenset(self._store.names())
        entries, faults = [], []
        for folder in sorted(name.removesuffix(f"/{MANIFEST}") for name in names if name.endswith(f"/{MANIFEST}")):
            try:
                entry = self._read(folder, names)
            except WrongTarget:
                continue  # another app's, whole and signed: several may share a store
            except (Refused, SnapshotDamaged) as error:
                if self._ours(folder):
                    faults.append(Fault(snapshot=folder, error=error))
                continue
            if entry is not None:
                entries.append(entry)
        return Census(entries=tuple(sorted(entries, key=_age)), faults=tuple(faults), retired=tuple(self._retired(names)))

    def enter(self, manifest: Manifest) -> Entry:
        """The snapshot is complete: its manifest lies in the store, read back."""
        document = write(manifest, self._keyring.signer())
        self._put(f"{manifest.snapshot}/{MANIFEST}", document)
        return Entry(manifest=manifest, digest=digest(document), proof=Proof.NONE, pinned=False)

    def attest(self, entry: Entry, proof: Proof, *, time: datetime) -> None:
        """What is known of the snapshot is at least `proof`; may be repeated."""
        if proof not in PROOFS or entry.proof in {proof, Proof.PROVED}:
            return
        said = Attested(snapshot=entry.manifest.snapshot, manifest=entry.digest, proof=proof, time=time)
        name = f"{entry.manifest.snapshot}/{PROOFS[proof]}"
        self._store.delete(name)  # one that is there could not be believed
        self._put(name, state(said, self._keyring.signer()))

    def pin(self, entry: Entry, *, why: str, time: datetime) -> None:
        """Retention keeps the snapshot until `unpin`; may be repeated."""
        if not entry.pinned:
            said = Pinned(snapshot=entry.manifest.snapshot, manifest=entry.digest, why=why, time=time)
            self._put(f"{entry.manifest.snapshot}/{PIN}", state(said, self._keyring.signer()))

    def unpin(self, entry: Entry) -> None:
        """Retention decides about the snapshot again; may be repeated."""
        self._store.delete(f"{entry.manifest.snapshot}/{PIN}")

    def retire(self, entry: Entry, *, why: str, time: datetime) -> None:
        """
        The snapshot is gone, and a signed statement keeps its place in the chain; may be repeated after a crash.

        Raises:
            Refused: it is pinned.
        """
        manifest = entry.manifest
        if entry.pinned:
            raise Refused(say("cannot delete snapshot {id}: it is pinned", id=manifest.snapshot))
        said = Retired(
            snapshot=manifest.snapshot,
            app=self._app,
            sequence=manifest.sequence,
            previous=manifest.previous,
            manifest=entry.digest,
            why=why,
            time=time,
        )
        name = f"{RETIRED}/{self._app}/{manifest.snapshot}.json"
        if self._store.size(name) is None:
            self._put(name, state(said, self._keyring.signer()))
        self._store.delete(f"{manifest.snapshot}/{MANIFEST}")
        self.collect(manifest.snapshot)

    def collect(self, snapshot: str) -> None:
        """Nothing is left of a snapshot that has no manifest; one that has is not touched; may be repeated."""
        check_id(snapshot)
        if self._store.size(f"{snapshot}/{MANIFEST}") is not None:
            return
        self._store.collect(snapshot, older_than_seconds=0)
        for name in self._store.names(snapshot):
            self._store.delete(name)

    def orphans(self) -> tuple[str, ...]:
        """Return the folders of this app that have files and no manifest: a backup at work, or what a crash left."""
        names = self._store.names()
        folders = {name.partition("/")[0] for name in names if "/" in name}
        complete = {name.removesuffix(f"/{MANIFEST}") for name in names if name.endswith(f"/{MANIFEST}")}
        return tuple(sorted(folder for folder in folders - complete if self._ours(folder)))

    def empty(self) -> bool:
        """Tell, by the names alone, whether no complete snapshot of this app is there, believed or not."""
        return not any(name.endswith(f"/{MANIFEST}") and self._ours(name) for name in self._store.names())

    def _ours(self, name: str) -> bool:
        return f"-{self._app}-" in name

    def _read(self, folder: str, names: frozenset[str]) -> Entry | None:
        document = self._fetch(f"{folder}/{MANIFEST}")
        if document is None:
            return None
        manifest = read(document, self._keyring.believed)
        if manifest.app != self._app:
            raise WrongTarget(say("cannot use snapshot {id}: it is of {app}", id=folder, app=manifest.app))
        if manifest.snapshot != folder:
            fault = say("cannot use snapshot {id}: its manifest is that of {other}", id=folder, other=manifest.snapshot)
            raise SnapshotDamaged(fault)
        proof = self._proof(folder, digest(document), names=names)
        return Entry(manifest=manifest, digest=digest(document), proof=proof, pinned=f"{folder}/{PIN}" in names)

    def _proof(self, folder: str, manifest: str, *, names: frozenset[str]) -> Proof:
        for level, name in PROOFS.items():
            if f"{folder}/{name}" not in names:
                continue
            document = self._fetch(f"{folder}/{name}") or b""
            try:
                if read_attested(document, self._keyring.believed, snapshot=folder, manifest=manifest) is level:
                    return level
            except (Unsigned, NewerFormat, SnapshotDamaged):
                continue  # what cannot be believed proves nothing
        return Proof.NONE

    def _retired(self, names: frozenset[str]) -> Iterator[Retired]:
        for name in sorted(name for name in names if name.startswith(f"{RETIRED}/{self._app}/")):
            try:
                yield read_retired(self._fetch(name) or b"", self._keyring.believed)
            except (Unsigned, NewerFormat, SnapshotDamaged):
                continue  # then its link is missing, and the chain says so

    def _fetch(self, name: str) -> bytes | None:
        """Return a small object, or None where it went away since it was listed, as when another machine prunes."""
        try:
            return fetch(self._store, name, most_bytes=MOST_BYTES)
        except StoreFailed:
            if self._store.size(name) is None:
                return None
            raise

    def _put(self, name: str, document: bytes) -> None:
        self._store.put(name, [document])
        if self._held(name, most_bytes=len(document)) != document:
            self._store.delete(name)
            raise StoreFailed(say("cannot keep {name}: the store holds other bytes than it took", name=name))

    def _held(self, name: str, *, most_bytes: int) -> bytes | None:
        try:
            return fetch(self._store, name, most_bytes=most_bytes)
        except (SnapshotDamaged, StoreFailed):
            return None


def fetch(store: Store, name: str, *, most_bytes: int) -> bytes:
    """Return a small object whole; SnapshotDamaged where it is larger than it may be."""
    content = bytearray()
    for piece in store.get(name):
        content += piece
        if len(content) > most_bytes:
            raise SnapshotDamaged(say("cannot use {name}: it is larger than it can be", name=name))
    return bytes(content)


def check_id(snapshot: str) -> None:
    """Raise Refused for an id that cannot be the name of a folder."""
    if not _ID.fullmatch(snapshot) or snapshot == RETIRED:
        raise Refused(say("cannot use {id} as the id of a snapshot", id=snapshot), next=say("aman backups"))


def _age(entry: Entry) -> tuple[bool, int, str, int]:
    manifest = entry.manifest
    adopted = manifest.origin is Origin.ADOPTED
    return (not adopted, 0 if adopted else manifest.sequence, manifest.time.isoformat(), manifest.sequence)
