"""Vaults of every kind, each with the small world that a test of its promise needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from amankan.model.claim import Claim
from amankan.model.fingerprint import Fingerprint
from amankan.model.release import Image, Release
from amankan.ports.store import Store
from amankan.ports.vault import Vault
from amankan.testing.archiver import MemoryArchiver, Silence, fingerprint
from amankan.testing.chance import Process
from amankan.testing.store import SimVault
from amankan.testing.stores import MemoryStore
from amankan.testing.world import SimDatabase, World
from amankan.vault.age import Identity, make_identity
from amankan.vault.sealed import Gather, Policy, SealedVault, Surroundings
from amankan.vault.signature import Keyring, SigningKey, make_signing_key

CLAIM = Claim(run="20260105T020000Z-shop-0badcafe", epoch=1)
IMAGE = Image(service="app", reference="shop:1.4.2", digest="sha256:" + "7" * 64)
RELEASE = Release(label="1.4.2", images=(IMAGE,), ledger=("20260101_first",))


class VaultWorld(Protocol):
    """A vault and the databases that it is filled from."""

    @property
    def vault(self) -> Vault:
        """The vault itself."""
        ...

    def write(self, database: str, rows: int) -> None:
        """The database holds one table of so many rows."""
        ...

    def held(self, database: str) -> Fingerprint | None:
        """Return what a database holds, or None where there is none."""
        ...


@dataclass(slots=True)
class FrozenClock:
    """A clock that stands until it is set."""

    time: datetime = datetime(2026, 1, 5, 2, 0, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time that was set."""
        return self.time

    def ticks(self) -> float:
        """Return seconds that only grow: none."""
        return 0.0

    def pause(self, seconds: float) -> None:
        """Wait for nothing."""


@dataclass(slots=True, kw_only=True)
class SealedWorld:
    """The real vault over a store and a server in memory."""

    store: Store = field(default_factory=MemoryStore)
    archiver: MemoryArchiver = field(default_factory=MemoryArchiver)
    clock: FrozenClock = field(default_factory=FrozenClock)
    recovery: Identity = field(default_factory=make_identity)
    signing: SigningKey = field(default_factory=make_signing_key)
    encrypted: bool = True
    project: Gather | None = None
    vault: SealedVault = field(init=False)

    def __post_init__(self) -> None:
        """Open the vault."""
        self.vault = self.open()

    def open(self, *, app: str = "shop", keyring: Keyring | None = None, identities: tuple[Identity, ...] = ()) -> SealedVault:
        """Return a vault over the same store as another process would open it, with these keys at hand."""
        surroundings = Surroundings(
            store=self.store,
            archiver=self.archiver,
            founder=self.archiver,
            clock=self.clock,
            progress=Silence(),
            project=self.project,
        )
        policy = Policy(
            app=app,
            recipients=(self.recovery.recipient,) if self.encrypted else (),
            keyring=keyring or Keyring(signing=self.signing),
            identities=identities,
        )
        return SealedVault(surroundings, policy)

    def write(self, database: str, rows: int) -> None:
        """The database holds one table of so many rows."""
        self.archiver.databases[database] = {"orders": tuple(f"row {number}" for number in range(rows))}

    def held(self, database: str) -> Fingerprint | None:
        """Return what a database holds, or None where there is none."""
        tables = self.archiver.databases.get(database)
        return None if tables is None else fingerprint(tables)

    def take(self, snapshot: str, rows: int = 100) -> str:
        """A snapshot of so many rows is in the vault; returns its id."""
        self.write("shop", rows)
        self.vault.take(snapshot, database="shop", release=RELEASE, label="backup")
        return snapshot


class SimulatedWorld:
    """The simulated vault in a world where nothing goes wrong."""

    def __init__(self) -> None:
        """Begin with a server that knows the claim."""
        self._world = World()
        self._world.server.claim = CLAIM
        self.vault = SimVault(self._world, Process(number=1))

    def write(self, database: str, rows: int) -> None:
        """The database holds so many rows."""
        server = self._world.server
        server.databases[database] = SimDatabase(oid=server.new_oid(), rows=set(range(rows)))

    def held(self, database: str) -> Fingerprint | None:
        """Return what a database holds, or None where there is none."""
        found = self._world.server.databases.get(database)
        return None if found is None else found.fingerprint()


MAKERS: dict[str, Callable[[], VaultWorld]] = {
    "sealed": SealedWorld,
    "simulated": SimulatedWorld,
    "sealed-without-recipients": lambda: SealedWorld(encrypted=False),
}
