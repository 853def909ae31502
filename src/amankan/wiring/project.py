"""The premises of an app that Docker Compose keeps running."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.migrators.site import Said
from amankan.adapters.registries.docker.registry import DockerRegistry
from amankan.adapters.runtimes.compose.project import compose as compose_command
from amankan.adapters.runtimes.compose.project import from_rendered
from amankan.adapters.runtimes.compose.runtime import ComposeRuntime
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.config.settings import Settings
from amankan.errors import EffectFailed
from amankan.model.release import Release
from amankan.model.sentence import Sentence, say
from amankan.ports.disk import Disk
from amankan.ports.registry import Registry
from amankan.proc.run import Outcome, attempt
from amankan.wiring.apps import RunningProject
from amankan.wiring.composed import ComposeTool, Question, containers_of, dark_variables, on_throwaway
from amankan.wiring.migrators import files_of_image
from amankan.wiring.premises import Theatre
from amankan.wiring.targets import resolve_target
from amankan.wiring.wished import Target

# How long a command of the user's own may take.
CARRY_SECONDS: Final = 3600.0
LIST_SECONDS: Final = 60.0
SCRIPT_FILES: Final = ("package.json", "Makefile")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposePremises:
    """Keeps the promise of `Premises` with a Compose project and the engine that runs it."""

    settings: Settings
    compose: RunningProject
    disk: Disk
    answers: dict[Question, Outcome] = field(default_factory=dict)

    @property
    def registry(self) -> Registry:
        """The engine's images, and where it gets others from."""
        return DockerRegistry(self.compose.settings.docker, app=self.settings.app.name, clock=SystemClock())

    @property
    def theatre(self) -> Theatre:
        """What acts on production's own server."""
        return self._at(self.compose.settings)

    def begun(self) -> bool:
        """What Compose shows is what is meant."""
        return True

    def elsewhere(self, server: Address) -> Theatre:
        """Return the same, led to a server at a unix socket."""
        return self._at(on_throwaway(self.compose, server))

    def files(self, release: Release) -> Iterable[str]:
        """Return the files of the image."""
        return files_of_image(self._tool(self.compose.settings), release)

    def target(self, wish: Target) -> Release:
        """Return the release that is wished for, bound to digests."""
        return resolve_target(self.settings, self.compose, tag=wish.tag, image=wish.image, build=wish.build)

    def again(self, release: Release) -> Release:
        """Return the images of the plan, with the file and the variables of now."""
        project, carrying = self.compose.project, self.compose.settings.services
        return replace(
            release, file_digest=project.digest(carrying=carrying), environment_digest=project.environment_digest(carrying)
        )

    def remark(self, release: Release) -> Sentence | None:
        """The user's file is never written: where it names another image, `docker compose up` would bring that back."""
        project = self.compose.project
        other = [image for image in release.images if image.reference and project.image_of(image.service) != image.reference]
        if not other:
            return None
        return say(
            "write {image} into {file} (or its .env), or the next docker compose up starts {named} again",
            image=other[0].reference,
            file=self.compose.settings.files[0],
            named=project.image_of(other[0].service),
        )

    def carry(self, words: tuple[str, ...]) -> Said:
        """Run it in a container of its own of the first service, in place of the image's entrypoint."""
        project, settings = self.compose.project, self.compose.settings
        once = ("run", "--rm", "--no-deps", "--no-TTY", "--pull=never")
        asked = (*once, "--entrypoint", words[0], settings.services[0], *words[1:])
        command = compose_command(settings, *from_rendered(project), *asked, limit_seconds=CARRY_SECONDS)
        outcome = attempt(replace(command, secrets=project.secrets()), given=project.text())
        return Said(status=outcome.status, output=outcome.output.decode(errors="replace"), messages=outcome.messages)

    def texts(self) -> Mapping[str, str]:
        """Return the files of the release of now that name scripts."""
        tool, release = self._tool(self.compose.settings), self.theatre.runtime.release()
        found = {}
        for name in SCRIPT_FILES:
            try:
                said = tool.run(release, ("cat", name), environment=(), limit_seconds=LIST_SECONDS)
            except EffectFailed:  # an image without cat names no scripts that we could read
                continue
            if said.status == 0:
                found[name] = said.output
        return found

    def _at(self, settings: ComposeSettings) -> Theatre:
        runtime = ComposeRuntime(settings, disk=self.disk, clock=SystemClock())
        return Theatre(
            runtime=runtime,
            tool=self._tool(settings),
            told=dark_variables(settings),
            source=containers_of(self.compose),
        )

    def _tool(self, settings: ComposeSettings) -> ComposeTool:
        runtime = ComposeRuntime(settings, disk=self.disk, clock=SystemClock())
        return ComposeTool(runtime=runtime, services=settings.services, answers=self.answers)
