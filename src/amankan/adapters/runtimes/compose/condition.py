"""How the database's container stands, where it is one of the project, and what Compose would do with it."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from amankan.adapters.runtimes.compose.project import Project, compose
from amankan.adapters.runtimes.compose.seen import NOT_ONE_OFF, PROJECT_LABEL, SERVICE_LABEL
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.adapters.runtimes.compose.way import stands_nowhere
from amankan.errors import CommandFailed
from amankan.proc.run import run

HASH_LABEL: Final = "com.docker.compose.config-hash"
USUAL_FOLDER: Final = "/var/lib/postgresql/data"
_ANONYMOUS: Final = re.compile(r"[0-9a-f]{64}")
_MAJOR: Final = re.compile(r"postgres(?:ql)?:v?(\d{2})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """
    One container: where it keeps the database's files and how, which of its ports other machines reach, and what the file
    says by now. `free_bytes` is the room where the files are, None where it cannot be seen.
    """

    service: str
    folder: str
    kept: str
    published: tuple[str, ...]
    changed: bool
    image: str
    file_major: int | None
    free_bytes: int | None


def condition(settings: ComposeSettings, project: Project, *, service: str) -> Condition:
    """Return how the container of a service stands; reads only. Raises RuntimeFailed, CommandFailed."""
    labels = (f"{PROJECT_LABEL}={project.name}", f"{SERVICE_LABEL}={service}", NOT_ONE_OFF)
    container = next(iter(settings.docker.containers(*labels)), None)
    if container is None:
        raise stands_nowhere(project, service)
    variables = dict(pair.partition("=")[::2] for pair in container["Config"].get("Env") or ())
    folder = variables.get("PGDATA") or USUAL_FOLDER
    image = project.image_of(service)
    major = _MAJOR.search(image)
    return Condition(
        service=service,
        folder=folder,
        kept=_kept(container, folder),
        published=_published(container),
        changed=_changed(settings, container, service=service, image=image),
        image=image,
        file_major=int(major[1]) if major else None,
        free_bytes=_free_bytes(settings, container, folder=folder),
    )


def _mount(container: Mapping[str, Any], folder: str) -> Mapping[str, Any] | None:
    """Return the mount that a folder of the container lies in, the innermost."""
    holding = [
        mount
        for mount in container.get("Mounts") or ()
        if folder == mount["Destination"] or folder.startswith(mount["Destination"].rstrip("/") + "/")
    ]
    return max(holding, key=lambda mount: len(mount["Destination"]), default=None)


def _kept(container: Mapping[str, Any], folder: str) -> str:
    mount = _mount(container, folder)
    if mount is None or mount["Type"] == "tmpfs":
        return "layer"
    if mount["Type"] == "bind":
        return "folder"
    return "anonymous" if _ANONYMOUS.fullmatch(str(mount.get("Name") or "")) else "volume"


def _published(container: Mapping[str, Any]) -> tuple[str, ...]:
    ports = container["NetworkSettings"].get("Ports") or {}
    ends = [end for bindings in ports.values() for end in bindings or ()]
    return tuple(sorted({f"{end['HostIp'] or '0.0.0.0'}:{end['HostPort']}" for end in ends if not _inward(end["HostIp"])}))


def _inward(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    return bool(host) and ipaddress.ip_address(host).is_loopback


def _changed(settings: ComposeSettings, container: Mapping[str, Any], *, service: str, image: str) -> bool:
    """Tell whether Compose would recreate the container: the file says something else, or the tag means another image."""
    files = tuple(word for file in settings.files for word in ("--file", str(settings.folder / file)))
    said = run(compose(settings, *files, "config", "--hash", service)).output.decode().split()
    wanted = said[-1] if said else ""
    known = settings.docker.inspect("image", (image,))
    moved = bool(known) and known[0]["Id"] != container["Image"]
    return moved or bool((container["Config"].get("Labels") or {}).get(HASH_LABEL, wanted) != wanted)


def _free_bytes(settings: ComposeSettings, container: Mapping[str, Any], *, folder: str) -> int | None:
    """Return the room where the container keeps a folder: as this machine sees it, else as the container does."""
    mount = _mount(container, folder)
    try:
        room = os.statvfs(str(mount["Source"])) if mount is not None else None
    except OSError:
        room = None
    if room is not None:
        return room.f_bavail * room.f_frsize
    try:
        said = settings.docker.ask("container", "exec", str(container["Id"]), "df", "-Pk", folder).splitlines()[-1].split()
    except (CommandFailed, IndexError):
        return None
    return int(said[3]) * 1024 if len(said) > 3 and said[3].isdigit() else None
