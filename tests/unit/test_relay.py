"""A worker in the middle of a stream passes on what it makes, what it raises, and that it was given up."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as some

from amankan.errors import EngineFailed
from amankan.model.sentence import say
from amankan.vault.relay import WAITING_BYTES, Reader, Writer, relay


def copy(reader: Reader, writer: Writer) -> None:
    """Pass everything on, in pieces of another size."""
    while piece := reader.read(1000):
        writer.write(piece)


def workers() -> list[str]:
    """Return the names of the worker threads that are alive."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("relay")]


@given(pieces=some.lists(some.binary(max_size=5000), max_size=20))
def test_what_goes_in_comes_out(pieces: list[bytes]) -> None:
    """Whatever the sizes of the pieces, the stream is the same behind the worker, and no thread is left."""
    assert b"".join(pieces) == b"".join(relay(pieces, copy))
    assert [] == workers()


def test_an_error_of_the_worker_comes_out() -> None:
    """An error of the worker ends the stream, also while its source has no end."""

    def fail(reader: Reader, writer: Writer) -> None:
        copy_some = reader.read(10)
        writer.write(copy_some)
        raise EngineFailed(say("cannot work"))

    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 100_000

    with pytest.raises(EngineFailed):
        list(relay(endless(), fail))
    assert [] == workers()


def test_an_error_of_the_source_comes_out() -> None:
    """An error of the source comes out as it is, and the worker ends."""

    def failing() -> Iterator[bytes]:
        yield b"x"
        raise EngineFailed(say("cannot dump"))

    with pytest.raises(EngineFailed):
        list(relay(failing(), copy))
    assert [] == workers()


def test_a_stream_that_is_given_up_ends_its_worker() -> None:
    """Closing the stream in the middle ends the worker, without reading the rest of the source."""
    stream = relay((b"x" * 10_000 for _ in range(1_000_000)), copy)
    next(stream)
    stream.close()
    assert [] == workers()


def test_a_slow_worker_holds_the_source_back() -> None:
    """No more waits for a worker than the limit and one piece."""
    taken, seen = 0, 0

    def source() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(40):
            taken += 1 << 20
            yield b"x" * (1 << 20)

    def slow(reader: Reader, writer: Writer) -> None:
        nonlocal seen
        while piece := reader.read(1 << 20):
            seen += len(piece)
            assert taken - seen <= WAITING_BYTES + (2 << 20)

    assert [] == list(relay(source(), slow))
    assert 40 << 20 == seen
