"""What a vault does in every place that is not on this machine."""

from __future__ import annotations

from amankan.ports.store import Store
from tests.kit.aman import Aman
from tests.kit.postgres.database import Database
from tests.kit.vaults import CLAIM, SealedWorld


def vault_lives(store: Store) -> None:
    """A snapshot in the store is taken, listed, read back by the recovery key, retired and gone."""
    world = SealedWorld(store=store)
    snapshot = world.take("20260105T020000Z-shop-00000001", rows=50_000)
    vault = world.open(identities=(world.recovery,))
    assert [snapshot] == [each.id for each in vault.snapshots()]
    assert world.held("shop") == vault.load(snapshot, into="shop_new", claim=CLAIM)
    entry = vault.catalogue.find(snapshot)
    assert entry is not None
    vault.catalogue.retire(entry, why="old", time=world.clock.time)
    assert (f"retired/shop/{snapshot}.json",) == store.names()


def shop_comes_back(aman: Aman, shop: Database) -> None:
    """A backup is proved, shown and encrypted, and gives everything back after a table was dropped."""
    aman.run("backup", status=0)
    [snapshot] = aman.run("backups", "--json", status=0).document["snapshots"]
    assert snapshot["proved"]
    assert snapshot["encrypted"]
    with shop.connect() as session:
        before = session.execute("select count(*) from customers").fetchone()
        session.execute("drop table customers cascade")
    aman.run("restore", "--yes", status=0)
    with shop.connect() as session:
        assert before == session.execute("select count(*) from customers").fetchone()
