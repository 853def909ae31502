"""What the runtime must be told of a project and of its database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amankan.model.secret import Secret
from amankan.proc.docker import Docker

Variables = tuple[tuple[str, Secret], ...]
Environment = tuple[tuple[str, str | Secret], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """
    Where the app's database is, as the app says it, and how the app is told of another place.

    `variables` returns the app's variables for a host, a port and the name of a database. Where `socket` is given, releases in
    the dark are led to the server that listens on this unix socket of the machine instead, and production's is not looked for.
    """

    host: str
    port: int
    variables: Callable[[str, int, str], Variables]
    socket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeSettings:
    """
    One Compose project as its user starts it.

    `services` are those that carry the image of a release. `profiles` are the active ones. `variables` are those that the
    user's own shell gives to the file. `state` is the folder where rendered files are kept, `.amankan`. `grace_seconds` is
    the longest that a service may take to stop, whatever it asks for itself, `open_seconds` until it takes connections again.
    `copied_bytes` is the most that is copied of a
    volume for a release in the dark; a larger one is there to be read only.
    """

    docker: Docker
    folder: Path
    files: tuple[str, ...]
    services: tuple[str, ...]
    state: Path
    reach: Reach
    name: str = ""
    profiles: tuple[str, ...] = ()
    variables: Variables = ()
    grace_seconds: float = 30.0
    # A large app on a small server needs half a minute until it listens; the probes have the same patience.
    open_seconds: float = 60.0
    copied_bytes: int = 64 << 20
