"""What a release in the dark sees of production's folders and volumes: a copy when small, else to be read only, never more."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from amankan.adapters.runtimes.compose.project import Project, Words
from amankan.adapters.runtimes.compose.relay import COPY, EMPTY_IMAGE, program, words
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.errors import CommandFailed
from amankan.model.claim import Claim
from amankan.model.sentence import say
from amankan.proc.docker import ERRAND, ROLE_LABEL, RUN_LABEL
from amankan.proc.run import attempt, run

# Below these lie sockets of engines and the machine's own state: whoever can open them needs no right to write.
WITHHELD: Final = ("/run", "/var/run", "/proc", "/sys", "/dev", "/var/lib/docker", "/var/lib/containerd")

TOO_LARGE: Final = 3
COPY_SECONDS: Final = 120.0


def app_mounts(settings: ComposeSettings, project: Project, *, service: str, claim: Claim) -> tuple[Words, ...]:
    """
    Return the mounts of a service in the dark; what had to be copied is copied, into volumes of the run.

    Cost: reads and writes at most `copied_bytes` for each mount.
    """
    return tuple(_app_mounts(settings, project, service=service, claim=claim))


def needed_mounts(project: Project, *, service: str) -> tuple[Words, ...]:
    """Return the mounts of a fresh copy of a service that the app needs: its volumes are empty, its files to be read only."""
    return tuple(_needed_mounts(project, service))


def withheld(source: str) -> bool:
    """Tell whether a folder or file of this machine is kept from every release in the dark."""
    path = Path(source).resolve()
    inside = any(path.is_relative_to(place) or Path(place).is_relative_to(path) for place in map(Path, WITHHELD))
    return inside or (path.exists() and not stat.S_ISREG(path.stat().st_mode) and not path.is_dir())


def _app_mounts(settings: ComposeSettings, project: Project, *, service: str, claim: Claim) -> Iterator[Words]:
    for number, mount in enumerate(project.services[service].get("volumes") or ()):
        kind, source, target = mount["type"], str(mount.get("source") or ""), mount["target"]
        if kind == "bind" and (withheld(source) or not Path(source).exists()):
            continue
        if kind not in ("bind", "volume") or not source:
            yield mount
            continue
        real = source if kind == "bind" else _real_name(project, source)
        read_only = {"type": kind, "source": real, "target": target, "read_only": True}
        if mount.get("read_only") or (kind == "bind" and Path(source).is_file()):
            yield read_only
            continue
        name = f"amankan-{claim.run}-{service}-{number}"
        copied = _copy(settings, read_only, name=name, claim=claim)
        yield {"type": "volume", "source": name, "target": target} if copied else read_only


def _needed_mounts(project: Project, service: str) -> Iterator[Words]:
    for mount in project.services[service].get("volumes") or ():
        if mount["type"] == "volume":
            yield {"type": "volume", "target": mount["target"]}
        elif mount["type"] != "bind":
            yield mount
        elif Path(mount["source"]).exists() and not withheld(mount["source"]):
            yield {"type": "bind", "source": mount["source"], "target": mount["target"], "read_only": True}


def _real_name(project: Project, source: str) -> str:
    said = (project.model.get("volumes") or {}).get(source) or {}
    return str(said.get("name") or source)


def _copy(settings: ComposeSettings, mount: Words, *, name: str, claim: Claim) -> bool:
    """Return whether the run's volume holds a copy; it is gone where the original is too large."""
    docker = settings.docker
    run(docker.command("volume", "create", "--label", f"{RUN_LABEL}={claim.run}", "--", name, claim=claim))
    source = f"type={mount['type']},source={mount['source']},target=/from,readonly"
    if mount["type"] == "volume":
        source += ",volume-nocopy"
    labels = ("--label", f"{RUN_LABEL}={claim.run}", "--label", f"{ROLE_LABEL}={ERRAND}")
    # The only program of ours that may read every file: it has no network, and writes into a volume of the run alone.
    rights = ("--network=none", "--cap-add=CHOWN", "--cap-add=DAC_OVERRIDE", "--cap-add=FOWNER", "--user=0:0")
    places = ("--mount", source, "--mount", f"type=volume,source={name},target=/to")
    entry, *rest = program(COPY, "/from", "/to", str(settings.copied_bytes))
    outcome = attempt(
        docker.command(
            *("container", "run", "--rm", *labels, *words(), *rights, *places),
            *("--entrypoint", entry, EMPTY_IMAGE, *rest),
            limit_seconds=COPY_SECONDS,
            claim=claim,
        )
    )
    if outcome.status == 0:
        return True
    run(docker.command("volume", "rm", "--force", "--", name, claim=claim))
    if outcome.status != TOO_LARGE:
        raise CommandFailed(say("cannot copy {source}: {said}", source=str(mount["source"]), said=outcome.messages.strip()))
    return False
