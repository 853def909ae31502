"""What was seen of an app before anything was guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Files of a release: their paths as seen from its working folder, and the texts of those that tell something."""

    files: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPort:
    """A port that a service publishes on this machine; `host` is empty where it is published to everybody."""

    host: str
    published: int
    target: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSeen:
    """
    One service of a Compose project.

    `variables` holds secrets and is never shown. `begins` is what runs when it starts, entrypoint and command together;
    `script` the text of the entrypoint where it is a script.
    """

    name: str
    image: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    begins: tuple[str, ...] = ()
    script: str = ""
    ports: tuple[SeenPort, ...] = ()
    health: str = ""
    names: frozenset[str] = frozenset()
    contents: Contents = field(default_factory=Contents)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProject:
    """A Compose project: its name, its file as the configuration will name it, its services, and the files beside it."""

    name: str
    file: str
    services: tuple[ServiceSeen, ...]
    beside: Contents = field(default_factory=Contents)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFolder:
    """An app without containers: the folder's name, what the link `current` leads to, and the surroundings' variables."""

    name: str
    release: str
    contents: Contents
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
