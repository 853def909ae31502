"""The promise of `ports.vault`, kept by the real vault and by its fakes."""

import pytest
from tests.kit.vaults import CLAIM, MAKERS, RELEASE, VaultWorld

from amankan.errors import AmankanError, EngineFailed, SnapshotMissing
from amankan.model.snapshot import Proof, Snapshot

ONE, TWO = "20260105T020000Z-shop-00000001", "20260105T020000Z-shop-00000002"


@pytest.fixture(params=MAKERS, ids=str)
def world(request: pytest.FixtureRequest) -> VaultWorld:
    """Return an empty vault of one kind, beside a database with a hundred rows."""
    made = MAKERS[request.param]()
    made.write("shop", 100)
    return made


def take(world: VaultWorld, snapshot: str) -> Snapshot:
    """Take a snapshot of the database."""
    return world.vault.take(snapshot, database="shop", release=RELEASE, label="backup")


def test_an_empty_vault_holds_nothing(world: VaultWorld) -> None:
    """Where nothing was taken there is nothing to find."""
    assert (None, ()) == (world.vault.find(ONE), world.vault.snapshots())


def test_what_was_taken_is_found(world: VaultWorld) -> None:
    """A snapshot that was taken is found with everything that it was taken with, and not proved."""
    taken = take(world, ONE)
    assert (ONE, "shop", "backup", RELEASE) == (taken.id, taken.app, taken.label, taken.release)
    assert (world.held("shop"), Proof.NONE, False) == (taken.fingerprint, taken.proof, taken.pinned)
    assert taken.stored_bytes > 0
    assert taken == world.vault.find(ONE)
    assert (taken,) == world.vault.snapshots()


def test_snapshots_come_in_the_order_in_which_they_were_taken(world: VaultWorld) -> None:
    """The clock may stand still, and the second snapshot still comes after the first."""
    take(world, TWO)
    take(world, ONE)
    assert [TWO, ONE] == [snapshot.id for snapshot in world.vault.snapshots()]


def test_an_id_is_taken_once(world: VaultWorld) -> None:
    """A complete snapshot is never taken again under its id, and stays as it is."""
    taken = take(world, ONE)
    world.write("shop", 5)
    with pytest.raises(AmankanError):
        take(world, ONE)
    assert taken == world.vault.find(ONE)


def test_a_snapshot_comes_back(world: VaultWorld) -> None:
    """What is loaded is what was there when the snapshot was taken, whatever happened since."""
    taken = take(world, ONE)
    world.write("shop", 5)
    assert taken.fingerprint == world.vault.load(ONE, into="shop_new", claim=CLAIM)
    assert taken.fingerprint == world.held("shop_new")


def test_a_load_never_goes_into_what_is_there(world: VaultWorld) -> None:
    """A database that exists is refused and stays as it is."""
    take(world, ONE)
    world.write("shop_new", 7)
    before = world.held("shop_new")
    with pytest.raises(EngineFailed):
        world.vault.load(ONE, into="shop_new", claim=CLAIM)
    assert before == world.held("shop_new")


def test_what_is_not_there_cannot_be_loaded(world: VaultWorld) -> None:
    """A snapshot that is not there is told, and no database is made."""
    with pytest.raises(SnapshotMissing) as told:
        world.vault.load(ONE, into="shop_new", claim=CLAIM)
    assert 10 == told.value.status
    assert None is world.held("shop_new")


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ((), Proof.NONE),
        ((Proof.NONE,), Proof.NONE),
        ((Proof.SAMPLED,), Proof.SAMPLED),
        ((Proof.SAMPLED, Proof.PROVED), Proof.PROVED),
        ((Proof.PROVED, Proof.SAMPLED), Proof.PROVED),
        ((Proof.PROVED, Proof.NONE, Proof.PROVED), Proof.PROVED),
    ],
)
def test_what_is_known_never_gets_less(world: VaultWorld, said: tuple[Proof, ...], known: Proof) -> None:
    """The best that was ever attested of a snapshot is what is known of it."""
    take(world, ONE)
    for proof in said:
        world.vault.attest(ONE, proof)
    found = world.vault.find(ONE)
    assert found is not None
    assert known is found.proof


def test_nothing_is_attested_of_what_is_not_there(world: VaultWorld) -> None:
    """A snapshot that is not there cannot be proved."""
    with pytest.raises(SnapshotMissing):
        world.vault.attest(ONE, Proof.PROVED)


def test_collecting_spares_what_is_complete(world: VaultWorld) -> None:
    """Collecting may be repeated, and touches neither this nor another complete snapshot."""
    taken = take(world, ONE)
    for snapshot in (ONE, TWO, TWO):
        world.vault.collect(snapshot)
    assert (taken,) == world.vault.snapshots()
    assert taken.fingerprint == world.vault.load(ONE, into="shop_new", claim=CLAIM)


def test_a_dump_that_fails_leaves_no_snapshot(world: VaultWorld) -> None:
    """When there is nothing to dump, nothing counts as a snapshot, and the id can be used."""
    with pytest.raises(EngineFailed):
        world.vault.take(ONE, database="missing", release=RELEASE, label="backup")
    assert (None, ()) == (world.vault.find(ONE), world.vault.snapshots())
    assert take(world, ONE) == world.vault.find(ONE)
