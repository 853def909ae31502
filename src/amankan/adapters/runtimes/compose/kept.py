"""The project as a run found it, kept until later runs have taken its place: what is edited meanwhile changes nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from amankan.adapters.runtimes.compose.doors import Door
from amankan.adapters.runtimes.compose.project import Project, read_project, render
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.errors import CommandFailed, RuntimeFailed
from amankan.ports.disk import Disk

BEFORE: Final = "compose/before"
PLACED: Final = "compose/placed"
# A file that a container was made from is still named by its label; more than these nobody asks for.
MOST_KEPT: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A project as it was found, how many containers each of its services had, and where they took connections."""

    project: Project
    replicas: dict[str, int]
    doors: tuple[Door, ...] = ()


class Shelf:
    """Rendered projects below the folder of state; they hold what the user's own files hold, secrets too."""

    def __init__(self, settings: ComposeSettings, disk: Disk) -> None:
        """Keep files on `disk`, whose folder is the settings' `state`."""
        self._settings, self._disk = settings, disk

    def now(self) -> Project:
        """Return the project as its files say it now, or as it was found last where they cannot be read any more."""
        try:
            return render(self._settings)
        except (CommandFailed, RuntimeFailed):
            names = self._disk.names(BEFORE)
            last = self.found(names[-1].removesuffix(".json")) if names else None
            if last is None:
                raise
            return last.project

    def found(self, run: str) -> Kept | None:
        """Return what a run found, or None where it has not looked yet."""
        text = self._disk.read(f"{BEFORE}/{run}.json")
        if text is None:
            return None
        words = json.loads(text)
        model = json.dumps(words["project"]).encode()
        return Kept(
            project=read_project(model, services=self._settings.services),
            replicas=words["replicas"],
            doors=tuple(Door(**door) for door in words.get("doors", ())),
        )

    def keep(self, run: str, kept: Kept) -> None:
        """What the run found lies on the disk for good, unless something lies there; of older runs, a few."""
        if self.found(run) is not None:
            return
        for folder in (BEFORE, PLACED):
            for name in self._disk.names(folder)[: -MOST_KEPT or None]:
                self._disk.remove(f"{folder}/{name}")
        words = {"project": kept.project.model, "replicas": kept.replicas, "doors": [asdict(door) for door in kept.doors]}
        self._disk.replace(f"{BEFORE}/{run}.json", json.dumps(words).encode())

    def lay(self, run: str, project: Project) -> str:
        """The project that containers are made from lies on the disk; returns the path of its file."""
        name = f"{PLACED}/{run}.json"
        self._disk.replace(name, project.text())
        return str(self._settings.state / name)
