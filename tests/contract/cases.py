"""What the suite of a port needs to know of the place where an adapter works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from amankan.model.claim import Claim
from amankan.model.fingerprint import Fingerprint
from amankan.model.identity import Identity
from amankan.model.release import Release
from amankan.ports.engine import Engine
from amankan.ports.guard import Guard
from amankan.ports.migrator import Migrator
from amankan.ports.registry import Registry
from amankan.ports.runtime import Runtime
from amankan.ports.sandbox import Sandbox

RUN = "20260105T101500Z-shop-0badcafe"
OTHER_RUN = "20260105T101600Z-shop-0badf00d"
CLAIM = Claim(run=RUN, epoch=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCase:
    """A server with the open database `live`, which has rows, and no claim; `users_write` adds a row with a new number."""

    engine: Engine
    live: str
    elsewhere: Identity
    users_write: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeCase:
    """An app of release `before` that runs with its traffic, `after` on this machine, and the claim of `CLAIM`."""

    runtime: Runtime
    before: Release
    after: Release
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardCase:
    """
    A guarded database at home, a copy of it, and the claim of `CLAIM`; `destroys` tells whether its migration would pass.

    `destroys` leaves the database as it was.
    """

    guard: Guard
    database: str
    copy: str
    destroys: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryCase:
    """A registry with `after`, which is not on this machine yet, and without `missing`; `before` is here."""

    registry: Registry
    before: Release
    after: Release
    missing: Release


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratorCase:
    """A database at the ledger of `before`, and the release `after`, which brings more; the claim of `CLAIM` stands."""

    migrator: Migrator
    before: Release
    after: Release
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxCase:
    """A sandbox, a good and a damaged snapshot of a database at `before`, what the good one holds, and a release `lossy`."""

    sandbox: Sandbox
    snapshot: str
    damaged: str
    held: Fingerprint
    before: Release
    after: Release
    lossy: Release
