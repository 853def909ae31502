"""The promise of `ports.store`, kept over real servers of S3 and of Azure, and by Google's client over a server of S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
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
from tests.contract.test_store import (
    test_one_of_many_wins as one_of_many_wins,
)
from tests.kit.aman import aman_for
from tests.kit.azure import azure_server
from tests.kit.elsewhere import shop_comes_back, vault_lives
from tests.kit.postgres.database import Database
from tests.kit.s3 import google_server, s3_server

from amankan.adapters.stores.table import Options, open_place
from amankan.errors import StoreFailed
from amankan.model.secret import Secret
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

CANARY = "Y2FuYXJ5Y2FuYXJ5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A kind of object storage: how a server of it is made, and by which variables a user tells of it."""

    scheme: str
    server: Callable[[Path], AbstractContextManager[Options]]
    variables: Mapping[str, str]
    secret: str = ""

    def environment(self, options: Options) -> dict[str, str]:
        """Return the variables of a user of this server."""
        told = {name: options[option] for name, option in self.variables.items()}
        return {name: value.reveal() if isinstance(value, Secret) else value for name, value in told.items()}


SERVICES = {
    "s3": Service(
        scheme="s3",
        server=s3_server,
        variables={
            "AWS_ACCESS_KEY_ID": "access_key_id",
            "AWS_SECRET_ACCESS_KEY": "secret_access_key",
            "AWS_REGION": "region",
            "AWS_ENDPOINT": "endpoint",
        },
        secret="secret_access_key",
    ),
    "azure": Service(
        scheme="az",
        server=azure_server,
        variables={
            "AZURE_STORAGE_ACCOUNT_NAME": "account_name",
            "AZURE_STORAGE_ACCOUNT_KEY": "account_key",
            "AZURE_STORAGE_ENDPOINT": "endpoint",
        },
        secret="account_key",
    ),
    "google": Service(
        scheme="gs",
        server=google_server,
        variables={"GOOGLE_SERVICE_ACCOUNT": "service_account", "GOOGLE_BASE_URL": "base_url"},
    ),
}


@dataclass(slots=True, kw_only=True)
class Running:
    """A service that answers, with one bucket."""

    service: Service
    options: Options = field(repr=False)

    def open(self, folder: str, **other: str) -> Store:
        """Return the store in a folder of the bucket."""
        return open_place(f"{self.service.scheme}://bucket/{folder}", {**self.options, **other}).store


@pytest.fixture(scope="module", params=SERVICES, ids=str)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Yield a server of each kind."""
    service = SERVICES[request.param]
    folder = tmp_path_factory.mktemp(request.param) / "buckets"
    (folder / "bucket").mkdir(parents=True)
    with service.server(folder) as options:
        yield Running(service=service, options=options)


@pytest.fixture
def store(running: Running, tmp_path: Path) -> Store:
    """Return an empty place in the bucket."""
    return running.open(tmp_path.name)


def test_a_vault_lives_in_a_bucket(store: Store) -> None:
    """A snapshot in a bucket is taken, listed, read back by the recovery key, retired and gone."""
    vault_lives(store)


@pytest.mark.parametrize("running", ["azure"], indirect=True)
def test_one_of_many_wins_by_the_server(store: Store) -> None:
    """Of many that put the same name at once exactly one succeeds, where the server knows the condition; rclone does not."""
    one_of_many_wins(store)


@pytest.mark.parametrize("running", [name for name, each in SERVICES.items() if each.secret], indirect=True)
def test_a_wrong_secret_is_told(running: Running) -> None:
    """A server that refuses us is a failure of the store, and the secret is not repeated."""
    wrong = running.open("closed", **{running.service.secret: CANARY})
    with pytest.raises(StoreFailed) as told:
        wrong.put("a/b", [b"x"])
    assert CANARY not in str(told.value)


@pytest.mark.parametrize("name", SERVICES)
def test_a_server_that_is_gone_is_told(name: str, tmp_path: Path) -> None:
    """Where no server answers, the store fails with a reason."""
    (tmp_path / "buckets" / "bucket").mkdir(parents=True)
    with SERVICES[name].server(tmp_path / "buckets") as options:
        pass
    with pytest.raises(StoreFailed):
        Running(service=SERVICES[name], options=options).open("").names()


def test_a_user_keeps_backups_there(running: Running, any_shop: Database, tmp_path: Path) -> None:
    """A bucket that the usual variables lead to takes a proved backup, and gives it back after a table was dropped."""
    home = tmp_path / "app"
    home.mkdir()
    aman = aman_for(home, any_shop)
    aman.configure(recipients=(aman.seal(),), location=f"{running.service.scheme}://bucket/shop")
    aman.environment |= running.service.environment(running.options)
    shop_comes_back(aman, any_shop)
