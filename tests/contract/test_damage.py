"""A snapshot that is not what was written is refused, with its reason and status, before a database is made."""

import random
from collections.abc import Callable

import pytest
from tests.kit.damage import KEY, ONE, PARTS, TWO, Bench, two_snapshots
from tests.kit.vaults import CLAIM

from amankan.errors import (
    KeyRefused,
    SnapshotDamaged,
    Unsigned,
)
from amankan.vault.age import make_identity
from amankan.vault.catalogue import MANIFEST
from amankan.vault.envelope import wrap


@pytest.fixture
def bench() -> Bench:
    """Return a vault with two snapshots of different content."""
    return two_snapshots()


def test_an_undamaged_one_is_not_refused(bench: Bench) -> None:
    """What the other tests damage can be loaded before it is damaged, by somebody who has the recovery key only."""
    vault = bench.world.open(identities=(bench.world.recovery,), keyring=bench.readers)
    assert vault.load(ONE, into="shop_new", claim=CLAIM) == bench.manifest(ONE).fingerprint


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_was_cut_is_refused(bench: Bench, part: str) -> None:
    """A part that was cut at any percent is refused by its name."""
    name = f"{ONE}/{part}"
    content = bench.objects[name]
    for percent in range(100):
        bench.objects[name] = content[: len(content) * percent // 100]
        error = bench.refused()
        assert (13, "snapshot-damaged") == (error.status, error.code)
        assert part in str(error)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_with_one_bit_flipped_is_refused(bench: Bench, part: str) -> None:
    """A part with one bit flipped anywhere is refused by its name."""
    name, chance = f"{ONE}/{part}", random.Random(20260105)
    content = bench.objects[name]
    for _ in range(200):
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        bench.objects[name] = bytes(flipped)
        error = bench.refused()
        assert 13 == error.status
        assert part in str(error)


def test_a_manifest_with_one_bit_flipped_is_refused(bench: Bench) -> None:
    """Every byte of a manifest counts: none can change without the snapshot being refused."""
    name, chance = f"{ONE}/{MANIFEST}", random.Random(5)
    content = bench.objects[name]
    statuses = set()
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << chance.randrange(8)
        bench.objects[name] = bytes(flipped)
        statuses.add(bench.refused(by=(SnapshotDamaged, Unsigned)).status)
    assert {3, 13} == statuses


def test_a_manifest_that_was_cut_is_refused(bench: Bench) -> None:
    """A manifest that was cut anywhere is refused."""
    name = f"{ONE}/{MANIFEST}"
    content = bench.objects[name]
    for length in range(len(content)):
        bench.objects[name] = content[:length]
        assert 13 == bench.refused().status


def padded(content: bytes) -> bytes:
    """Return the content with something behind it."""
    return content + b"\0"


def doubled(content: bytes) -> bytes:
    """Return the content twice."""
    return content * 2


def emptied(_: bytes) -> bytes:
    """Return nothing."""
    return b""


@pytest.mark.parametrize("part", [*PARTS, MANIFEST])
@pytest.mark.parametrize("change", [padded, doubled, emptied], ids=lambda change: change.__name__)
def test_a_file_that_grew_or_is_empty_is_refused(bench: Bench, part: str, change: Callable[[bytes], bytes]) -> None:
    """A file with something behind it, twice itself, or empty, is refused."""
    bench.objects[f"{ONE}/{part}"] = change(bench.objects[f"{ONE}/{part}"])
    assert 13 == bench.refused().status


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_missing_is_refused(bench: Bench, part: str) -> None:
    """A snapshot without one of its parts is refused, and the part is named."""
    del bench.objects[f"{ONE}/{part}"]
    assert f"{part} is missing" in str(bench.refused())


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_two_snapshots_do_not_mix(bench: Bench, part: str) -> None:
    """A part of another snapshot, whole as it is, is refused."""
    bench.objects[f"{ONE}/{part}"] = bench.objects[f"{TWO}/{part}"]
    assert 13 == bench.refused().status


def test_manifests_that_were_swapped_are_refused(bench: Bench) -> None:
    """Two snapshots with each other's manifests are both refused."""
    one, two = (f"{snapshot}/{MANIFEST}" for snapshot in (ONE, TWO))
    bench.objects[one], bench.objects[two] = bench.objects[two], bench.objects[one]
    assert {13} == {bench.refused(snapshot).status for snapshot in (ONE, TWO)}
    census = bench.world.vault.catalogue.census()
    assert ((), [ONE, TWO]) == (census.entries, [fault.snapshot for fault in census.faults])


def test_a_whole_snapshot_under_another_name_is_refused(bench: Bench) -> None:
    """An old snapshot that is presented under a new name is refused."""
    later = "20260201T020000Z-shop-00000003"
    for name in [name for name in bench.objects if name.startswith(ONE)]:
        bench.objects[name.replace(ONE, later)] = bench.objects[name]
    assert 13 == bench.refused(later).status


def test_a_wrong_key_is_told_from_damage(bench: Bench) -> None:
    """Somebody else's recovery key is refused as a key, and a right one among others opens."""
    other = make_identity()
    with pytest.raises(KeyRefused) as told:
        bench.world.open(identities=(other,)).load(ONE, into="shop_new", claim=CLAIM)
    assert 12 == told.value.status
    with pytest.raises(KeyRefused):
        bench.world.open().load(ONE, into="shop_new", claim=CLAIM)
    vault = bench.world.open(identities=(other, bench.world.recovery))
    assert vault.load(ONE, into="shop_new", claim=CLAIM) == bench.manifest(ONE).fingerprint


def test_a_key_file_that_was_replaced_is_no_wrong_key(bench: Bench) -> None:
    """Where the key file itself is another one, no key is blamed."""
    for recipient in (bench.world.recovery.recipient, make_identity().recipient):
        bench.objects[f"{ONE}/{KEY}"] = wrap(make_identity(), [recipient])
        assert 13 == bench.refused().status
