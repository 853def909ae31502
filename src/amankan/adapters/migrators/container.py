"""A release's programs, run in a container of its image."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from amankan.adapters.migrators.folder import booted, said_by
from amankan.adapters.migrators.site import Booted, Said, Variables
from amankan.errors import CommandFailed, MigrationFailed, TimedOut
from amankan.model.release import Release
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.run import attempt

REMOVE_SECONDS: Final = 60.0

_READ_BY_CLIENT: Final = frozenset({"PATH", "HOME", "TMPDIR", "LC_ALL", "TZ"})

# What `docker run` itself answers when the container could not be made or started (docker manual, "Exit status").
_NEVER_STARTED: Final = frozenset({125})


class ContainerTool:
    """
    Keeps the promise of `Tool` with containers that are gone afterwards, whatever happens to the client.

    The image's entrypoint is put aside by `run`, since it may migrate or seed by itself.
    """

    def __init__(
        self,
        image: Callable[[Release], str],
        *,
        name: str,
        network: str,
        surroundings: Variables = (),
        docker: Variables = (),
    ) -> None:
        """
        Run the programs of releases.

        Args:
            image: the image of a release that is on this machine, by its digest.
            name: of the containers, one at a time; it bears the run.
            network: on which they are, or `none`.
            surroundings: what the app is told by its own configuration.
            docker: variables by which the client reaches the Docker Engine, such as DOCKER_HOST.
        """
        self._image, self._name, self._network = image, name, network
        self._surroundings, self._docker = surroundings, docker

    def run(self, release: Release, words: tuple[str, ...], *, environment: Variables, limit_seconds: float) -> Said:
        """Return what `words` left."""
        options = ("--entrypoint", words[0])
        command = self._command(release, options, words=words[1:], told=(environment, limit_seconds))
        self._remove()
        try:
            said = said_by(command)
        except TimedOut:
            self._remove()
            raise
        if said.status in _NEVER_STARTED:
            raise MigrationFailed(
                say("cannot run {program} in {release}: {said}",
                    program=words[0], release=release.label, said=said.last_words())
            )  # fmt: skip
        return said

    @contextmanager
    def boot(self, release: Release, *, environment: Variables, limit_seconds: float) -> Iterator[Booted]:
        """The image's own entrypoint runs until the context is left."""
        self._remove()
        with contextlib.ExitStack() as stack:
            stack.callback(self._remove)
            yield stack.enter_context(booted(self._command(release, (), words=(), told=(environment, limit_seconds))))

    def _command(
        self, release: Release, options: tuple[str, ...], *, words: tuple[str, ...], told: tuple[Variables, float]
    ) -> Command:
        """Return the client's command; variables go by name, so that no secret stands among its words."""
        environment, limit_seconds = told
        variables = dict((*self._surroundings, *environment))
        # What the client itself reads is written out, and never given to it: an app's HOME must not move the client.
        written = {name: value for name, value in variables.items() if name in {*_READ_BY_CLIENT, *dict(self._docker)}}
        if any(isinstance(value, Secret) for value in written.values()):
            raise MigrationFailed(say("cannot tell the app of {name}: it is the client's own", name=sorted(written)[0]))
        given = {name: value for name, value in variables.items() if name not in written}
        shown = [f"{name}={value}" for name, value in written.items()]
        passed = [word for variable in (*given, *shown) for word in ("--env", variable)]
        return Command(
            words=(
                *("docker", "run", "--rm", "--name", self._name, "--network", self._network, "--pull", "never"),
                *(*passed, *options, self._image(release), *words),
            ),
            limit_seconds=limit_seconds,
            environment=(*given.items(), *self._docker),
        )

    def _remove(self) -> None:
        """No container of this name is left; one that is not there is fine."""
        words = ("docker", "rm", "--force", "--volumes", self._name)
        with contextlib.suppress(CommandFailed):
            attempt(Command(words=words, limit_seconds=REMOVE_SECONDS, environment=self._docker))
