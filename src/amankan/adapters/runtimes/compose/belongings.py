"""Which files of its machine a Compose project is started from, and where it keeps what no backup has."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from amankan.adapters.runtimes.compose.mounts import withheld
from amankan.adapters.runtimes.compose.project import Project, compose, project_files
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.errors import CommandFailed, TimedOut
from amankan.model.project import LeftOut, Named, Why
from amankan.proc.run import run

# What the image of a database runs when it starts for the first time; it only reads it.
FIRST_START: Final = "/docker-entrypoint-initdb.d"
MOST_FILE_BYTES: Final = 1 << 20

# Words of a Compose file that may be others of its files (`include`, `extends`), or the variables of those.
_OTHERS: Final = re.compile(r"""[^\s"'\[\]{},]+\.ya?ml(?=$|[\s"'\]},])|[^\s"'\[\]{},]*\.env[^\s"'\[\]{},/]*""", re.MULTILINE)
_VARIABLE: Final = re.compile(r"\$(?:\$|\{(\w+)(?::?-([^}]*))?\}|(\w+))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """The files that a project names, and what could not be learned of them."""

    named: tuple[Named, ...]
    left_out: tuple[LeftOut, ...] = ()


def belongings(settings: ComposeSettings, project: Project, *, variables: Mapping[str, str]) -> Belongings:
    """
    Return the files that the project is started from.

    Args:
        variables: those of the `.env` beside the Compose file, with which names of files may be written.
    Cost: asks Compose once.
    """
    own = (*_compose_files(settings), Named(path=str(settings.folder / ".env"), needed=False))
    try:
        plain = _uninterpolated(settings)
    except (CommandFailed, TimedOut, ValueError):
        # Their content stands in the rendered file all the same; which files they were is not known.
        return Belongings(named=(*own, *_mounted(project)), left_out=(LeftOut(path="env_file", why=Why.UNKNOWN),))
    return Belongings(named=(*own, *_variables(settings, plain, variables=variables), *_declared(project), *_mounted(project)))


def kept_beside(project: Project, *, database: str) -> tuple[str, ...]:
    """Return the volumes and folders that services other than the database's write to: no backup has what is in them."""
    found = set()
    for name, service in project.services.items():
        for mount in service.get("volumes") or () if name != database else ():
            source = str(mount.get("source") or "")
            if mount.get("read_only") or mount.get("type") not in ("bind", "volume") or not source:
                continue
            if mount["type"] == "volume" or (os.path.isdir(source) and not withheld(source)):
                found.add(f"{name}: {source}")
    return tuple(sorted(found))


def _uninterpolated(settings: ComposeSettings) -> Mapping[str, Any]:
    """Return the services as Compose reads them before it fills in variables: only then does it name their env files."""
    said = run(compose(settings, *project_files(settings), "config", "--no-interpolate", "--format", "json"))
    services = json.loads(said.output).get("services") or {}
    return services if isinstance(services, dict) else {}


def _compose_files(settings: ComposeSettings) -> Iterator[Named]:
    """Yield the files in use, and those that their text names: what `include` and `extends` bring in."""
    waiting = [str(settings.folder / file) for file in settings.files]
    yield from (Named(path=path) for path in waiting)
    seen = set(waiting)
    while waiting:
        file = waiting.pop()
        for word in _OTHERS.findall(_text(file)):
            path = os.path.normpath(os.path.join(os.path.dirname(file), word))
            if path in seen or not os.path.isfile(path):
                continue
            seen.add(path)
            yield Named(path=path, needed=False)
            if path.endswith((".yml", ".yaml")):
                waiting.append(path)
                yield Named(path=os.path.join(os.path.dirname(path), ".env"), needed=False)


def _variables(settings: ComposeSettings, plain: Mapping[str, Any], *, variables: Mapping[str, str]) -> Iterator[Named]:
    for service in plain.values():
        said = service.get("env_file") or ()
        for each in (said,) if isinstance(said, str) else said:
            path, needed = (each, True) if isinstance(each, str) else (each.get("path", ""), each.get("required", True))
            filled = _VARIABLE.sub(lambda found: _filled(found, variables), str(path))
            yield Named(path=os.path.join(settings.folder, filled), needed=bool(needed))


def _declared(project: Project) -> Iterator[Named]:
    """Yield the files of `secrets` and `configs`."""
    for kind in ("secrets", "configs"):
        for said in (project.model.get(kind) or {}).values():
            if said.get("file"):
                yield Named(path=str(said["file"]).replace("$$", "$"))


def _mounted(project: Project) -> Iterator[Named]:
    """Yield files that services see, and folders that they only read; what they write to is data, and no file of ours."""
    for service in project.services.values():
        for mount in service.get("volumes") or ():
            source = str(mount.get("source") or "").replace("$$", "$")
            if mount.get("type") != "bind" or withheld(source):
                continue
            if os.path.isfile(source):
                yield Named(path=source, needed=False)
            elif os.path.isdir(source) and (mount.get("read_only") or mount.get("target") == FIRST_START):
                yield Named(path=source, needed=False, folder=True)


def _filled(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name = found[1] or found[3]
    return "$" if name is None else variables.get(name) or found[2] or ""


def _text(file: str) -> str:
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MOST_FILE_BYTES).decode(errors="replace")
    except OSError:
        return ""
