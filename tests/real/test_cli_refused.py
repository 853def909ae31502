"""What a backup refuses, tells or leaves alone, from outside: `aman` as a process, on real PostgreSQL servers."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import psycopg
import pytest
from tests.kit.aman import aman_for
from tests.kit.postgres.database import Database
from tests.kit.postgres.fixtures import Servers

pytestmark = pytest.mark.real


def refuse_one(trap: socket.socket) -> None:
    """Whoever comes next finds that nobody speaks."""
    trap.accept()[0].close()


def test_a_vault_whose_disk_is_not_mounted(shop: Database, tmp_path: Path) -> None:
    """Nothing begins anew where snapshots were: every command that needs them says so; another place may be empty."""
    aman = aman_for(tmp_path, shop)
    aman.seal()
    assert [] == aman.run("backups", "--json", status=0).document["snapshots"]
    taken = aman.run("backup", "--no-prove", "--json", status=0).document["backup"]["snapshot"]["id"]
    vault = tmp_path / "backups"
    vault.rename(tmp_path / "away")
    for words in (("backup",), ("backups",), ("restore", "--yes"), ("drill",), ("prune",), ("key", "check")):
        error = aman.run(*words, "--json", status=10).document["error"]
        assert ("vault-missing", "unchanged") == (error["code"], error["production"])
    vault.mkdir(mode=0o700)
    said = aman.run("backup", status=10).err.splitlines()
    assert "cannot find the vault: there is nothing in backups, and there was" == said[-3]
    assert ["cannot", "production", "next"] == [line.replace(":", " ").split()[0] for line in said[-3:]]
    status = aman.run("status", status=0)
    assert ("there is nothing in backups" in status.err, "last backup: not known" in status.out) == (True, True)
    assert [] == list(vault.iterdir())
    vault.rmdir()
    (tmp_path / "away").rename(vault)
    assert [taken] == [each["id"] for each in aman.run("backups", "--json", status=0).document["snapshots"]]
    file = tmp_path / "amankan.toml"
    file.write_text(file.read_text().replace('"backups"', '"elsewhere"'))
    aman.run("backup", "--no-prove", status=0)
    assert 1 == len(aman.run("backups", "--json", status=0).document["snapshots"])


def test_a_view_that_a_restore_cannot_fill(shop: Database, tmp_path: Path) -> None:
    """A materialized view that needs what only its maker's session had is told by name, and nothing is proved."""
    aman = aman_for(tmp_path, shop)
    aman.seal()
    shop.execute(
        "set shop.rate = '7'; create materialized view prices as select id, current_setting('shop.rate') as rate from orders"
    )
    error = aman.run("backup", "--json", status=5).document["error"]
    assert ("exactly as before", True, True) == (
        error["production"],
        "REFRESH MATERIALIZED VIEW public.prices" in error["cannot"],
        'unrecognized configuration parameter "shop.rate"' in error["cannot"],
    )
    assert [False] == [each["proved"] for each in aman.run("backups", "--json", status=0).document["snapshots"]]
    aman.run("drill", status=10)
    shop.execute(f"alter database {shop.name} set shop.rate = '7'")
    aman.run("backup", status=0)


def test_nobody_asks_a_foreign_server(postgres_servers: Servers, tmp_path: Path) -> None:
    """Backup, proof and drill reach no server that a foreign table lies on; the doctor tells that its rows are not in it."""
    with postgres_servers.version(15).database() as shop, socket.create_server(("127.0.0.1", 0)) as trap:
        aman = aman_for(tmp_path, shop)
        aman.seal()
        shop.execute(
            "create extension postgres_fdw; create server far foreign data wrapper postgres_fdw"
            f" options (host '127.0.0.1', port '{trap.getsockname()[1]}', dbname 'far');"
            " create user mapping for public server far options (user 'far', password 'only-an-example');"
            " create foreign table rates (n int) server far; create view shown as select n from rates"
        )
        said = [aman.run(*words, status=0) for words in (("backup",), ("drill",), ("doctor",))]
        trap.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            trap.accept()
        # Whoever looked at a row would have come here.
        trap.settimeout(30.0)
        guest = threading.Thread(target=refuse_one, args=(trap,))
        guest.start()
        with pytest.raises(psycopg.Error, match="could not connect"):
            shop.execute("select n from rates")
        guest.join()
    assert [] == [each for each in said if "only-an-example" in each.out + each.err]
    (found,) = [line for line in said[-1].out.splitlines() if "foreign-tables" in line]
    assert "rates" in found
