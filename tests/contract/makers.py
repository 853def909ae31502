"""Who keeps which promise: one line here, and the suite of a port runs over one more of its adapters."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import psycopg
import pytest
from psycopg import sql
from tests.contract.cases import CLAIM, EngineCase, GuardCase, MigratorCase, RegistryCase, RuntimeCase, SandboxCase
from tests.kit.guarded import guard_shop
from tests.kit.postgres.database import Database
from tests.kit.postgres.engines import app_server
from tests.kit.postgres.fixtures import Servers

from amankan.adapters.clocks.system import SystemChance, SystemClock
from amankan.adapters.disks.local import LocalDisk
from amankan.adapters.engines.postgres.address import parse_app_address
from amankan.adapters.registries.folders import FolderRegistry
from amankan.errors import RuntimeFailed
from amankan.model.claim import Claim
from amankan.model.guard import Level
from amankan.model.release import Image, Release
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.ports.clock import Chance, Clock
from amankan.ports.disk import Disk
from amankan.testing.chance import Process
from amankan.testing.clock import SimChance, SimClock
from amankan.testing.disk import SimDisk
from amankan.testing.engine import SimEngine
from amankan.testing.guard import SimGuard
from amankan.testing.runtime import SimRegistry, SimRuntime, release_of
from amankan.testing.store import SimVault
from amankan.testing.trial import SimMigrator, SimSandbox
from amankan.testing.world import LIVE, SimImage, World
from amankan.wiring.guards import guard_at

SERVERS = Servers()
"""Real servers of the makers; the suite closes them at its end."""

REAL = ("postgres", "compose", "docker")
"""How the names of makers begin that need a server or containers; their cases run with the real tests."""


def real_only(name: str) -> tuple[pytest.MarkDecorator, ...]:
    """Return the marks of a maker: `real` for one that needs more than this process."""
    return (pytest.mark.real,) if name.startswith(REAL) else ()


SMALL_BYTES = 1 << 19
"""The room on the disk of a test that fills it."""


class DiskPlace(Protocol):
    """A folder of state that several processes may look at."""

    def disk(self) -> Disk:
        """Return the disk as one more process sees it."""
        ...

    def fill(self) -> None:
        """Nothing finds room on the disk any more."""
        ...


class SimulatedPlace:
    """The simulated disk."""

    def __init__(self) -> None:
        """Begin with an empty world."""
        self._world, self._count = World(), 0

    def disk(self) -> Disk:
        """Return the disk of one more process."""
        self._count += 1
        return SimDisk(self._world, Process(number=self._count))

    def fill(self) -> None:
        """Take all room."""
        self._world.platter.free_bytes = 0


class LocalPlace:
    """A folder on a small disk of this machine."""

    def __init__(self, folder: Path) -> None:
        """Work below `folder`."""
        self._folder, self._disks = folder, list[LocalDisk]()

    def disk(self) -> Disk:
        """Return the disk of one more process."""
        self._disks.append(LocalDisk(self._folder / "state", SystemChance()))
        return self._disks[-1]

    def fill(self) -> None:
        """Take all room, by a file of somebody else; or, where only one's own files can be limited, allow no longer ones."""
        if self._folder.is_mount():
            room_bytes = shutil.disk_usage(self._folder).free
            (self._folder / "somebody-else").write_bytes(bytes(room_bytes))
        else:
            _, hardest = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_BYTES // 2, hardest))

    def close(self) -> None:
        """Close all disks."""
        for disk in self._disks:
            disk.close()


@contextmanager
def simulated_place(_: Path) -> Iterator[DiskPlace]:
    """Yield a simulated disk."""
    yield SimulatedPlace()


@contextmanager
def local_place(folder: Path) -> Iterator[DiskPlace]:
    """Yield a folder on a small disk of its own where we may mount one, else on the disk of the tests."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    mounted = os.geteuid() == 0 and _mount(folder)
    place = LocalPlace(folder)
    try:
        yield place
    finally:
        place.close()
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        if mounted:
            subprocess.run(("umount", folder), check=True)


def _mount(folder: Path) -> bool:
    words = ("mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "tmpfs", folder)
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


DISKS: dict[str, Callable[[Path], AbstractContextManager[DiskPlace]]] = {
    "simulated": simulated_place,
    "local": local_place,
}

CLOCKS: dict[str, Callable[[], tuple[Clock, Chance]]] = {
    "simulated": lambda: (SimClock(world := World()), SimChance(world)),
    "system": lambda: (SystemClock(), SystemChance()),
}


def _claimed() -> tuple[World, Process]:
    """Return a world in which the claim stands, and a process at work in it."""
    world, process = World(), Process(number=1)
    world.server.claim = CLAIM
    return world, process


@contextmanager
def simulated_engine(_: Path) -> Iterator[EngineCase]:
    """Yield the simulated server."""
    world = World()
    elsewhere = SimEngine(World(), Process(number=0)).identify(LIVE)
    yield EngineCase(
        engine=SimEngine(world, Process(number=1)),
        live=LIVE,
        elsewhere=replace(elsewhere, system="7999"),
        users_write=world.users_write,
    )


@contextmanager
def simulated_runtime(_: Path) -> Iterator[RuntimeCase]:
    """Yield the simulated runtime."""
    world, process = _claimed()
    world.local.add("sha256:two")
    before, after = release_of(world, "sha256:one"), release_of(world, "sha256:two")
    yield RuntimeCase(runtime=SimRuntime(world, process), before=before, after=after, database=LIVE)


@contextmanager
def folder_registry(folder: Path) -> Iterator[RegistryCase]:
    """Yield folders of releases, of which the second comes when it is first asked for, as if somebody had laid it there."""
    there = {"one": "sha256:1", "two": "sha256:2"}

    def digest_of(name: str) -> str:
        if name not in there:
            raise RuntimeFailed(say("cannot find {name}", name=name))
        return there[name]

    class Arriving(FolderRegistry):
        """The owner of the folders lays a release there just before it is pulled."""

        def pull(self, release: Release, *, claim: Claim, limit_seconds: float) -> None:
            there.update({image.reference: image.digest for image in release.images if image.reference == "three"})
            super().pull(release, claim=claim, limit_seconds=limit_seconds)

    def release(name: str, digest: str) -> Release:
        return Release(label=name, images=(Image(service="app", reference=name, digest=digest),))

    yield RegistryCase(
        registry=Arriving(LocalDisk(folder / "state", SystemChance()), digest_of=digest_of),
        before=release("one", "sha256:1"),
        after=release("three", "sha256:3"),
        missing=release("four", "sha256:4"),
    )


@contextmanager
def simulated_registry(_: Path) -> Iterator[RegistryCase]:
    """Yield the simulated registry."""
    world, process = _claimed()
    world.images["sha256:gone"] = SimImage(migrations=())
    before, after, missing = (release_of(world, f"sha256:{name}") for name in ("one", "two", "gone"))
    yield RegistryCase(registry=SimRegistry(world, process), before=before, after=after, missing=missing)


@contextmanager
def simulated_guard(_: Path) -> Iterator[GuardCase]:
    """Yield the simulated guard."""
    world, process = _claimed()
    databases = world.server.databases
    databases["copy"] = databases[LIVE].copy(world.server.new_oid())

    def destroys(database: str) -> bool:
        return CLAIM.run in databases[database].permits and CLAIM.run in world.server.windows

    yield GuardCase(guard=SimGuard(world, process), database=LIVE, copy="copy", destroys=destroys)


@contextmanager
def postgres_guard(version: int, level: Level, _: Path) -> Iterator[GuardCase]:
    """Yield a shop on the shared server of a version, guarded at a level."""
    server = SERVERS.version(version)
    shop = guard_shop(server, level)
    copy = Database(server=server, name=f"{shop.database.name}_copy")

    def destroys(database: str) -> bool:
        with server.connect(database, user=shop.role.name, password=shop.role.password) as app:
            try:
                with app.transaction(force_rollback=True):
                    app.execute("ALTER TABLE customers DROP COLUMN notes")
            except psycopg.Error:
                return False
        return True

    with server.connect() as admin:
        names = {"copy": sql.Identifier(copy.name), "origin": sql.Identifier(shop.database.name)}
        admin.execute(sql.SQL("create database {copy} template {origin}").format(**names))
    try:
        guard = guard_at(parse_app_address(Secret(shop.database.url), place="database.admin_url"))
        yield GuardCase(guard=guard, database=shop.database.name, copy=copy.name, destroys=destroys)
    finally:
        with server.connect() as admin:
            admin.execute(sql.SQL("alter database {copy} is_template false").format(**names))
        copy.drop()
        shop.close()


@contextmanager
def simulated_migrator(_: Path) -> Iterator[MigratorCase]:
    """Yield the simulated migration tool."""
    world, process = _claimed()
    before, after = release_of(world, "sha256:one"), release_of(world, "sha256:three")
    SimGuard(world, Process(number=0)).permit(LIVE, why="the suite", minutes=1, claim=CLAIM)
    yield MigratorCase(migrator=SimMigrator(world, process), before=before, after=after, database=LIVE)


@contextmanager
def simulated_sandbox(_: Path) -> Iterator[SandboxCase]:
    """Yield the simulated sandbox."""
    world, process = _claimed()
    vault, before = SimVault(world, process), release_of(world, "sha256:one")
    taken = vault.take("good", database=LIVE, release=before, label="backup")
    vault.take("damaged", database=LIVE, release=before, label="backup")
    world.objects["damaged/dump"] = world.objects["damaged/dump"][:-1]
    yield SandboxCase(
        sandbox=SimSandbox(world, process),
        snapshot=taken.id,
        damaged="damaged",
        held=taken.fingerprint,
        before=before,
        after=release_of(world, "sha256:two"),
        lossy=release_of(world, "sha256:lossy"),
    )


@contextmanager
def postgres_engine(version: int, _: Path) -> Iterator[EngineCase]:
    """Yield a small shop on the shared server of a version."""
    with app_server(SERVERS.version(version)) as app:
        yield EngineCase(engine=app.engine, live=app.live, elsewhere=app.elsewhere, users_write=app.users_write)


Case = TypeVar("Case")
Makers = dict[str, Callable[[Path], AbstractContextManager[Case]]]

ENGINES: Makers[EngineCase] = {
    "simulated": simulated_engine,
    "postgres15": partial(postgres_engine, 15),
    "postgres18": partial(postgres_engine, 18),
}
GUARDS: Makers[GuardCase] = {
    "simulated": simulated_guard,
    "postgres15": partial(postgres_guard, 15, "limit"),
    "postgres18": partial(postgres_guard, 18, "deny"),
}
RUNTIMES: Makers[RuntimeCase] = {"simulated": simulated_runtime}
REGISTRIES: Makers[RegistryCase] = {"simulated": simulated_registry, "folders": folder_registry}
MIGRATORS: Makers[MigratorCase] = {"simulated": simulated_migrator}
SANDBOXES: Makers[SandboxCase] = {"simulated": simulated_sandbox}
