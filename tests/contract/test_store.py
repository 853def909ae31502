"""The promise of `ports.store`, kept by every kind of place."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from obstore.store import MemoryStore as RemoteMemory

from amankan.adapters.stores.folder import FolderStore
from amankan.adapters.stores.object import PART_BYTES, ObjectStore
from amankan.errors import EngineFailed, StoreFailed
from amankan.model.sentence import say
from amankan.ports.store import Store
from amankan.testing.chance import Process
from amankan.testing.store import SimStore
from amankan.testing.stores import MemoryStore
from amankan.testing.world import World

Maker = Callable[[Path], Store]
MAKERS: dict[str, Maker] = {
    "folder": lambda folder: FolderStore(folder / "vault"),
    "object": lambda _: ObjectStore(RemoteMemory()),
    "memory": lambda _: MemoryStore(),
    "simulated": lambda _: SimStore(World(), Process(number=1)),
}


@pytest.fixture(params=MAKERS, ids=str)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store of one kind."""
    return MAKERS[request.param](tmp_path)


def whole(store: Store, name: str) -> bytes:
    """Return an object whole."""
    return b"".join(store.get(name))


@pytest.mark.parametrize("size_bytes", [0, 1, 65536, (1 << 20) - 1, (1 << 20) + 1, PART_BYTES, PART_BYTES + 5, 3 * PART_BYTES])
def test_what_was_put_is_there(store: Store, size_bytes: int) -> None:
    """An object of any size comes back byte for byte, in pieces of at most 1 MiB, and is listed with its size."""
    content = bytes(range(251)) * (size_bytes // 251 + 1)
    content = content[:size_bytes]
    pieces = [content[start : start + 70000] for start in range(0, size_bytes, 70000)]
    assert size_bytes == store.put("a/b", pieces)
    got = list(store.get("a/b"))
    assert content == b"".join(got)
    assert all(len(piece) <= 1 << 20 for piece in got)
    assert (size_bytes, ("a/b",)) == (store.size("a/b"), store.names())


@pytest.mark.parametrize("size_bytes", [3, PART_BYTES + 3])
def test_nothing_is_ever_replaced(store: Store, size_bytes: int) -> None:
    """A second object of the same name is refused, and the first one stays as it is."""
    store.put("a/b", [b"1" * size_bytes])
    with pytest.raises(StoreFailed):
        store.put("a/b", [b"2" * size_bytes])
    assert b"1" * size_bytes == whole(store, "a/b")
    assert ("a/b",) == store.names("a")


@pytest.mark.parametrize("size_bytes", [3, PART_BYTES + 3])
def test_a_content_that_fails_leaves_nothing(store: Store, size_bytes: int) -> None:
    """When the content ends with an error, that error comes out, and there is no object."""

    def failing() -> Iterator[bytes]:
        yield b"1" * size_bytes
        raise EngineFailed(say("cannot go on"))

    with pytest.raises(EngineFailed):
        store.put("a/b", failing())
    assert (None, ()) == (store.size("a/b"), store.names())
    assert size_bytes == store.put("a/b", [b"1" * size_bytes])


def test_what_is_not_there_is_told(store: Store) -> None:
    """An object that is not there has no size and cannot be got; deleting it changes nothing."""
    assert (None, ()) == (store.size("a/b"), store.names("a"))
    with pytest.raises(StoreFailed):
        whole(store, "a/b")
    store.delete("a/b")


def test_deleting_takes_one_object(store: Store) -> None:
    """Deleting takes one object away and may be repeated; its neighbours stay."""
    for name in ("a/b", "a/c", "ab/c"):
        store.put(name, [name.encode()])
    store.delete("a/b")
    store.delete("a/b")
    assert ("a/c", "ab/c") == store.names()


def test_names_are_those_below_a_folder(store: Store) -> None:
    """Names are sorted, and a folder is a whole word, not a beginning of one."""
    for name in ("b/2", "a/1/x", "ab/1", "a/0"):
        store.put(name, [b"."])
    assert ("a/0", "a/1/x", "ab/1", "b/2") == store.names()
    assert ("a/0", "a/1/x") == store.names("a")


def test_nothing_unfinished_is_listed_while_it_is_written(store: Store) -> None:
    """An object appears when its last byte is there, not before."""
    seen: list[tuple[str, ...]] = []

    def watching() -> Iterator[bytes]:
        for _ in range(3):
            yield b"1" * PART_BYTES
            seen.append(store.names())

    store.put("a/b", watching())
    assert [()] * 3 == seen
    assert ("a/b",) == store.names()


def test_one_of_many_wins(store: Store) -> None:
    """Of many that put the same name at once exactly one succeeds, and its content is what is there."""
    won: list[int] = []
    start = threading.Barrier(8)

    def put(number: int) -> None:
        start.wait()
        try:
            store.put("a/b", [bytes([number]) * 1000])
        except StoreFailed:
            return
        won.append(number)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len(won)
    assert bytes(won) * 1000 == whole(store, "a/b")


@given(name=some.text(max_size=12))
def test_a_name_never_leads_elsewhere(name: str) -> None:
    """A name either works like every name, or is refused; there is no third."""
    store = ObjectStore(RemoteMemory())
    try:
        store.put(name, [b"x"])
    except StoreFailed:
        assert () == store.names()
    else:
        assert ((name,), b"x") == (store.names(), whole(store, name))
