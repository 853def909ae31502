"""Object storage: S3 and what speaks like it, Google Cloud Storage, Azure, and a memory that behaves alike."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError

from amankan.adapters.stores.names import words_of
from amankan.errors import StoreFailed
from amankan.model.sentence import say

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Remote
    from typing_extensions import Buffer

PIECE_BYTES = 1 << 20
# What is put in one request, all or nothing. Above it an object is sent in parts of this size: S3 takes 10,000 of them,
# so 78 GiB is the largest, and two on their way beside one that is being filled keep the process below 128 MB.
PART_BYTES = 8 << 20
PARTS_ON_THE_WAY = 2
BEGUN = ".part"


class ObjectStore:
    """
    Keeps the promise of `ports.store` in a bucket.

    What fits into one part is put in one request, only if it is absent. What is larger cannot be: a small mark is put
    that way first: who cannot put the mark does not write. The object itself appears when its last part is there.

    Some servers pass over the condition without a word, so there is a look before. Between two that put at once only
    the condition decides; a vault's names are never used twice.
    """

    def __init__(self, remote: Remote) -> None:
        """Touch nothing."""
        self._remote = remote

    def put(self, name: str, content: Iterable[bytes]) -> int:
        """A new object of that name holds the content; returns its bytes."""
        words_of(name)
        pieces = iter(content)
        first = _gather(pieces)
        if sum(map(len, first)) < PART_BYTES:
            whole = b"".join(first)
            self._create(name, whole)
            return len(whole)
        mark = _mark(name)
        self._create(mark, b"\n")
        try:
            if self.size(name) is not None:
                raise StoreFailed(say("cannot put {name}: there is one already", name=name))
            return self._send(name, _chain(first, pieces))
        finally:
            with suppress(StoreFailed):  # a mark that is left is found by collect
                self.delete(mark)

    def get(self, name: str) -> Generator[bytes, None, None]:
        """Return the content in pieces of at most 1 MiB."""
        words_of(name)
        with self._failing(name):
            found = obstore.get(self._remote, name)
        return self._pieces(name, found.stream(min_chunk_size=PIECE_BYTES))

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return the names of all objects below a folder, sorted; marks of unfinished ones are not among them."""
        return tuple(sorted(name for name in self._listed(folder) if not _last(name).startswith(".")))

    def size(self, name: str) -> int | None:
        """Return the bytes of an object, or None where there is none."""
        try:
            return int(obstore.head(self._remote, name)["size"])
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise _failed(name, error) from error

    def delete(self, name: str) -> None:
        """There is no object of that name; may be repeated."""
        with self._failing(name), suppress(FileNotFoundError):
            obstore.delete(self._remote, name)

    def collect(self, folder: str, *, older_than_seconds: float) -> int:
        """Marks that a crash left are gone where they are old by the clock of the place itself."""
        marks = [name for name in self._listed(folder) if _last(name).startswith(".") and name.endswith(BEGUN)]
        if not marks:
            return 0
        probe = "/".join(part for part in (folder, f".{secrets.token_hex(8)}{BEGUN}") if part)
        self._create(probe, b"\n")
        with self._failing(folder):
            now = obstore.head(self._remote, probe)["last_modified"]
            begun = [(mark, obstore.head(self._remote, mark)["last_modified"]) for mark in marks]
        old = [mark for mark, time in begun if (now - time).total_seconds() >= older_than_seconds]
        for mark in (*old, probe):
            self.delete(mark)
        return len(old)

    def _create(self, name: str, content: bytes) -> None:
        if self.size(name) is not None:
            raise StoreFailed(say("cannot put {name}: there is one already", name=name))
        with self._failing(name):
            obstore.put(self._remote, name, content, mode="create", use_multipart=False)

    def _send(self, name: str, pieces: Iterator[bytes]) -> int:
        """Send part by part; a writer that is not closed leaves no object."""
        with self._failing(name):
            writer = obstore.open_writer(self._remote, name, buffer_size=PART_BYTES, max_concurrency=PARTS_ON_THE_WAY)
        size_bytes = 0
        for piece in pieces:
            with self._failing(name):
                writer.write(piece)
            size_bytes += len(piece)
        with self._failing(name):
            writer.close()
        return size_bytes

    def _pieces(self, name: str, stream: Iterable[Buffer]) -> Generator[bytes, None, None]:
        with self._failing(name):
            for found in stream:
                whole = memoryview(found)
                for start in range(0, len(whole), PIECE_BYTES):
                    yield bytes(whole[start : start + PIECE_BYTES])

    def _listed(self, folder: str) -> Iterator[str]:
        if folder:
            words_of(folder)
        with self._failing(folder or "the vault"):
            for chunk in obstore.list(self._remote, prefix=folder or None):
                yield from (str(found["path"]) for found in chunk)

    @contextmanager
    def _failing(self, name: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            raise _failed(name, error) from error


def _failed(name: str, error: Exception) -> StoreFailed:
    if isinstance(error, AlreadyExistsError):
        return StoreFailed(say("cannot put {name}: there is one already", name=name))
    if isinstance(error, FileNotFoundError):
        return StoreFailed(say("cannot get {name}: there is none", name=name))
    # The first line names what went wrong; the rest may repeat the request with its headers.
    return StoreFailed(say("cannot use {name} in the store: {why}", name=name, why=str(error).partition("\n")[0][:300]))


def _gather(pieces: Iterator[bytes]) -> deque[bytes]:
    gathered: deque[bytes] = deque()
    gathered_bytes = 0
    for piece in pieces:
        gathered.append(piece)
        gathered_bytes += len(piece)
        if gathered_bytes >= PART_BYTES:
            break
    return gathered


def _chain(first: deque[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    while first:
        yield first.popleft()
    yield from rest


def _mark(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}.{last}{BEGUN}"


def _last(name: str) -> str:
    return name.rpartition("/")[2]
