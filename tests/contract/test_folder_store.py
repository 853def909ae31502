"""What a folder keeps beside the promise of every store: modes, links, crashes, and a disk that is full."""

import os
import resource
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from amankan.adapters.stores.folder import FolderStore
from amankan.errors import StoreFailed


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return where the folder will be."""
    return tmp_path / "backups"


def everything(root: Path) -> dict[str, int]:
    """Return every path below the root with its mode."""
    return {path.relative_to(root).as_posix(): stat.S_IMODE(path.lstat().st_mode) for path in root.rglob("*")}


def test_only_the_owner_can_read(root: Path) -> None:
    """Folders are 0700 and files 0600, whatever the mask of the process, and nothing else is left."""
    before = os.umask(0)
    try:
        FolderStore(root).put("a/b/c", [b"x"])
    finally:
        os.umask(before)
    assert 0o700 == stat.S_IMODE(root.stat().st_mode)
    assert {"a": 0o700, "a/b": 0o700, "a/b/c": 0o600} == everything(root)


def test_a_folder_that_everybody_can_write_is_refused(root: Path) -> None:
    """Where everybody could plant a snapshot, nothing is put or read."""
    root.mkdir()
    root.chmod(0o777)
    with pytest.raises(StoreFailed) as told:
        FolderStore(root).put("a/b", [b"x"])
    assert "everybody can write" in str(told.value)
    assert {} == everything(root)


def test_no_link_is_followed(root: Path, tmp_path: Path) -> None:
    """Neither a folder nor a file that is a link is read, written, listed or deleted through."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b").write_bytes(b"theirs")
    store = FolderStore(root)
    store.put("real/x", [b"x"])
    (root / "a").symlink_to(elsewhere)
    (root / "real" / "b").symlink_to(elsewhere / "b")
    for name in ("a/b", "real/b"):
        with pytest.raises(StoreFailed):
            b"".join(store.get(name))
    for name in ("a/c", "real/b"):
        with pytest.raises(StoreFailed):
            store.put(name, [b"ours"])
    assert ("real/x",) == store.names()
    assert None is store.size("real/b")
    store.delete("real/b")
    assert (["b"], b"theirs") == ([path.name for path in elsewhere.iterdir()], (elsewhere / "b").read_bytes())


def test_what_is_no_file_is_not_read(root: Path) -> None:
    """A pipe in the place of a file neither hangs nor counts."""
    store = FolderStore(root)
    store.put("a/x", [b"x"])
    os.mkfifo(root / "a" / "b")
    with pytest.raises(StoreFailed):
        b"".join(store.get("a/b"))
    assert (None, ("a/x",)) == (store.size("a/b"), store.names())


@pytest.mark.parametrize("name", ["", "/etc/x", "../x", "a/../x", "a//b", "a/./b", ".x", "a/.x", "a\nb", "a\0b", "x" * 201])
def test_a_name_that_leads_elsewhere_is_refused(root: Path, name: str) -> None:
    """A name that could lead out of the folder, or hide in it, is refused by every verb."""
    store = FolderStore(root)
    for verb in (store.get, store.size, store.delete, lambda each: store.put(each, [b"x"])):
        with pytest.raises(StoreFailed):
            verb(name)
    assert not root.exists()


def test_a_crash_leaves_what_can_be_collected(root: Path) -> None:
    """What a crash left unfinished is not listed, stays while it is young, and goes when it is old."""
    store = FolderStore(root)
    store.put("a/x", [b"x"])
    left = root / "a" / ".0123456789abcdef.part"
    left.write_bytes(b"half")
    assert ("a/x",) == store.names()
    assert (0, True) == (store.collect("a", older_than_seconds=3600), left.exists())
    old = time.time() - 7200
    os.utime(left, (old, old))
    assert (1, False) == (store.collect("", older_than_seconds=3600), left.exists())
    assert (0, 0) == (store.collect("a", older_than_seconds=0), store.collect("missing", older_than_seconds=0))
    assert {"a", "a/x"} == set(everything(root))


def test_a_deleted_snapshot_leaves_no_folder(root: Path) -> None:
    """With its last file a folder goes too."""
    store = FolderStore(root)
    store.put("a/b/c", [b"x"])
    store.put("a/d", [b"x"])
    store.delete("a/b/c")
    assert {"a", "a/d"} == set(everything(root))
    store.delete("a/d")
    assert {} == everything(root)


def test_a_disk_that_is_full_leaves_nothing(root: Path) -> None:
    """When a file may not grow any more the old objects stay, and the new one is not there."""
    store = FolderStore(root)
    store.put("a/old", [b"x" * 100])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(StoreFailed) as told:
            store.put("a/new", (b"x" * 100_000 for _ in range(100)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "File too large" in str(told.value)
    assert {"a", "a/old"} == set(everything(root))


def test_a_full_disk_can_be_cleared(root: Path) -> None:
    """What a crash left unfinished goes away although nothing can be written; a look at ages that fails leaves nothing."""
    store = FolderStore(root)
    store.put("a/old", [b"x" * 100])
    (root / "a" / ".0badcafe0badcafe.part").write_bytes(b"y")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(StoreFailed):
            store.collect("a", older_than_seconds=3600)
        assert 1 == store.collect("a", older_than_seconds=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {"a", "a/old"} == set(everything(root))


def test_a_content_that_is_given_up_leaves_nothing(root: Path) -> None:
    """When the process is told to stop in the middle of a put, nothing is left of it."""

    def stopped() -> Iterator[bytes]:
        yield b"x" * 100_000
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FolderStore(root).put("a/b", stopped())
    assert {"a"} == set(everything(root))
