"""What the disk of this machine promises beyond the port: modes, links, death and failing syncs."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from amankan.adapters.clocks.system import SystemChance
from amankan.adapters.disks.local import LocalDisk
from amankan.errors import DiskFailed, Locked, SyncFailed

PATH = "journal/one/lines.jsonl"
CHILD = """
import os, signal, sys
from pathlib import Path
from amankan.adapters.clocks.system import SystemChance
from amankan.adapters.disks.local import LocalDisk
disk = LocalDisk(Path(sys.argv[1]), SystemChance())
{acts}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the state lies; nothing is there yet."""
    return tmp_path / "project" / ".amankan"


@pytest.fixture
def disk(folder: Path) -> Iterator[LocalDisk]:
    """Yield a disk that is closed afterwards."""
    with LocalDisk(folder, SystemChance()) as made:
        yield made


def child(folder: Path, acts: str) -> subprocess.Popen[bytes]:
    """Return another process at work on the same folder."""
    words = (sys.executable, "-c", CHILD.format(acts=acts), str(folder))
    return subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.PIPE)


def mode(path: Path) -> int:
    """Return the permission bits of a path."""
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_sees_anything(folder: Path, disk: LocalDisk) -> None:
    """Folders have mode 0700 and files 0600, whatever the umask is and however open the folder was."""
    folder.mkdir(parents=True, mode=0o755)
    folder.chmod(0o755)
    before = os.umask(0)
    try:
        disk.make(PATH, room_bytes=1)
        disk.replace("journal/one/plan.json", b"x")
        disk.hold("lock", "me").release()
    finally:
        os.umask(before)
    modes = {path.relative_to(folder).as_posix(): mode(path) for path in folder.rglob("*")}
    assert {"journal": 0o700, "journal/one": 0o700} == {
        name: each for name, each in modes.items() if "." not in name and name != "lock"
    }
    assert (0o700, {0o600}) == (mode(folder), {mode(path) for path in folder.rglob("*") if path.is_file()})


def test_no_descriptor_reaches_other_programs(disk: LocalDisk) -> None:
    """Open files are not handed to outside programs, and closing closes them all."""
    disk.make(PATH, room_bytes=1)
    held = disk.hold("lock", "me")
    opened = [int(name) for name in os.listdir("/proc/self/fd") if _leads_below(int(name), "/.amankan/")]
    assert 2 == len(opened)
    assert [False, False] == [os.get_inheritable(descriptor) for descriptor in opened]
    held.release()
    disk.close()
    assert [] == [name for name in os.listdir("/proc/self/fd") if _leads_below(int(name), "/.amankan/")]


def _leads_below(descriptor: int, part: str) -> bool:
    try:
        return part in os.readlink(f"/proc/self/fd/{descriptor}")
    except FileNotFoundError:
        return False


def test_a_link_is_never_followed(folder: Path, disk: LocalDisk, tmp_path: Path) -> None:
    """A link in the place of a file or a folder is refused, and what it points to stays."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_bytes(b"not ours")
    disk.replace("a", b"x")
    (folder / "link").symlink_to(tmp_path / "elsewhere" / "file")
    (folder / "journal").symlink_to(tmp_path / "elsewhere")
    for act in (
        lambda: disk.read("link"),
        lambda: disk.write("link", offset=0, content=b"x"),
        lambda: disk.make("link", room_bytes=1),
        lambda: disk.hold("link", "me"),
        lambda: disk.read("journal/file"),
        lambda: disk.replace("journal/file", b"x"),
        lambda: disk.remove("journal/file"),
        lambda: disk.names("journal"),
    ):
        with pytest.raises(DiskFailed):
            act()
    assert b"not ours" == (tmp_path / "elsewhere" / "file").read_bytes()
    disk.replace("link", b"ours")
    assert (b"ours", b"not ours") == (disk.read("link"), (tmp_path / "elsewhere" / "file").read_bytes())


def test_what_is_no_file_is_refused(folder: Path, disk: LocalDisk) -> None:
    """A pipe or a folder in the place of a file is refused at once; nothing waits for its other end."""
    disk.replace("a", b"x")
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(DiskFailed):
            disk.read(name)
        with pytest.raises(DiskFailed):
            disk.hold(name, "me")


def test_a_lock_dies_with_its_holder(folder: Path, disk: LocalDisk) -> None:
    """A process that is killed holds no lock any more; until then its note can be read by others."""
    process = child(folder, "disk.hold('lock', '{}'); print(flush=True); sys.stdin.read()")
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(Locked):
        disk.hold("lock", "mine")
    assert b"{}" == disk.read("lock")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    disk.hold("lock", "mine").release()


def test_a_lock_file_that_was_swapped_locks_nobody_in(folder: Path, disk: LocalDisk) -> None:
    """After somebody removed the lock file, the next holder holds the new one, and is the only one who does."""
    first = disk.hold("lock", "me")
    (folder / "lock").unlink()
    second = disk.hold("lock", "me")
    with pytest.raises(Locked):
        disk.hold("lock", "me")
    first.release()
    with pytest.raises(Locked):
        disk.hold("lock", "me")
    second.release()


def test_what_was_synced_outlives_its_writer(folder: Path, disk: LocalDisk) -> None:
    """A process that is killed right after a sync leaves all that it had written."""
    acts = f"disk.make({PATH!r}, room_bytes=8); disk.write({PATH!r}, offset=1, content=b'abc'); disk.sync({PATH!r})"
    process = child(folder, f"{acts}; os.kill(os.getpid(), signal.SIGKILL)")
    process.communicate()
    assert -signal.SIGKILL == process.returncode
    assert b"\0abc\0\0\0\0" == disk.read(PATH)


def test_a_killed_replacement_is_the_old_or_the_new(folder: Path, disk: LocalDisk) -> None:
    """Whenever a process that replaces a file is killed, the file is whole, and what it left unfinished is collected."""
    contents = (b"a" * 300_000, b"b" * 200_000)
    disk.replace(PATH, contents[0])
    acts = f"while True:\n  for one in (b'a' * 300_000, b'b' * 200_000):\n    disk.replace({PATH!r}, one); print(flush=True)"
    for pause_seconds in (0.0, 0.003, 0.007, 0.011, 0.02):
        process = child(folder, acts)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause_seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert disk.read(PATH) in contents
        assert ("lines.jsonl",) == disk.names("journal/one")
    disk.replace(PATH, b"last")
    assert ["lines.jsonl"] == os.listdir(folder / "journal" / "one")


def test_only_dead_pieces_are_collected(folder: Path, disk: LocalDisk) -> None:
    """An unfinished file goes when its writer is dead, and stays while it lives; no reader ever sees one."""
    disk.replace(PATH, b"x")
    place = folder / "journal" / "one"
    (place / ".new-1-dead").write_bytes(b"half")
    with (place / ".new-2-living").open("wb") as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        disk.replace(PATH, b"y")
        assert [".new-2-living", "lines.jsonl"] == sorted(os.listdir(place))
        assert ("lines.jsonl",) == disk.names("journal/one")


def test_a_failed_sync_is_final(disk: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a sync failed nothing is written to the file and no sync is tried again, until the file is written anew."""
    disk.make(PATH, room_bytes=8)
    disk.write(PATH, offset=0, content=b"lost")
    calls: list[int] = []

    def fail(descriptor: int) -> None:
        calls.append(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        for _ in range(3):
            with pytest.raises(SyncFailed):
                disk.sync(PATH)
    assert 1 == len(calls)
    for act in (partial(disk.write, offset=4, content=b"more"), disk.sync, partial(disk.trim, size_bytes=8)):
        with pytest.raises(SyncFailed):
            act(PATH)
    disk.replace(PATH, b"anew", room_bytes=8)
    disk.write(PATH, offset=4, content=b"more")
    disk.sync(PATH)
    assert b"anewmore" == disk.read(PATH)


def test_a_new_file_whose_sync_fails_is_not_there(folder: Path, disk: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a new content cannot be synced, the old one stays, and nothing unfinished is left."""
    disk.replace(PATH, b"old")

    really = os.fsync

    def fail(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        really(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(DiskFailed):
            disk.replace(PATH, b"new")
    assert b"old" == disk.read(PATH)
    assert ["lines.jsonl"] == os.listdir(folder / "journal" / "one")


def test_room_is_written_where_it_cannot_be_reserved(disk: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system that cannot reserve room, zeros are written instead."""

    def refuse(*_: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    disk.make(PATH, room_bytes=3_000_001)
    assert bytes(3_000_001) == disk.read(PATH)


def test_a_look_at_the_lock_keeps_nobody_out(folder: Path, disk: LocalDisk) -> None:
    """Whoever takes the lock in the moment in which others look at it gets it."""
    disk.hold("lock", "").release()
    looking = child(folder, "sys.stdout.buffer.write(b'.'); sys.stdout.flush()\nwhile True: disk.held('lock')")
    try:
        assert looking.stdout is not None
        assert b"." == looking.stdout.read(1)
        for _ in range(2000):
            disk.hold("lock", "").release()
    finally:
        looking.kill()
        looking.communicate()
