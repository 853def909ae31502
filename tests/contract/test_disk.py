"""The promise of `ports.disk`, kept by the disk of this machine and by the simulated one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.makers import DISKS, SMALL_BYTES, DiskPlace

from amankan.errors import DiskFailed, DiskFull, Locked
from amankan.journal.lock import Holder, held, hold
from amankan.ports.disk import Disk

PATH = "journal/one/lines.jsonl"
HOLDER = Holder(who="eva@erp", pid=42, since="2026-01-05T10:15:00Z", why="update to 1.4.3")

OUTSIDE = ("", "/lock", "../lock", "a/../../lock", "a//b", "a/./b", "a/", "a\0b", "journal/.new-1-aa")
VERBS: dict[str, Callable[[Disk, str], object]] = {
    "read": lambda disk, path: disk.read(path),
    "names": lambda disk, path: disk.names(path),
    "make": lambda disk, path: disk.make(path, room_bytes=1),
    "write": lambda disk, path: disk.write(path, offset=0, content=b"x"),
    "sync": lambda disk, path: disk.sync(path),
    "trim": lambda disk, path: disk.trim(path, size_bytes=0),
    "replace": lambda disk, path: disk.replace(path, b"x"),
    "remove": lambda disk, path: disk.remove(path),
    "hold": lambda disk, path: disk.hold(path, ""),
    "held": lambda disk, path: disk.held(path),
}


@pytest.fixture(params=DISKS, ids=str)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DiskPlace]:
    """Yield an empty folder of state of one kind."""
    with DISKS[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def disk(place: DiskPlace) -> Disk:
    """Return the disk as the first process sees it."""
    return place.disk()


def write(disk: Disk, path: str, *, offset: int, content: bytes) -> None:
    """The content is in the file for good."""
    disk.write(path, offset=offset, content=content)
    disk.sync(path)


def test_what_is_not_there_is_told(disk: Disk) -> None:
    """There is no file and no name where nothing was made, and removing it changes nothing."""
    assert (None, ()) == (disk.read(PATH), disk.names("journal"))
    disk.remove(PATH)
    for act in ("write", "sync", "trim"):
        with pytest.raises(DiskFailed):
            VERBS[act](disk, PATH)
    assert None is disk.read(PATH)


@pytest.mark.parametrize("room_bytes", [0, 1, 4096, 100_001])
def test_a_made_file_is_all_zeros(place: DiskPlace, room_bytes: int) -> None:
    """A new file has exactly the room that was asked for, in folders of its own, for everybody to see."""
    place.disk().make(PATH, room_bytes=room_bytes)
    assert bytes(room_bytes) == place.disk().read(PATH)
    assert (("one",), ("lines.jsonl",)) == (place.disk().names("journal"), place.disk().names("journal/one"))


def test_a_file_is_made_once(disk: Disk) -> None:
    """Making a file that is there is refused, and what it holds stays."""
    disk.make(PATH, room_bytes=8)
    write(disk, PATH, offset=0, content=b"kept")
    with pytest.raises(DiskFailed):
        disk.make(PATH, room_bytes=8)
    assert b"kept\0\0\0\0" == disk.read(PATH)


def test_names_are_those_in_a_folder(disk: Disk) -> None:
    """Names are sorted, folders among them, and a folder is a whole word, not a beginning of one."""
    for path in ("a/two/x", "a/one", "ab/three", "a/two/y"):
        disk.replace(path, b".")
    assert (("one", "two"), ("x", "y"), ()) == (disk.names("a"), disk.names("a/two"), disk.names("b"))


def test_what_was_written_is_seen(place: DiskPlace) -> None:
    """Content stands at its offset for every process, writing it again changes nothing, and all around it stays."""
    disk = place.disk()
    disk.make(PATH, room_bytes=8)
    for _ in range(2):
        write(disk, PATH, offset=3, content=b"abc")
    assert b"\0\0\0abc\0\0" == place.disk().read(PATH)
    write(disk, PATH, offset=7, content=b"over")
    assert b"\0\0\0abc\0over" == place.disk().read(PATH)


def test_a_later_process_writes_on(place: DiskPlace) -> None:
    """A process that did not make a file writes to the one that carries the name."""
    place.disk().make(PATH, room_bytes=4)
    write(place.disk(), PATH, offset=0, content=b"late")
    assert b"late" == place.disk().read(PATH)


def test_a_process_writes_to_its_own_file(place: DiskPlace) -> None:
    """What a process made is what it writes to, also when the name went to another file since."""
    sleeper, other = place.disk(), place.disk()
    sleeper.make(PATH, room_bytes=8)
    other.replace(PATH, b"recovered", room_bytes=16)
    write(sleeper, PATH, offset=0, content=b"too late")
    sleeper.trim(PATH, size_bytes=8)
    assert b"recovered".ljust(16, b"\0") == place.disk().read(PATH)
    write(other, PATH, offset=9, content=b"!")
    assert b"recovered!".ljust(16, b"\0") == sleeper.read(PATH)


def test_only_zeros_are_cut(place: DiskPlace) -> None:
    """Trimming gives back empty room, may be repeated, and refuses to cut anything else."""
    disk = place.disk()
    disk.make(PATH, room_bytes=4096)
    write(disk, PATH, offset=0, content=b"line\n")
    with pytest.raises(DiskFailed):
        disk.trim(PATH, size_bytes=4)
    assert b"line\n".ljust(4096, b"\0") == place.disk().read(PATH)
    for size_bytes in (5, 5, 100):
        disk.trim(PATH, size_bytes=size_bytes)
        assert b"line\n" == place.disk().read(PATH)


def test_a_file_is_replaced_whole(place: DiskPlace) -> None:
    """After replacing there is the new content and then zeros, whatever was there, and it may be repeated."""
    disk = place.disk()
    for content, room_bytes in ((b"long content", 0), (b"short", 8), (b"short", 8), (b"longer than room", 2), (b"", 0)):
        disk.replace(PATH, content, room_bytes=room_bytes)
        assert content.ljust(room_bytes, b"\0") == place.disk().read(PATH)
    assert ("lines.jsonl",) == disk.names("journal/one")


def test_a_replaced_file_is_written_on(disk: Disk) -> None:
    """After replacing, a process writes to the new file."""
    disk.make(PATH, room_bytes=4)
    disk.replace(PATH, b"new", room_bytes=8)
    write(disk, PATH, offset=3, content=b"er")
    assert b"newer\0\0\0" == disk.read(PATH)


def test_what_was_removed_is_gone(place: DiskPlace) -> None:
    """Removing may be repeated, takes one file only, and the name can be made again."""
    disk = place.disk()
    disk.make(PATH, room_bytes=4)
    disk.replace("journal/one/plan.json", b"plan")
    disk.remove(PATH)
    disk.remove(PATH)
    assert (None, ("plan.json",)) == (place.disk().read(PATH), place.disk().names("journal/one"))
    disk.make(PATH, room_bytes=2)
    write(disk, PATH, offset=0, content=b"ok")
    assert b"ok" == place.disk().read(PATH)


def test_one_process_holds_the_lock(place: DiskPlace) -> None:
    """A lock that is held is refused to all others, who are told by whom, since when and why."""
    held = hold(place.disk(), HOLDER)
    with pytest.raises(Locked) as refused:
        hold(place.disk(), Holder(who="adi@erp", pid=43, since="2026-01-05T10:16:00Z", why="backup"))
    assert 11 == refused.value.status
    assert "cannot begin: eva@erp (process 42) holds the lock since 2026-01-05T10:15:00Z: update to 1.4.3" == str(refused.value)
    held.release()
    hold(place.disk(), HOLDER).release()


def test_a_lock_is_let_go_once(place: DiskPlace) -> None:
    """Letting go may be repeated and never takes the lock from the next holder."""
    first = hold(place.disk(), HOLDER)
    first.release()
    second = hold(place.disk(), HOLDER)
    first.release()
    with pytest.raises(Locked):
        hold(place.disk(), HOLDER)
    second.release()


def test_a_lock_can_be_looked_at(place: DiskPlace) -> None:
    """Whether the lock is held is told whatever its note says, and looking takes it from nobody."""
    assert not held(place.disk())
    assert None is place.disk().read("lock")
    first = hold(place.disk(), HOLDER)
    assert [True, True] == [held(place.disk()), held(place.disk())]
    first.release()
    assert not held(place.disk())
    second = hold(place.disk(), HOLDER)
    assert held(place.disk())
    second.release()


def test_a_shorter_note_leaves_nothing_of_the_longer_one(place: DiskPlace) -> None:
    """The note of a lock is that of its holder, however long the one before was."""
    hold(place.disk(), Holder(who="a" * 300, pid=1, since="", why="")).release()
    held = hold(place.disk(), HOLDER)
    with pytest.raises(Locked, match="eva@erp"):
        hold(place.disk(), HOLDER)
    held.release()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_never_leads_elsewhere(disk: Disk, verb: str, path: str) -> None:
    """Every verb refuses a path that is absolute, goes up, is odd, or names an unfinished file."""
    with pytest.raises(DiskFailed):
        VERBS[verb](disk, path)


def test_a_full_disk_changes_nothing(place: DiskPlace) -> None:
    """Where there is no room, each verb that needs some says so and leaves everything as it was."""
    disk = place.disk()
    disk.make(PATH, room_bytes=8)
    write(disk, PATH, offset=0, content=b"line")
    place.fill()
    with pytest.raises(DiskFull):
        disk.make("ballast", room_bytes=SMALL_BYTES)
    with pytest.raises(DiskFull):
        disk.replace(PATH, b"new", room_bytes=SMALL_BYTES)
    with pytest.raises(DiskFull):
        disk.write(PATH, offset=4, content=bytes(SMALL_BYTES))
    assert (None, b"line\0\0\0\0") == (disk.read("ballast"), disk.read(PATH))
    assert ("lines.jsonl",) == disk.names("journal/one")


def test_reserved_room_outlives_a_full_disk(place: DiskPlace) -> None:
    """Within its room a file takes what is written although the disk is full, and a lock can be held."""
    disk = place.disk()
    disk.make(PATH, room_bytes=SMALL_BYTES // 4)
    hold(disk, HOLDER).release()
    place.fill()
    line = b"x" * 4095 + b"\n"
    for offset in range(0, SMALL_BYTES // 4, 4096):
        write(disk, PATH, offset=offset, content=line)
    assert line * (SMALL_BYTES // 4 // 4096) == place.disk().read(PATH)
    hold(disk, HOLDER).release()


def test_what_is_removed_or_trimmed_makes_room(place: DiskPlace) -> None:
    """On a full disk the room of a removed file, and what is cut from another, can be used at once."""
    disk = place.disk()
    disk.make("ballast", room_bytes=SMALL_BYTES // 4)
    disk.make(PATH, room_bytes=SMALL_BYTES // 4)
    place.fill()
    disk.remove("ballast")
    disk.replace("a", b"", room_bytes=SMALL_BYTES // 8)
    disk.trim(PATH, size_bytes=0)
    disk.replace("b", b"", room_bytes=SMALL_BYTES // 4)
    assert (bytes(SMALL_BYTES // 8), bytes(SMALL_BYTES // 4)) == (disk.read("a"), disk.read("b"))
