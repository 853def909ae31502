"""Stores that lie, dumps that are cut, crashes and clocks that stand: nothing half counts as a snapshot."""

import pytest
from tests.kit.damage import FILES, ONE, PARTS, THREE, Bench, Crash, CrashingStore, two_snapshots
from tests.kit.vaults import RELEASE, SealedWorld

from amankan.errors import (
    EngineFailed,
    KeyRefused,
    Refused,
    StoreFailed,
)
from amankan.model.snapshot import Proof
from amankan.testing.archiver import MemoryArchiver
from amankan.testing.stores import Lie, LyingStore, MemoryStore
from amankan.vault.age import make_identity
from amankan.vault.catalogue import MANIFEST
from amankan.vault.chain import breaks


@pytest.fixture
def bench() -> Bench:
    """Return a vault with two snapshots of different content."""
    return two_snapshots()


@pytest.mark.parametrize("about", [*PARTS, MANIFEST])
@pytest.mark.parametrize("lie", [lambda _: None, lambda whole: whole[:-1], lambda whole: b"\0" + whole[1:]])
def test_a_store_that_lies_is_found_out(about: str, lie: Lie) -> None:
    """A store that says that it has what it has not, or other bytes, ends the backup; nothing counts as a snapshot."""
    world = SealedWorld(store=LyingStore(store=MemoryStore(), lie=lie, about=about), project=lambda: FILES)
    with pytest.raises(StoreFailed):
        world.take(ONE)
    assert ((), ()) == (world.vault.snapshots(), world.store.names())


def test_a_dump_that_was_cut_is_no_backup() -> None:
    """A dump tool that stops at any byte and says that all is well leaves nothing behind."""
    store = MemoryStore()
    for cut in range(0, 60):
        world = SealedWorld(store=store, archiver=MemoryArchiver(cut=cut))
        with pytest.raises(EngineFailed):
            world.take(ONE, rows=3)
        assert {} == store.objects


@pytest.mark.parametrize("left", range(6))
def test_a_crash_before_the_manifest_leaves_nothing_that_counts(left: int) -> None:
    """A crash at any put leaves no snapshot; the id can be taken again, and what was left is replaced or collected."""
    store = CrashingStore(left=left)
    world = SealedWorld(store=store)
    with pytest.raises(Crash):
        world.take(ONE)
    assert (None, (), left) == (world.vault.find(ONE), world.vault.snapshots(), len(store.objects))
    assert ((ONE,) if left else ()) == world.vault.catalogue.orphans()
    store.left = 1000
    world.take(ONE)
    assert ([ONE], ()) == ([each.id for each in world.vault.snapshots()], world.vault.catalogue.orphans())
    world.vault.examine(ONE)


def test_a_crash_while_a_snapshot_is_retired_leaves_it_or_nothing() -> None:
    """However far retiring came, the chain holds, and doing it again ends it."""
    for left in range(7):
        store = CrashingStore(left=1000)
        world = SealedWorld(store=store)
        entry = world.vault.catalogue.find(world.take(ONE))
        assert entry is not None
        store.left = left
        with pytest.raises(Crash):
            world.vault.catalogue.retire(entry, why="old", time=world.clock.time)
        assert () == breaks(world.vault.catalogue.census().links)
        store.left = 1000
        world.vault.catalogue.retire(entry, why="old", time=world.clock.time)
        assert ((), ()) == (world.vault.snapshots(), world.vault.catalogue.orphans())


def test_a_hundred_backups_under_a_clock_that_stands() -> None:
    """A hundred backups at one moment are a hundred snapshots, in order, and their chain holds."""
    world = SealedWorld()
    ids = [world.take(f"20260105T020000Z-shop-{number * 7919 % 100:08x}", rows=number) for number in range(100)]
    census = world.vault.catalogue.census()
    assert ids == [entry.manifest.snapshot for entry in census.entries]
    assert list(range(1, 101)) == [entry.manifest.sequence for entry in census.entries]
    assert () == breaks(census.links)


def test_a_pinned_one_is_not_retired(bench: Bench) -> None:
    """A pinned snapshot is refused to be deleted until it is let go."""
    catalogue = bench.world.vault.catalogue
    entry = catalogue.find(ONE)
    assert entry is not None
    catalogue.pin(entry, why="the audit", time=bench.world.clock.time)
    pinned = catalogue.find(ONE)
    assert pinned is not None
    assert pinned.snapshot.pinned
    with pytest.raises(Refused):
        catalogue.retire(pinned, why="old", time=bench.world.clock.time)
    catalogue.unpin(pinned)
    assert [False, False] == [snapshot.pinned for snapshot in bench.world.vault.snapshots()]


def test_nothing_is_written_without_a_signing_key(bench: Bench) -> None:
    """A place that has no signing key takes no backup and attests nothing."""
    vault = bench.world.open(keyring=bench.readers)
    before = dict(bench.objects)
    with pytest.raises(KeyRefused):
        vault.take(THREE, database="shop", release=RELEASE, label="backup")
    with pytest.raises(KeyRefused):
        vault.attest(ONE, Proof.PROVED)
    assert before == bench.objects


def test_a_run_reads_back_until_it_forgets(bench: Bench) -> None:
    """The process that took a snapshot can read it without a recovery key, until it forgets."""
    vault = bench.world.vault
    assert b"".join(vault.read(ONE)).startswith(b"archive 1\n")
    vault.forget()
    with pytest.raises(KeyRefused):
        b"".join(vault.read(ONE))
    vault.unlock(ONE, [bench.world.recovery])
    with pytest.raises(KeyRefused):
        vault.unlock(ONE, [make_identity()])
