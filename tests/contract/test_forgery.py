"""What nobody believed signed, or what was signed for something else, is refused with its reason and status."""

import json
from dataclasses import replace

import pytest
from tests.kit.damage import KEY, ONE, THREE, TWO, Bench, two_snapshots
from tests.kit.vaults import CLAIM

from amankan.errors import (
    NewerFormat,
    Refused,
    SnapshotDamaged,
    Unsigned,
    WrongTarget,
)
from amankan.model.snapshot import Proof
from amankan.vault.age import encrypt, make_identity
from amankan.vault.catalogue import MANIFEST
from amankan.vault.chain import breaks
from amankan.vault.manifest import write
from amankan.vault.seal import Meter
from amankan.vault.signature import Keyring, make_signing_key, sign


@pytest.fixture
def bench() -> Bench:
    """Return a vault with two snapshots of different content."""
    return two_snapshots()


@pytest.mark.parametrize(
    "held", [b"", b"no key\n", b"AGE-SECRET-KEY-1QQQQ\n", make_identity().secret.reveal().encode()], ids=range(4)
)
def test_a_key_that_does_not_belong_to_the_run_is_refused(bench: Bench, held: bytes) -> None:
    """A key file that is signed, opens, and holds nothing, rubbish or another run's identity is refused."""
    content = encrypt(held, [bench.world.recovery.recipient])
    bench.objects[f"{ONE}/{KEY}"] = content
    meter = Meter()
    list(meter.watch([content]))
    parts = bench.manifest(ONE).parts
    bench.resign(parts=tuple(replace(each, stored=meter.measure()) if each.name == KEY else each for each in parts))
    assert 13 == bench.refused().status


def test_a_manifest_without_a_signature_is_refused(bench: Bench) -> None:
    """A manifest of an attacker who knows our recipients, with no signature, is refused as unsigned."""
    body = json.loads(bench.objects[f"{ONE}/{MANIFEST}"])["body"]
    for document in (body, {"body": body}):
        bench.objects[f"{ONE}/{MANIFEST}"] = json.dumps(document).encode()
        assert 3 == bench.refused(by=Unsigned).status


def test_a_manifest_signed_by_a_stranger_is_refused(bench: Bench) -> None:
    """A snapshot that is whole, sealed for us and signed by a key that we do not know is refused, and not listed."""
    bench.objects[f"{ONE}/{MANIFEST}"] = write(bench.manifest(ONE), make_signing_key())
    error = bench.refused(by=Unsigned)
    assert (3, "unsigned") == (error.status, error.code)
    assert [TWO] == [snapshot.id for snapshot in bench.world.vault.snapshots()]


def test_a_retired_key_is_believed_while_it_is_trusted(bench: Bench) -> None:
    """After the signing key was changed, old snapshots are believed where the old key is trusted, and only there."""
    fresh = make_signing_key()
    old = frozenset({bench.world.signing.public})
    believing = bench.world.open(keyring=Keyring(signing=fresh, trusted=old))
    assert [ONE, TWO] == [snapshot.id for snapshot in believing.snapshots()]
    assert () == bench.world.open(keyring=Keyring(signing=fresh)).snapshots()


def test_a_proof_is_no_manifest(bench: Bench) -> None:
    """A signed document of another kind never passes for a manifest."""
    bench.objects[f"{ONE}/{MANIFEST}"] = sign("proof", bench.manifest(ONE), key=bench.world.signing)
    assert 13 == bench.refused().status


def test_a_newer_format_is_told(bench: Bench) -> None:
    """A manifest of a newer format, signed, is refused as newer, not as damaged."""
    bench.resign(format=2)
    error = bench.refused(by=NewerFormat)
    assert (3, "newer-format") == (error.status, error.code)


def test_keys_that_are_added_later_do_not_disturb(bench: Bench) -> None:
    """A manifest of our format with keys that this version does not know is read."""
    body = json.loads(bench.objects[f"{ONE}/{MANIFEST}"])["body"] | {"weather": {"sky": "blue"}}
    bench.objects[f"{ONE}/{MANIFEST}"] = sign("manifest", body, key=bench.world.signing)
    assert ONE == bench.world.vault.snapshots()[0].id


def test_another_app_is_told(bench: Bench) -> None:
    """A whole snapshot of another app is refused as a wrong target, and not listed."""
    error = None
    with pytest.raises(WrongTarget) as told:
        bench.world.open(app="bank", identities=(bench.world.recovery,)).load(ONE, into="shop_new", claim=CLAIM)
    error = told.value
    assert 3 == error.status
    assert () == bench.world.open(app="bank").snapshots()


@pytest.mark.parametrize("snapshot", ["", "..", "a/b", "../x", "/etc", ".x", "retired", "a\nb", "a" * 300])
def test_an_id_never_leads_elsewhere(bench: Bench, snapshot: str) -> None:
    """An id that could lead out of its folder is refused before anything is looked at."""
    assert 3 == bench.refused(snapshot, by=Refused).status


def test_a_forged_manifest_of_any_shape_is_refused(bench: Bench) -> None:
    """Whatever lies in the place of a manifest, it is refused with a reason of ours."""
    for document in (
        b"{}",
        b"[]",
        b"null",
        b"1",
        b"[" * 100_000,
        b'{"body":1,"signature":{}}',
        b"\xff",
        b'{"signature":1}',
    ):
        bench.objects[f"{ONE}/{MANIFEST}"] = document
        assert bench.refused(by=(SnapshotDamaged, Unsigned)).status in {3, 13}


def test_a_forged_proof_proves_nothing(bench: Bench) -> None:
    """A proof that nobody believed signed, or that was made for another snapshot, does not count, and is replaced."""
    vault = bench.world.vault
    vault.attest(TWO, Proof.PROVED)
    bench.objects[f"{ONE}/proof-proved.json"] = bench.objects[f"{TWO}/proof-proved.json"]
    assert [Proof.NONE, Proof.PROVED] == [snapshot.proof for snapshot in vault.snapshots()]
    vault.attest(ONE, Proof.PROVED)
    assert [Proof.PROVED, Proof.PROVED] == [snapshot.proof for snapshot in vault.snapshots()]


def test_a_snapshot_that_was_taken_away_is_missed(bench: Bench) -> None:
    """A manifest that was deleted behind our back is a break in the chain, and one that was retired is none."""
    vault = bench.world.vault
    three = bench.world.take(THREE)
    assert () == breaks(vault.catalogue.census().links)
    head = vault.catalogue.census().head
    entry = vault.catalogue.find(ONE)
    assert entry is not None
    vault.catalogue.retire(entry, why="old", time=bench.world.clock.time)
    assert ((), None) == (breaks(vault.catalogue.census().links, head), vault.find(ONE))
    assert not [name for name in bench.objects if name.startswith(f"{ONE}/")]
    del bench.objects[f"{TWO}/{MANIFEST}"]
    assert ["missing"] == [fault.what for fault in breaks(vault.catalogue.census().links, head)]
    del bench.objects[f"{three}/{MANIFEST}"]
    assert "behind" in [fault.what for fault in breaks(vault.catalogue.census().links, head)]


def test_a_chain_that_was_forked_or_relinked_is_told(bench: Bench) -> None:
    """Two manifests of one number, or one that does not follow its predecessor, are breaks."""
    bench.resign(label="changed")
    assert ["relinked"] == [fault.what for fault in breaks(bench.world.vault.catalogue.census().links)]
    bench.resign(sequence=2)
    assert ["missing", "forked"] == [fault.what for fault in breaks(bench.world.vault.catalogue.census().links)][:2]
