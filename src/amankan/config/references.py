"""References to secrets: read from the configuration, and followed when the secret is needed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan.config.settings import ContainerReference, EnvironmentReference, FileReference, Reference
from amankan.config.table import Table
from amankan.errors import ConfigurationFault
from amankan.model.secret import Secret
from amankan.model.sentence import Sentence, say

VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
SERVICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
SHAPES: Final = '{ env = "NAME" }, { file = "path" } or { container_env = ["service", "NAME"] }'

# A secret is a line; whatever is longer is not one.
MOST_BYTES: Final = 64 << 10

AskContainer = Callable[[str, str], str | None]
"""Returns the value of a variable in a service, or None where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A secret, and what a person should know of how it was read."""

    secret: Secret
    remarks: tuple[Sentence, ...] = ()


def read_reference(table: Table, key: str, *, value: object) -> Reference | None:
    """Return the reference that `value` is, or None with a fault; a literal is refused and never shown."""
    if not isinstance(value, dict):
        table.fault(key, say("should be a reference, never the secret itself: {shapes}", shapes=SHAPES))
        return None
    if len(value) != 1 or not set(value) & {"env", "file", "container_env"}:
        table.fault(key, say("should be exactly one of {shapes}", shapes=SHAPES))
        return None
    [(kind, place)] = value.items()
    match kind, place:
        case "env", str() if VARIABLE.fullmatch(place):
            return EnvironmentReference(name=place)
        case "file", str() if place.strip() and "\0" not in place:
            return FileReference(path=place)
        case "container_env", [str() as service, str() as name] if SERVICE.fullmatch(service) and VARIABLE.fullmatch(name):
            return ContainerReference(service=service, name=name)
    table.fault(f"{key}.{kind}", say("should be written as in {shapes}", shapes=SHAPES))
    return None


class Resolver:
    """Follows references from the folder of a configuration."""

    def __init__(
        self, folder: Path, *, environment: Mapping[str, str] | None = None, container: AskContainer | None = None
    ) -> None:
        """Look at nothing yet; without `container` a reference into one is refused."""
        self._folder, self._container = folder, container
        self._environment = os.environ if environment is None else environment

    def follow(self, reference: Reference, *, key: str) -> Found:
        """Return the secret; raises ConfigurationFault, which names `key` and never the secret, where there is none."""
        match reference:
            case EnvironmentReference(name=name):
                return Found(secret=_full(self._environment.get(name), key, place=name))
            case FileReference(path=path):
                return _from_file(self._folder / path, key)
            case ContainerReference(service=service, name=name):
                return Found(secret=self._ask(service, name, key=key))

    def _ask(self, service: str, name: str, *, key: str) -> Secret:
        if self._container is None:
            why = say("no container can be asked without [runtime.compose]")
            raise ConfigurationFault(say("cannot follow {key}: {why}", key=key, why=why))
        return _full(self._container(service, name), key, place=f"{service}: {name}")


def _full(value: str | None, key: str, *, place: str) -> Secret:
    if value is None:
        raise ConfigurationFault(say("cannot follow {key}: {place} is not set", key=key, place=place))
    if not value.strip():
        raise ConfigurationFault(say("cannot follow {key}: {place} is empty", key=key, place=place))
    return Secret(value)


def _from_file(path: Path, key: str) -> Found:
    """Return what a file says, without one newline at its end; that others can read the file is told."""
    shown = str(path)
    try:
        state = path.stat()
        content = path.read_bytes() if stat.S_ISREG(state.st_mode) and state.st_size <= MOST_BYTES else None
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else None
        raise ConfigurationFault(
            say("cannot follow {key}: {path} cannot be read: {why}", key=key, path=shown, why=why or "refused")
        ) from fault
    if content is None:
        raise ConfigurationFault(say("cannot follow {key}: {path} is not a file with one secret", key=key, path=shown))
    remarks = []
    if state.st_mode & 0o004:
        remarks.append(say("everybody on this machine can read {path}", path=shown))
    shorter = content.removesuffix(b"\n").removesuffix(b"\r") if content.endswith(b"\n") else content
    if shorter != content:
        remarks.append(say("the newline at the end of {path} does not count", path=shown))
    try:
        text = shorter.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise ConfigurationFault(say("cannot follow {key}: {path} is not UTF-8 text", key=key, path=shown)) from fault
    return Found(secret=_full(text, key, place=shown), remarks=tuple(remarks))
