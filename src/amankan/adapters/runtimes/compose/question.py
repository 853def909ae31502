"""One command in the image of a release that reaches nothing at all, not even a database."""

from __future__ import annotations

from pathlib import Path

from amankan.adapters.runtimes.compose.dark import KEPT, dark_name
from amankan.adapters.runtimes.compose.errand import Errand, attempt_once, hidden, image_of
from amankan.adapters.runtimes.compose.mounts import withheld
from amankan.adapters.runtimes.compose.project import Project, Words
from amankan.adapters.runtimes.compose.settings import ComposeSettings, Environment
from amankan.adapters.runtimes.compose.told import told
from amankan.errors import RuntimeFailed
from amankan.model.claim import Claim
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.proc.docker import ERRAND, ROLE_LABEL, RUN_LABEL
from amankan.proc.images import find
from amankan.proc.run import Outcome


def ask_image(settings: ComposeSettings, project: Project, *, errand: Errand, claim: Claim) -> Outcome:
    """
    Return what the command left, whatever its exit status is; nothing of it is left in the engine.

    It has no network, no volume, and of this machine's files only those that the project mounts, to be read.

    Raises:
        RuntimeFailed: it could not be started.
        TimedOut: its limit passed; it may be at work until `settle`.
    """
    with told("ask the new image"):
        image = image_of(errand)
        found = find(settings.docker, image)
        if found is None:
            raise RuntimeFailed(say("cannot start {image}: it is not on this machine", image=image.digest))
        said = project.services[errand.service]
        service: Words = {
            **{word: value for word, value in said.items() if word in KEPT},
            "image": found.name,
            "labels": {RUN_LABEL: claim.run, ROLE_LABEL: ERRAND},
            "network_mode": "none",
            "volumes": _files(said),
            "environment": _environment(said, errand.environment),
            "entrypoint": [],
            "healthcheck": {"disable": True},
            "restart": "no",
            "security_opt": ["no-new-privileges:true"],
        }
        model: Words = {"name": dark_name(claim.run), "services": {errand.service: service}}
        model |= {kind: project.model[kind] for kind in ("configs", "secrets") if kind in project.model}
        made = Project(model=model)
        return attempt_once(settings, made, errand=errand, claim=claim, secrets=hidden(project, made, errand=errand))


def _environment(said: Words, told_beside: Environment) -> dict[str, str | None]:
    opened = {name: value.reveal() if isinstance(value, Secret) else value for name, value in told_beside}
    return {**(said.get("environment") or {}), **{name: value.replace("$", "$$") for name, value in opened.items()}}


def _files(said: Words) -> list[Words]:
    return [
        {"type": "bind", "source": mount["source"], "target": mount["target"], "read_only": True}
        for mount in said.get("volumes") or ()
        if mount["type"] == "bind" and Path(mount["source"]).exists() and not withheld(mount["source"])
    ]
