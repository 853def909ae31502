"""The premises of an app that is a process of this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.telling import told_variables
from amankan.adapters.hosts.folder import texts_of, variables_of
from amankan.adapters.migrators.folder import FolderTool, said_by
from amankan.adapters.migrators.site import Said, Variables
from amankan.adapters.probes.processes import Processes
from amankan.adapters.registries.folders import FolderRegistry
from amankan.adapters.runtimes.process.runtime import ProcessRuntime, ProcessSettings, Surroundings
from amankan.config.settings import Settings
from amankan.errors import ConfigurationFault
from amankan.model.release import Image, Release
from amankan.model.secret import Secret
from amankan.model.sentence import Sentence, say
from amankan.operations.guarded import refuse_superseded
from amankan.ports.disk import Disk
from amankan.ports.engine import Engine
from amankan.ports.registry import Registry
from amankan.proc.command import Command
from amankan.proc.redact import secrets_among
from amankan.wiring.apps import process_reach, templates
from amankan.wiring.migrators import files_of_folder
from amankan.wiring.premises import Theatre, nobody_asks
from amankan.wiring.wished import Target

# How long a command of the user's own may take.
CARRY_SECONDS: Final = 3600.0
SCRIPT_FILES: Final = ("package.json", "composer.json", "Makefile", "pyproject.toml", "justfile", "Procfile")
MOST_TEXT_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPremises:
    """Keeps the promise of `Premises` with folders and supervised processes."""

    settings: Settings
    process: ProcessSettings
    app: Address
    engine: Engine
    disk: Disk

    @property
    def registry(self) -> Registry:
        """The folders."""
        return FolderRegistry(self.disk, digest_of=lambda name: self._image(name).digest)

    @property
    def theatre(self) -> Theatre:
        """What acts on production's own server."""
        return self._at(None)

    def begun(self) -> bool:
        """Tell whether there is a note of it."""
        return self._runtime.begun()

    def elsewhere(self, server: Address) -> Theatre:
        """Return the same for another server: the app's role and the database keep their names there."""
        return self._at(server)

    def _at(self, server: Address | None) -> Theatre:
        reach = process_reach(self.settings, self.app, server=server)
        around = Surroundings(
            own=lambda: self._own,
            reach=reach,
            stands=partial(refuse_superseded, self.engine) if server is None else nobody_asks,
        )
        runtime = ProcessRuntime(self.process, around)
        tool = FolderTool(
            lambda release: str(self._folder(release)),
            airlock=reach.airlock,
            surroundings=self._own,
            start=self.process.start,
            account=self.process.account,
        )
        return Theatre(runtime=runtime, tool=tool, told=reach.told, source=Processes(kept=runtime, hidden=self._hidden))

    def files(self, release: Release) -> Iterable[str]:
        """Return the files of the release's folder."""
        return files_of_folder(self._folder(release))

    def target(self, wish: Target) -> Release:
        """Return the release of that folder; without a name, of the only one that is not placed."""
        if wish.build or wish.image:
            raise ConfigurationFault(
                say("cannot find the release: an app that is a process has folders, no images"),
                next=say("aman update --tag NAME, where NAME is a folder in {folder}", folder=str(self._releases)),
            )
        name = wish.tag or self._only_other()
        if name not in self._names():
            known = ", ".join(self._names()) or "-"
            raise ConfigurationFault(
                say(
                    "cannot find the release {name}: there are {names} in {folder}",
                    name=name,
                    names=known,
                    folder=str(self._releases),
                ),
                next=say("aman plan --tag NAME"),
            )
        return Release(label=name, images=(self._image(name),))

    def again(self, release: Release) -> Release:
        """Return what the same folder holds now."""
        return Release(label=release.label, images=tuple(self._image(image.reference) for image in release.images))

    def remark(self, release: Release) -> Sentence | None:
        """The link leads to it."""
        return None

    def carry(self, words: tuple[str, ...]) -> Said:
        """Run it in the folder of the release of now."""
        uid, gid = self.process.account or (None, None)
        folder = str(self._folder(self._runtime.release()))
        command = Command(words=words, limit_seconds=CARRY_SECONDS, environment=self._own, folder=folder, uid=uid, gid=gid)
        return said_by(command)

    def texts(self) -> Mapping[str, str]:
        """Return the files of the release of now that name scripts."""
        folder = self._folder(self._runtime.release())
        found = {}
        shells = sorted(path.name for path in folder.glob("*.sh"))
        for name in (*SCRIPT_FILES, *shells):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if (folder / name).stat().st_size <= MOST_TEXT_BYTES:
                    found[name] = (folder / name).read_text()
        return found

    @property
    def _own(self) -> Variables:
        return told_variables(templates(self.settings), self.app)

    def _hidden(self) -> tuple[Secret, ...]:
        """Return what the app is told in secret: by us, and by a `.env` in the folder of its release."""
        own = (("secret", value.reveal()) for _, value in self._own if isinstance(value, Secret))
        file = texts_of(self._folder(self._runtime.release()), (".env",)).get(".env", "")
        return secrets_among((*own, *variables_of(file).items()))

    @property
    def _runtime(self) -> ProcessRuntime:
        runtime = self.theatre.runtime
        assert isinstance(runtime, ProcessRuntime)
        return runtime

    @property
    def _releases(self) -> Path:
        return self.process.root / "releases"

    def _folder(self, release: Release) -> Path:
        return self._runtime.folder(release.images[0].reference)

    def _image(self, name: str) -> Image:
        return self._runtime.release_in(name).images[0]

    def _names(self) -> list[str]:
        """Return the names of the releases that lie there; none where the folder is not there."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(path.name for path in self._releases.iterdir() if path.is_dir())
        return []

    def _only_other(self) -> str:
        placed = self._runtime.release().label
        others = [name for name in self._names() if name != placed]
        if len(others) == 1:
            return others[0]
        known = ", ".join(others) or "-"
        raise ConfigurationFault(
            say("cannot know which release is meant: there are {names} in {folder}", names=known, folder=str(self._releases)),
            next=say("aman plan --tag NAME"),
        )
