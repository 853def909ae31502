"""Sealing and opening again give the same stream, and anything else is refused."""

import random
from collections.abc import Iterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as some

from amankan.errors import SnapshotDamaged
from amankan.vault.age import Identity, make_identity
from amankan.vault.seal import PIECE_BYTES, Measure, Meter, Sealing, unseal

MINE, OTHER = make_identity(), make_identity()


def seal(content: bytes, identity: Identity | None) -> tuple[bytes, int, Measure]:
    """Return the sealed content, how much went in, and the measure of what came out."""
    pieces = [content[start : start + 50_000] for start in range(0, len(content), 50_000)]
    with Sealing(pieces, recipient=None if identity is None else identity.recipient) as sealing:
        sealed = b"".join(sealing.pieces())
        return sealed, sealing.plain_bytes, sealing.stored


def measured(content: bytes) -> Measure:
    """Return the measure of some bytes."""
    meter = Meter()
    list(meter.watch([content]))
    return meter.measure()


@pytest.mark.parametrize("identity", [MINE, None], ids=["sealed", "packed"])
@given(content=some.one_of(some.binary(max_size=200), some.integers(0, 3_000_000).map(bytes)))
def test_what_was_sealed_opens(identity: Identity | None, content: bytes) -> None:
    """Any content comes back byte for byte, in pieces of at most 1 MiB, and both sides are measured."""
    sealed, plain_bytes, stored = seal(content, identity)
    assert (len(content), measured(sealed)) == (plain_bytes, stored)
    pieces = list(unseal([sealed], identity=identity, plain_bytes=plain_bytes))
    assert content == b"".join(pieces)
    assert all(len(piece) <= PIECE_BYTES for piece in pieces)


@pytest.mark.parametrize("identity", [MINE, None], ids=["sealed", "packed"])
def test_a_changed_stream_does_not_open(identity: Identity | None) -> None:
    """A stream that was cut anywhere, changed in one bit, or doubled is refused."""
    content = random.Random(1).randbytes(3000) + bytes(200_000)
    sealed, plain_bytes, _ = seal(content, identity)
    chance = random.Random(2)
    changed = [sealed[:length] for length in range(len(sealed))] + [sealed * 2]
    for _ in range(500):
        flipped = bytearray(sealed)
        flipped[chance.randrange(len(sealed))] ^= 1 << chance.randrange(8)
        changed.append(bytes(flipped))
    found = 0
    for each in changed:
        try:
            opened = b"".join(unseal([each], identity=identity, plain_bytes=plain_bytes))
        except SnapshotDamaged:
            found += 1
        else:
            assert opened == content  # a bit that means nothing to zstd; the stored digest tells it
    assert found >= len(changed) - (0 if identity else 20)


def test_a_stream_for_somebody_else_does_not_open() -> None:
    """Another identity opens nothing."""
    sealed, plain_bytes, _ = seal(b"secret", MINE)
    with pytest.raises(SnapshotDamaged):
        list(unseal([sealed], identity=OTHER, plain_bytes=plain_bytes))
    assert b"secret" not in sealed


def test_a_bomb_does_not_explode() -> None:
    """A small stream that unpacks to far more than was sealed is refused when it passes its size, not at its end."""
    bomb = zstandard.ZstdCompressor(level=1).compress(bytes(1 << 30))
    passed = 0
    with pytest.raises(SnapshotDamaged):
        for piece in unseal([bomb], identity=None, plain_bytes=1000):
            passed += len(piece)
    assert passed <= 1000 + PIECE_BYTES


def test_a_window_of_gigabytes_is_refused() -> None:
    """A stream that asks for a huge window is refused before memory is set aside."""
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(bytes(1 << 20)) + packer.flush()
    with pytest.raises(SnapshotDamaged):
        list(unseal([packed], identity=None, plain_bytes=1 << 20))


def test_sealing_ends_what_it_began() -> None:
    """Leaving a sealing in the middle ends it, also when its source has no end."""

    def endless() -> Iterator[bytes]:
        chance = random.Random(3)
        while True:
            yield chance.randbytes(1 << 18)

    with Sealing(endless(), recipient=MINE.recipient) as sealing:
        assert next(sealing.pieces())
