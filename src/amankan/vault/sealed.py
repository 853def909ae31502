"""The vault: sealed snapshots of one app's databases in a store."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime

from amankan import __version__
from amankan.errors import ConfigurationFault, EffectFailed, Refused, SnapshotMissing
from amankan.model.claim import Claim
from amankan.model.database import Making
from amankan.model.dumped import Dumped
from amankan.model.fingerprint import Fingerprint
from amankan.model.pace import Pace
from amankan.model.project import Along, ProjectFiles
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.snapshot import Proof, Snapshot
from amankan.ports.archiver import Archiver
from amankan.ports.clock import Clock
from amankan.ports.founder import Founder
from amankan.ports.progress import Progress
from amankan.ports.store import Store
from amankan.vault.age import Identity, Recipient, make_identity
from amankan.vault.catalogue import Catalogue, Entry
from amankan.vault.intake import Intake
from amankan.vault.manifest import Manifest, Origin, Part, Sealed, Source
from amankan.vault.opening import unlock
from amankan.vault.reading import examine, read_plain
from amankan.vault.recipe import Around
from amankan.vault.signature import Keyring

Gather = Callable[[], ProjectFiles]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    Whose snapshots these are, who may read them, and how hard a backup may press.

    Without recipients nothing is encrypted, which is refused where the store is `remote`. `identities` are the recovery
    keys that are at hand, none on a server.
    """

    app: str
    recipients: tuple[Recipient, ...]
    keyring: Keyring
    identities: tuple[Identity, ...] = ()
    pace: Pace = Pace.STEADY
    remote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a vault works with; `project` returns the files that the app is started from as they are now."""

    store: Store
    archiver: Archiver
    founder: Founder
    clock: Clock
    progress: Progress
    project: Gather | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A snapshot to be taken; `time` is the date of an adopted one's content, None for now."""

    snapshot: str
    database: str
    release: Release
    label: str
    origin: Origin = Origin.TAKEN
    time: datetime | None = None


class SealedVault:
    """
    Keeps the promise of `ports.vault` over a store and a server's own tools.

    The identities of the runs that this object took live in its memory only, so that it can read back what it stored;
    `forget` drops them.
    """

    def __init__(self, surroundings: Surroundings, policy: Policy) -> None:
        """Refuse a policy that nobody should have; touch nothing."""
        if policy.remote and not policy.recipients:
            raise ConfigurationFault(say("cannot use a vault elsewhere without recipients: anybody there could read it"))
        self._with, self._policy = surroundings, policy
        self._runs: dict[str, Identity] = {}
        self.catalogue = Catalogue(surroundings.store, app=policy.app, keyring=policy.keyring)

    def find(self, snapshot: str) -> Snapshot | None:
        """Return a complete snapshot, or None; raises for one that cannot be believed."""
        entry = self.catalogue.find(snapshot)
        return None if entry is None else entry.snapshot

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Return every complete snapshot that can be believed, oldest first; `catalogue.census` tells of the others."""
        return tuple(entry.snapshot for entry in self.catalogue.census().entries)

    def take(self, snapshot: str, *, database: str, release: Release, label: str) -> Snapshot:
        """A sealed copy of `database` lies in the store under this id, as `fill` says."""
        return self.fill(Order(snapshot=snapshot, database=database, release=release, label=label))

    def fill(self, order: Order, *, archiver: Archiver | None = None) -> Snapshot:
        """
        What was ordered lies in the store, complete, read back and opened again with the run's identity.

        Args:
            archiver: of the server that the database is on, where it is not the app's own.
        Raises:
            Refused: the id is complete already; nothing was touched.
            KeyRefused: there is no signing key; nothing was touched.
            EngineFailed, StoreFailed: nothing that counts as a snapshot was left.
        Cost: one dump; writes and reads stored_bytes once.
        """
        self._policy.keyring.signer()
        if self.catalogue.find(order.snapshot) is not None:
            raise Refused(say("cannot take snapshot {id}: it is complete already", id=order.snapshot))
        self.catalogue.collect(order.snapshot)
        run = make_identity() if self._policy.recipients else None
        order = order if order.time else replace(order, time=self._with.clock.now())
        with self._cleared(order.snapshot):
            server = archiver or self._with.archiver
            intake = Intake(store=self._with.store, snapshot=order.snapshot, run=run)
            with server.dump(order.database, pace=self._policy.pace, progress=self._with.progress) as dump:
                parts = intake.put_dump(dump)
                dumped = dump.finish()
            # The data first: the server waits for none of these files.
            project = self._with.project() if self._with.project and order.origin is Origin.TAKEN else None
            parts += () if project is None else intake.put_project(project)
            along = None if project is None else Along(files=len(project.files), left_out=project.left_out)
            around = Around(source=_source(dumped), release=order.release, project=along)
            parts += intake.put_papers(around, parts, recipients=self._policy.recipients)
            intake.read_back(parts)
            manifest = replace(self._manifest(order, dumped, parts=parts, run=run), project=along)
            entry = self.catalogue.enter(manifest)
        if run is not None:
            self._runs[order.snapshot] = run
        return entry.snapshot

    def load(self, snapshot: str, *, into: str, claim: Claim) -> Fingerprint:
        """
        The new database `into`, made and marked by this run, holds the snapshot; returns what it now holds.

        Raises:
            SnapshotMissing, SnapshotDamaged, KeyRefused: no database was made.
            EngineFailed: there is no such database, or one without a mark.
        Cost: reads stored_bytes twice, first to see that every byte is there.
        """
        self.examine(snapshot)
        manifest = self._complete(snapshot).manifest
        roles, settings = (b"".join(self.read(snapshot, stem)) for stem in ("globals", "settings"))
        with closing(self.read(snapshot)) as pieces:
            making = manifest.source.making
            self._with.founder.found(into, making=making, roles=roles, settings=settings, claim=claim)
            total_bytes = manifest.part("dump").plain_bytes or 0
            held = self._with.archiver.load(pieces, into=into, progress=self._with.progress, total_bytes=total_bytes)
            for _ in pieces:  # a tool may stop before the end of the stream, and only the end tells that it is whole
                pass
        self._with.founder.mark(into, settings=settings, claim=claim)
        return held

    def attest(self, snapshot: str, proof: Proof) -> None:
        """What is known of the snapshot is at least `proof`; may be repeated; raises SnapshotMissing."""
        self.catalogue.attest(self._complete(snapshot), proof, time=self._with.clock.now())

    def collect(self, snapshot: str) -> None:
        """Nothing is left of a snapshot that never became complete; a complete one is not touched; may be repeated."""
        self.catalogue.collect(snapshot)

    def read(self, snapshot: str, stem: str = "dump") -> Generator[bytes, None, None]:
        """
        Return the plain content of one part (dump, globals or settings), whole only when its end is reached.

        Raises:
            SnapshotMissing, KeyRefused: nothing was read.
            SnapshotDamaged: a part may have been yielded.
        """
        manifest = self._complete(snapshot).manifest
        part = manifest.part(stem)
        return read_plain(self._with.store, part, snapshot=snapshot, identity=self._identity(manifest))

    def examine(self, snapshot: str) -> None:
        """Every stored byte of the snapshot is what its manifest says; raises SnapshotMissing and SnapshotDamaged."""
        examine(self._with.store, self._complete(snapshot).manifest)

    def server_version(self, snapshot: str) -> str:
        """Return the version of the server that the snapshot was taken from; raises SnapshotMissing."""
        return self._complete(snapshot).manifest.source.server_version

    def making(self, snapshot: str) -> Making:
        """Return what a new database must be told so that the snapshot fits into it; raises SnapshotMissing."""
        return self._complete(snapshot).manifest.source.making or Making(name=self._policy.app)

    def unlock(self, snapshot: str, identities: Iterable[Identity]) -> None:
        """One of the identities opens the snapshot's key; raises KeyRefused where none does, and SnapshotDamaged."""
        self._unwrap(self._complete(snapshot).manifest, tuple(identities))

    def forget(self) -> None:
        """This process can no longer read any snapshot without a recovery key."""
        self._runs.clear()

    def _complete(self, snapshot: str) -> Entry:
        entry = self.catalogue.find(snapshot)
        if entry is None:
            raise SnapshotMissing(say("cannot find snapshot {id} in the vault", id=snapshot))
        return entry

    @contextmanager
    def _cleared(self, snapshot: str) -> Iterator[None]:
        """What was put is deleted when anything fails; what cannot be deleted has no manifest, so it does not count."""
        try:
            yield
        except BaseException:
            with suppress(EffectFailed):
                self.catalogue.collect(snapshot)
            raise

    def _manifest(self, order: Order, dumped: Dumped, *, parts: tuple[Part, ...], run: Identity | None) -> Manifest:
        head = self.catalogue.census().head
        recipients = tuple(each.text for each in self._policy.recipients)
        return Manifest(
            snapshot=order.snapshot,
            app=self._policy.app,
            sequence=head.sequence + 1,
            previous=head.digest,
            time=order.time or self._with.clock.now(),
            label=order.label,
            origin=order.origin,
            source=_source(dumped),
            fingerprint=dumped.fingerprint,
            release=order.release,
            sealed=Sealed() if run is None else Sealed(recipients=recipients, run=run.recipient.text),
            parts=parts,
            program=__version__,
        )

    def _identity(self, manifest: Manifest) -> Identity | None:
        if not manifest.encrypted:
            return None
        held = self._runs.get(manifest.snapshot)
        return held if held is not None else self._unwrap(manifest, self._policy.identities)

    def _unwrap(self, manifest: Manifest, identities: tuple[Identity, ...]) -> Identity:
        return unlock(self._with.store, manifest, identities=identities)


def _source(dumped: Dumped) -> Source:
    return Source(
        engine=dumped.engine,
        server_version=dumped.server_version,
        tool_version=dumped.tool_version,
        identity=dumped.identity,
        making=dumped.making,
    )
