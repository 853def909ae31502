"""The promise of `ports.store`, kept over a real SFTP server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.test_store import (
    test_a_content_that_fails_leaves_nothing,
    test_deleting_takes_one_object,
    test_names_are_those_below_a_folder,
    test_nothing_is_ever_replaced,
    test_nothing_unfinished_is_listed_while_it_is_written,
    test_one_of_many_wins,
    test_what_is_not_there_is_told,
    test_what_was_put_is_there,
)
from tests.kit.aman import aman_for
from tests.kit.elsewhere import shop_comes_back
from tests.kit.postgres.database import Database
from tests.kit.sftp import Remote, cut, sftp_server
from tests.kit.vaults import CLAIM, SealedWorld

from amankan.adapters.stores.table import open_place
from amankan.errors import StoreFailed
from amankan.ports.store import Store

__all__ = [
    "test_a_content_that_fails_leaves_nothing",
    "test_deleting_takes_one_object",
    "test_names_are_those_below_a_folder",
    "test_nothing_is_ever_replaced",
    "test_nothing_unfinished_is_listed_while_it_is_written",
    "test_one_of_many_wins",
    "test_what_is_not_there_is_told",
    "test_what_was_put_is_there",
]
pytestmark = pytest.mark.real


@pytest.fixture
def remote(open_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Remote]:
    """Yield a server, with a home folder that leads to it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    with sftp_server(open_dir, home=home) as server:
        yield server


@pytest.fixture
def store(remote: Remote) -> Store:
    """Return an empty place on it."""
    return open_place(f"{remote.location}/a/vault").store


def test_a_vault_lives_on_another_machine(store: Store, remote: Remote) -> None:
    """A snapshot there is taken, listed, read back by the recovery key, retired and gone; nobody else can read it."""
    world = SealedWorld(store=store)
    snapshot = world.take("20260105T020000Z-shop-00000001", rows=50_000)
    files = [path for path in remote.folder.rglob("*") if path.is_file()]
    assert {0o600} == {path.stat().st_mode & 0o777 for path in files}
    vault = world.open(identities=(world.recovery,))
    assert [snapshot] == [each.id for each in vault.snapshots()]
    assert world.held("shop") == vault.load(snapshot, into="shop_new", claim=CLAIM)
    entry = vault.catalogue.find(snapshot)
    assert entry is not None
    vault.catalogue.retire(entry, why="old", time=world.clock.time)
    assert (f"retired/shop/{snapshot}.json",) == store.names()


def test_a_line_that_is_cut_is_told_and_made_again(store: Store, remote: Remote) -> None:
    """What was being put when the line was cut is no object; the next request connects again."""

    def cutting() -> Iterator[bytes]:
        yield b"1" * (9 << 20)
        cut(remote)
        yield b"2" * (9 << 20)

    with pytest.raises(StoreFailed):
        store.put("a/b", cutting())
    assert (None, ()) == (store.size("a/b"), store.names())
    begun = [path for path in remote.folder.rglob("*") if path.is_file()]
    assert len(begun) == store.collect("a", older_than_seconds=0.0)
    assert 0 == store.collect("a", older_than_seconds=0.0)
    assert 3 == store.put("a/b", [b"abc"])


def test_what_is_young_is_not_collected(store: Store, remote: Remote) -> None:
    """What somebody may still be writing stays, by the clock of the other machine."""
    store.put("a/b", [b"abc"])
    [folder] = [path.parent for path in remote.folder.rglob("b")]
    (folder / ".x.part").write_text("x")
    assert 0 == store.collect("a", older_than_seconds=3600.0)
    assert 1 == store.collect("a", older_than_seconds=0.0)


def test_a_link_is_no_object(store: Store, remote: Remote) -> None:
    """A link that somebody laid there is neither listed nor read."""
    store.put("a/b", [b"abc"])
    [folder] = [path.parent for path in remote.folder.rglob("b")]
    (folder / "c").symlink_to("/etc/passwd")
    assert (("a/b",), None) == (store.names(), store.size("a/c"))
    with pytest.raises(StoreFailed):
        b"".join(store.get("a/c"))


def test_who_is_not_known_is_refused(remote: Remote) -> None:
    """A machine with another host key than the known one gets nothing, and neither does one whose key nobody knows."""
    known = remote.home / ".ssh" / "known"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(remote.home / "other")], check=True)
    words = (remote.home / "other.pub").read_text().split()
    for text in (f"[127.0.0.1]:{remote.port} {words[0]} {words[1]}\n", ""):
        known.write_text(text)
        with pytest.raises(StoreFailed) as told:
            open_place(remote.location).store.put("a", [b"x"])
        assert "see that this works without a question: sftp vault" == str(told.value.next)
    assert [] == list(remote.folder.iterdir())


def test_a_machine_that_is_gone_is_told(store: Store, remote: Remote) -> None:
    """Where no server answers, the store fails with a reason."""
    store.put("a", [b"x"])
    cut(remote)
    remote.process.kill()
    remote.process.wait()
    with pytest.raises(StoreFailed):
        store.names()


def test_a_user_keeps_backups_there(remote: Remote, any_shop: Database, tmp_path: Path) -> None:
    """A vault named by its address takes a proved backup, shows it, and gives it back after a table was dropped."""
    home = tmp_path / "app"
    home.mkdir()
    aman = aman_for(home, any_shop)
    aman.configure(recipients=(aman.seal(),), location=f"{remote.location}/shop")
    aman.environment["HOME"] = str(remote.home)
    shop_comes_back(aman, any_shop)
