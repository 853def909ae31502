"""The location of a vault leads to the right kind of place, or is refused in words that help."""

from pathlib import Path

import pytest

from amankan.adapters.stores.folder import FolderStore
from amankan.adapters.stores.object import ObjectStore
from amankan.adapters.stores.table import open_place
from amankan.errors import ConfigurationFault
from amankan.model.secret import Secret

KEYS: dict[str, str | Secret] = {"access_key_id": "someone", "secret_access_key": Secret("canary"), "region": "here"}


@pytest.mark.parametrize(
    ("location", "kind", "remote"),
    [
        ("backups", FolderStore, False),
        ("/var/backups", FolderStore, False),
        ("file:///var/backups", FolderStore, False),
        ("memory://", ObjectStore, False),
        ("s3://bucket/prefix", ObjectStore, True),
    ],
)
def test_a_location_leads_to_its_kind_of_place(location: str, kind: type, remote: bool) -> None:
    """Each scheme has its kind of place, and what is elsewhere is told as remote."""
    place = open_place(location, KEYS if remote else {})
    assert (kind, remote) == (type(place.store), place.remote)


def test_a_folder_is_found_where_it_is_said(tmp_path: Path) -> None:
    """Both ways to write a folder lead to the same one."""
    open_place(str(tmp_path / "v")).store.put("a/b", [b"x"])
    assert ("a/b",) == open_place(f"file://{tmp_path}/v").store.names()


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("ftp://host/path", "it can be a folder, or"),
        ("s3://user:canary@bucket", "a secret belongs into a reference"),
        ("s3://bucket?secret=canary", "a secret belongs into a reference"),
        ("http://host/path", "it can be a folder, or"),
    ],
)
def test_a_bad_location_is_told(location: str, why: str) -> None:
    """An unknown scheme or a secret in the location is refused, and the secret is not repeated."""
    with pytest.raises(ConfigurationFault) as told:
        open_place(location)
    assert why in str(told.value)
    assert "canary" not in str(told.value)


def test_plain_http_stays_on_this_machine() -> None:
    """An endpoint without TLS is refused unless it is this machine."""
    with pytest.raises(ConfigurationFault):
        open_place("s3://bucket", {**KEYS, "endpoint": "http://192.0.2.1:9000"})
    for endpoint in ("http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000", "https://192.0.2.1"):
        open_place("s3://bucket", {**KEYS, "endpoint": endpoint})
    with pytest.raises(ConfigurationFault):
        open_place("gs://bucket", {"base_url": "http://192.0.2.1:9000"})
    with pytest.raises(ConfigurationFault):
        open_place("az://box", {"account_name": "someone", "endpoint": "http://192.0.2.1:9000"})


@pytest.mark.parametrize(
    ("location", "variable"),
    [
        ("s3://bucket", "AWS_ENDPOINT"),
        ("s3://bucket", "AWS_ENDPOINT_URL"),
        ("s3://bucket", "AWS_ENDPOINT_URL_S3"),
        ("gs://bucket", "GOOGLE_BASE_URL"),
        ("az://box", "AZURE_STORAGE_ENDPOINT"),
        ("az://box", "AZURE_ENDPOINT"),
    ],
)
def test_plain_http_by_a_variable_stays_too(location: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of the endpoint is held to the same rule, and the machine is named."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "someone")
    monkeypatch.setenv(variable, "http://192.0.2.1:9000")
    with pytest.raises(ConfigurationFault) as told:
        open_place(location)
    assert "192.0.2.1" in str(told.value)
    monkeypatch.setenv(variable, "http://127.0.0.1:9000")
    open_place(location)
