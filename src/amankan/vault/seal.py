"""Plain streams made into sealed ones and back: compressed by zstd, encrypted by age, digested on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self, cast

import zstandard

from amankan.errors import SnapshotDamaged
from amankan.model.sentence import say
from amankan.vault.age import Identity, Recipient, decrypt_stream, encrypt_stream
from amankan.vault.relay import Reader, Writer, relay

PIECE_BYTES = 1 << 20
# Level 1 packs a dump better than gzip does and keeps up with the server; two threads are what a small one can spare.
LEVEL, THREADS = 1, 2
# What each thread works on; the default would set aside twice the memory and save a twentieth of the time.
JOB_BYTES, CHUNK_BYTES = 1 << 20, 1 << 18
# What a decompressor may set aside, so that a forged file cannot ask for gigabytes (zstd's own limit is 128 MiB).
WINDOW_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The size and the SHA-256 (64 hex digits) of one stream."""

    size_bytes: int
    sha256: str


class Meter:
    """Counts and digests what passes."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._digest = hashlib.sha256()
        self._size_bytes = 0

    def watch(self, pieces: Iterable[bytes]) -> Generator[bytes, None, None]:
        """Yield the pieces unchanged and count them."""
        for piece in pieces:
            self._digest.update(piece)
            self._size_bytes += len(piece)
            yield piece

    def measure(self) -> Measure:
        """Return what has passed so far."""
        return Measure(size_bytes=self._size_bytes, sha256=self._digest.hexdigest())


class Counter:
    """Counts what passes; what digests it costs as much as compressing it, and nobody needs to know (decision 0030)."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.size_bytes = 0

    def watch(self, pieces: Iterable[bytes]) -> Generator[bytes, None, None]:
        """Yield the pieces unchanged and count them."""
        for piece in pieces:
            self.size_bytes += len(piece)
            yield piece


class Sealing:
    """
    One plain stream on its way into the vault.

    Leaving it as a context ends everything that it started; without a recipient it is compressed only.
    """

    def __init__(self, pieces: Iterable[bytes], *, recipient: Recipient | None) -> None:
        """Nothing is read before the first piece is asked for."""
        self._plain, self._stored = Counter(), Meter()
        packed = _compress(self._plain.watch(pieces))
        self._pieces = self._stored.watch(packed if recipient is None else _encrypt(packed, recipient))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pieces.close()

    def pieces(self) -> Iterator[bytes]:
        """Return the sealed stream, once."""
        return self._pieces

    @property
    def plain_bytes(self) -> int:
        """How much went in, known when the last piece came out."""
        return self._plain.size_bytes

    @property
    def stored(self) -> Measure:
        """What came out, known when the last piece did."""
        return self._stored.measure()


def unseal(pieces: Iterable[bytes], *, identity: Identity | None, plain_bytes: int) -> Generator[bytes, None, None]:
    """
    Yield the plain stream that was sealed, in pieces of at most 1 MiB.

    The stream carries a sum of its own, which tells whether what comes out is what went in. What was yielded is only to be
    trusted when the end is reached.

    Raises:
        SnapshotDamaged: it does not decrypt, does not decompress, or is not as long as it was; some was yielded.
    Cost: some 16 MiB in memory, whatever the size.
    """
    packed = iter(pieces) if identity is None else decrypt(pieces, identity)
    counter = Counter()
    yield from counter.watch(_decompress(packed, most_bytes=plain_bytes))
    if counter.size_bytes != plain_bytes:
        raise SnapshotDamaged(say("cannot read a sealed stream: what it holds is not what was sealed"))


def decrypt(pieces: Iterable[bytes], identity: Identity) -> Generator[bytes, None, None]:
    """Yield the compressed stream that was encrypted; raises SnapshotDamaged where it does not decrypt."""

    def work(reader: Reader, writer: Writer) -> None:
        decrypt_stream(reader, writer, identity=identity)

    return relay(pieces, work)


def _compress(pieces: Iterable[bytes]) -> Iterator[bytes]:
    parameters = zstandard.ZstdCompressionParameters.from_level(LEVEL, threads=THREADS, job_size=JOB_BYTES, write_checksum=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).chunker(chunk_size=CHUNK_BYTES)
    for piece in pieces:
        yield from packer.compress(piece)
    yield from packer.finish()  # type: ignore[no-untyped-call]


def _encrypt(pieces: Iterable[bytes], recipient: Recipient) -> Iterator[bytes]:
    def work(reader: Reader, writer: Writer) -> None:
        encrypt_stream(reader, writer, recipient=recipient)

    return relay(pieces, work)


class _Source:
    """Pieces as a file that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        piece = self._rest or next(self._pieces, b"")
        taken, self._rest = piece[:size], piece[size:]
        return taken


def _decompress(pieces: Iterator[bytes], *, most_bytes: int) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES)
    passed_bytes = 0
    try:
        with unpacker.stream_reader(cast(IO[bytes], _Source(pieces)), read_across_frames=True) as reader:
            while passed_bytes <= most_bytes and (piece := reader.read(PIECE_BYTES)):
                passed_bytes += len(piece)
                yield piece
    except zstandard.ZstdError as error:
        raise SnapshotDamaged(say("cannot decompress a sealed stream: {why}", why=str(error))) from error
