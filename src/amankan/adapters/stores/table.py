"""Every kind of place that a vault can be in, by the scheme of its location."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from amankan.adapters.stores.folder import FolderStore
from amankan.adapters.stores.object import ObjectStore
from amankan.errors import ConfigurationFault
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.ports.store import Store

Options = Mapping[str, "str | Secret"]
NO_OPTIONS: Options = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A store, opened; what is `remote` can be read by somebody else, so nothing may lie there unencrypted."""

    store: Store
    remote: bool


def _folder(location: str, _: Options) -> Place:
    return Place(store=FolderStore(Path(location.removeprefix("file://"))), remote=False)


def _memory(_: str, __: Options) -> Place:
    return Place(store=ObjectStore(MemoryStore()), remote=False)


def _s3(location: str, options: Options) -> Place:
    client = _client(options, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "AWS_ENDPOINT_URL")
    remote = S3Store.from_url(location, config=_revealed(options), client_options=client)  # type: ignore[arg-type]
    return Place(store=ObjectStore(remote), remote=True)


def _google(location: str, options: Options) -> Place:
    client = _client(options, "GOOGLE_BASE_URL")
    remote = GCSStore.from_url(location, config=_revealed(options), client_options=client)  # type: ignore[arg-type]
    return Place(store=ObjectStore(remote), remote=True)


def _azure(location: str, options: Options) -> Place:
    client = _client(options, "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
    remote = AzureStore.from_url(location, config=_revealed(options), client_options=client)  # type: ignore[arg-type]
    return Place(store=ObjectStore(remote), remote=True)


def _sftp(location: str, _: Options) -> Place:
    # Only who has a vault there pays for the library's time.
    from amankan.adapters.stores.line import Address
    from amankan.adapters.stores.sftp import SftpStore

    parts = urlsplit(location)
    if not parts.hostname:
        raise ConfigurationFault(say("cannot use the vault at {location}: it names no machine", location=location))
    address = Address(host=parts.hostname, user=unquote(parts.username or ""), port=parts.port or 0)
    # As curl does it: `/~/` in front is the home folder there, every other path is from the top.
    path = unquote(parts.path)
    return Place(store=SftpStore(address, path.removeprefix("/~/") if path.startswith("/~/") else path), remote=True)


TABLE: Mapping[str, Callable[[str, Options], Place]] = MappingProxyType(
    {"": _folder, "file": _folder, "memory": _memory, "s3": _s3, "gs": _google, "az": _azure, "sftp": _sftp}
)


def open_place(location: str, options: Options = NO_OPTIONS) -> Place:
    """
    Return the place at `location`: a path, or a URL of one of the schemes of the table; nothing is touched yet.

    Args:
        options: what the place needs beside its location, by the names that its own tools use in the environment,
            without their prefix: `endpoint`, `region`, `access_key_id`, `secret_access_key`; for Google `base_url`.
    Raises:
        ConfigurationFault: no such kind of place, a secret in the location, or plain HTTP to another machine.
    """
    parts = urlsplit(location)
    if parts.password is not None or parts.query:
        raise ConfigurationFault(say("cannot use the vault's location: a secret belongs into a reference, not into it"))
    make = TABLE.get(parts.scheme)
    if make is None:
        known = ", ".join(scheme for scheme in TABLE if scheme)
        raise ConfigurationFault(
            say("cannot use a vault at {scheme}: it can be a folder, or {known}", scheme=parts.scheme, known=known)
        )
    try:
        return make(location, options)
    except (BaseError, ValueError) as error:
        why = str(error).partition("\n")[0]
        raise ConfigurationFault(say("cannot use the vault at {location}: {why}", location=location, why=why)) from error


def _revealed(options: Options) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in options.items()}


def _client(options: Options, *variables: str) -> dict[str, bool]:
    """Return what lets the library speak plain HTTP, where the place is this machine; it reads the variables by itself."""
    given = [options.get("endpoint"), options.get("base_url"), *map(os.environ.get, variables)]
    endpoint = next((each for each in given if each), "")
    address = urlsplit(endpoint if isinstance(endpoint, str) else endpoint.reveal())
    if address.scheme != "http":
        return {}
    if not _loopback(address.hostname or ""):
        raise ConfigurationFault(
            say("cannot use plain HTTP to {host}: everybody between could read", host=str(address.hostname))
        )
    return {"allow_http": True}


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
