"""A simulated place for objects, and the vault over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from amankan.errors import EngineFailed, SnapshotDamaged, SnapshotMissing, StoreFailed
from amankan.model.claim import Claim
from amankan.model.fingerprint import Fingerprint
from amankan.model.identity import Identity
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.snapshot import Proof, Snapshot
from amankan.testing.chance import Process
from amankan.testing.world import SimDatabase, World

PIECE_BYTES = 1 << 20


class SimStore:
    """Keeps the promise of `ports.store` over the world's objects."""

    def __init__(self, world: World, process: Process) -> None:
        """Put and get as `process`."""
        self._world, self._process = world, process

    def put(self, name: str, content: Iterable[bytes]) -> int:
        """Put a new object."""
        whole = b"".join(content)

        def act() -> None:
            if name in self._world.objects:
                raise StoreFailed(say("cannot put {name}: it is there", name=name))
            self._world.objects[name] = whole

        self._world.effect(self._process, "store.put", act=act, claim=None)
        return len(whole)

    def get(self, name: str) -> Iterator[bytes]:
        """Return an object's content."""
        if name not in self._world.objects:
            raise StoreFailed(say("cannot get {name}: there is no such object", name=name))
        whole = self._world.objects[name]
        return (whole[start : start + PIECE_BYTES] for start in range(0, len(whole), PIECE_BYTES))

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return the names below a folder."""
        return tuple(sorted(name for name in self._world.objects if not folder or name.startswith(f"{folder}/")))

    def size(self, name: str) -> int | None:
        """Return the bytes of an object."""
        content = self._world.objects.get(name)
        return len(content) if content is not None else None

    def delete(self, name: str) -> None:
        """Delete an object."""
        self._world.effect(self._process, "store.delete", act=lambda: self._world.objects.pop(name, None), claim=None)

    def collect(self, folder: str, *, older_than_seconds: float) -> int:
        """Find nothing: a put of this store leaves no pieces."""
        return 0


# From the best that can be known of a snapshot downwards; each word is an object of its own, so that none is lowered.
_KNOWN = (Proof.PROVED, Proof.SAMPLED)


class _Content(msgspec.Struct, frozen=True):
    rows: tuple[int, ...]
    next_id: int
    applied: tuple[str, ...]


class SimVault:
    """Keeps the promise of `ports.vault`: an object with the rows, read back, and a manifest that is written last."""

    def __init__(self, world: World, process: Process) -> None:
        """Work over the world's objects."""
        self._world, self._process = world, process
        self._store = SimStore(world, process)

    def find(self, snapshot: str) -> Snapshot | None:
        """Return a snapshot that has its manifest."""
        content = self._world.objects.get(f"{snapshot}/manifest")
        if content is None:
            return None
        known = [proof for proof in _KNOWN if f"{snapshot}/{proof.value}" in self._world.objects]
        proof = known[0] if known else Proof.NONE
        return replace(msgspec.json.decode(content, type=Snapshot), proof=proof)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Return all that have a manifest, in the order in which they were taken."""
        names = [name.removesuffix("/manifest") for name in self._world.objects if name.endswith("/manifest")]
        return tuple(found for found in map(self.find, names) if found is not None)

    def take(self, snapshot: str, *, database: str, release: Release, label: str) -> Snapshot:
        """Put the rows, read them back, put the manifest, read it back."""
        source = self._world.server.databases.get(database)
        if source is None:
            raise EngineFailed(say("cannot dump {database}", database=database))
        content = _Content(rows=tuple(sorted(source.rows)), next_id=source.next_id, applied=source.applied)
        taken = Snapshot(
            id=snapshot,
            app="shop",
            time=self._world.now(),
            label=label,
            engine="simulated",
            identity=Identity(system=self._world.server.system, oid=source.oid),
            fingerprint=source.fingerprint(),
            release=release,
            stored_bytes=len(source.rows),
        )
        self._put_and_read(f"{snapshot}/dump", msgspec.json.encode(content))
        self._put_and_read(f"{snapshot}/manifest", msgspec.json.encode(taken))
        return taken

    def load(self, snapshot: str, *, into: str, claim: Claim) -> Fingerprint:
        """Make a database, fill it, mark it: three effects."""
        content = self.content(snapshot)
        server = self._world.server

        def create() -> None:
            self._world.refuse_foreign(claim)
            if into in server.databases:
                raise EngineFailed(say("cannot make {name}: it exists", name=into))
            server.databases[into] = SimDatabase(oid=server.new_oid(), complete=False)

        def fill() -> None:
            self._world.refuse_foreign(claim)
            fill_database(server.databases[into], content)

        def late() -> None:
            if into in server.databases:
                fill_database(server.databases[into], content)

        self._world.effect(self._process, "vault.create", act=create, claim=claim)
        self._world.effect(self._process, "vault.fill", act=fill, claim=claim, late=late)
        self._world.effect(
            self._process, "vault.mark", act=lambda: setattr(server.databases[into], "mark", claim.run), claim=claim
        )
        return server.databases[into].fingerprint()

    def attest(self, snapshot: str, proof: Proof) -> None:
        """Write each word once; only what stands restored in a sandbox may be called proved."""
        found = self.find(snapshot)
        if found is None:
            raise SnapshotMissing(say("cannot attest {snapshot}: it is not in the vault", snapshot=snapshot))
        if proof is Proof.PROVED:
            if all(place.fingerprint() != found.fingerprint for place in self._world.places.values()):
                self._world.violations.append(f"I12: {snapshot} is called proved without a proof")
            self._world.proved.add(snapshot)
        if proof in _KNOWN and f"{snapshot}/{proof.value}" not in self._world.objects:
            self._put_and_read(f"{snapshot}/{proof.value}", b"attested")

    def collect(self, snapshot: str) -> None:
        """Delete what has no manifest."""
        if f"{snapshot}/manifest" not in self._world.objects:
            for name in self._store.names(snapshot):
                self._store.delete(name)

    def content(self, snapshot: str) -> bytes:
        """Return the stored rows, or raise where they are missing or damaged."""
        if self.find(snapshot) is None:
            raise SnapshotMissing(say("cannot read {snapshot}: it is not in the vault", snapshot=snapshot))
        whole = b"".join(self._store.get(f"{snapshot}/dump"))
        try:
            msgspec.json.decode(whole, type=_Content)
        except msgspec.MsgspecError as error:
            raise SnapshotDamaged(say("cannot read {snapshot}", snapshot=snapshot)) from error
        return whole

    def _put_and_read(self, name: str, content: bytes) -> None:
        self._store.put(name, (content,))
        if b"".join(self._store.get(name)) != content:
            raise StoreFailed(say("cannot keep {name}: the store holds something else", name=name))


def fill_database(database: SimDatabase, content: bytes) -> None:
    """The database holds what the stored content says."""
    held = msgspec.json.decode(content, type=_Content)
    database.rows, database.next_id, database.applied, database.complete = (
        set(held.rows),
        held.next_id,
        held.applied,
        True,
    )
