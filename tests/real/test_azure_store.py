"""The promise of `ports.store`, kept over a real server of Azure's blobs."""

from __future__ import annotations

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
from tests.kit.azure import ACCOUNT, KEY, azure_server
from tests.kit.elsewhere import shop_comes_back, vault_lives
from tests.kit.postgres.database import Database

from amankan.adapters.stores.table import Options, open_place
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Options]:
    """Return what a place needs to reach a server with one container."""
    folder = tmp_path_factory.mktemp("azure") / "blobs"
    folder.mkdir()
    with azure_server(folder, container="box") as options:
        yield options


@pytest.fixture
def store(server: Options, tmp_path: Path) -> Store:
    """Return an empty place in the container."""
    return open_place(f"az://box/{tmp_path.name}", server).store


def test_a_vault_lives_in_a_container(store: Store) -> None:
    """A snapshot in a container is taken, listed, read back by the recovery key, retired and gone."""
    vault_lives(store)


def test_a_wrong_key_is_told(server: Options) -> None:
    """A server that refuses us is a failure of the store, and the key is not repeated."""
    wrong = open_place("az://box/closed", {**server, "account_key": "Y2FuYXJ5Y2FuYXJ5"}).store
    with pytest.raises(StoreFailed) as told:
        wrong.put("a/b", [b"x"])
    assert "Y2FuYXJ5" not in str(told.value)


def test_a_user_keeps_backups_there(server: Options, any_shop: Database, tmp_path: Path) -> None:
    """A container that Azure's own variables lead to takes a proved backup, and gives it back after a table was dropped."""
    home = tmp_path / "app"
    home.mkdir()
    aman = aman_for(home, any_shop)
    aman.configure(recipients=(aman.seal(),), location="az://box/shop")
    aman.environment |= {
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        "AZURE_STORAGE_ENDPOINT": str(server["endpoint"]),
    }
    shop_comes_back(aman, any_shop)
