"""What `amankan.toml` says, as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from amankan.model.app import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentReference:
    """The value of a variable of our own environment."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReference:
    """The content of a file, without the one newline that may end it; relative to the folder of the configuration."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerReference:
    """The value of a variable as a service of the app has it."""

    service: str
    name: str


Reference = EnvironmentReference | FileReference | ContainerReference
"""Where a secret is; the secret itself never stands in the configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """The app's name (a lower-case letter, then letters, digits and dashes) and which of its places this is."""

    name: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeSettings:
    """A Compose project: its file, and the services that carry the app's image."""

    file: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """A process of this machine: its words, the folder that it runs in, and the address that it answers at."""

    command: str
    folder: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """
    The app's database: where it is, how it is migrated and seeded (empty for not at all), how the app is told of it.

    `admin` is the tool's own way in, where it is not the app's. `environment` pairs the name of a variable of the app
    with its template.
    """

    url: Reference
    admin: Reference | None
    migrate: str
    seed: str
    environment: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSettings:
    """How long snapshots are kept: all of so many days, one for each of so many weeks and months."""

    days: int = 30
    weekly: int = 8
    monthly: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSettings:
    """Where snapshots lie (a folder, or a URL), who can read them, and how long they stay."""

    location: str
    recipients: tuple[str, ...]
    keep: KeepSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """What a release must show: addresses that answer, log lines that must not be new, statements that say true."""

    http: tuple[str, ...]
    log_errors: tuple[str, ...]
    sql: tuple[tuple[str, str], ...]
    watch_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of one `amankan.toml`, checked; `folder` is where the `file` lies, and what relative paths are relative to."""

    folder: Path
    app: AppSettings
    runtime: ComposeSettings | ProcessSettings | None
    database: DatabaseSettings
    vault: VaultSettings
    checks: CheckSettings
    limits: Limits
    notify: tuple[Reference, ...]
    file: str = "amankan.toml"
