"""The promise of `ports.store`, kept over a real S3 server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.test_store import (
    test_a_content_that_fails_leaves_nothing,
    test_deleting_takes_one_object,
    test_names_are_those_below_a_folder,
    test_nothing_is_ever_replaced,
    test_nothing_unfinished_is_listed_while_it_is_written,
    test_what_is_not_there_is_told,
    test_what_was_put_is_there,
)
from tests.kit.aman import aman_for
from tests.kit.elsewhere import shop_comes_back, vault_lives
from tests.kit.postgres.database import Database
from tests.kit.s3 import s3_server

from amankan.adapters.stores.table import Options, open_place
from amankan.errors import StoreFailed
from amankan.ports.store import Store

__all__ = [
    "test_a_content_that_fails_leaves_nothing",
    "test_deleting_takes_one_object",
    "test_names_are_those_below_a_folder",
    "test_nothing_is_ever_replaced",
    "test_nothing_unfinished_is_listed_while_it_is_written",
    "test_what_is_not_there_is_told",
    "test_what_was_put_is_there",
]
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Options]:
    """Return what a place needs to reach a server with one bucket."""
    folder = tmp_path_factory.mktemp("s3") / "buckets"
    (folder / "bucket").mkdir(parents=True)
    with s3_server(folder) as options:
        yield options


@pytest.fixture
def store(server: Options, tmp_path: Path) -> Store:
    """Return an empty place in the bucket."""
    return open_place(f"s3://bucket/{tmp_path.name}", server).store


def test_a_vault_lives_in_a_bucket(store: Store) -> None:
    """A snapshot in a bucket is taken, listed, read back by the recovery key, retired and gone."""
    vault_lives(store)


def test_a_wrong_secret_is_told(server: Options) -> None:
    """A server that refuses us is a failure of the store, and the secret is not repeated."""
    wrong = open_place("s3://bucket/closed", {**server, "secret_access_key": "canary"}).store
    with pytest.raises(StoreFailed) as told:
        wrong.put("a/b", [b"x"])
    assert "canary" not in str(told.value)


def test_a_server_that_is_gone_is_told(tmp_path: Path) -> None:
    """Where no server answers, the store fails with a reason."""
    (tmp_path / "buckets").mkdir()
    with s3_server(tmp_path / "buckets") as options:
        pass
    with pytest.raises(StoreFailed):
        open_place("s3://bucket", options).store.names()


def test_a_user_keeps_backups_there(server: Options, any_shop: Database, tmp_path: Path) -> None:
    """A bucket that the usual variables lead to takes a proved backup, and gives it back after a table was dropped."""
    home = tmp_path / "app"
    home.mkdir()
    aman = aman_for(home, any_shop)
    aman.configure(recipients=(aman.seal(),), location="s3://bucket/shop")
    aman.environment |= {
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "something",
        "AWS_REGION": "here",
        "AWS_ENDPOINT": str(server["endpoint"]),
    }
    shop_comes_back(aman, any_shop)
