"""Apps that Docker Compose keeps running: their migration tools, the throwaway database, and how they are looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from amankan.adapters.clocks.system import SystemChance
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.migrators.site import Booted, Said, Variables
from amankan.adapters.probes.containers import Containers
from amankan.adapters.runtimes.compose.boot import Boot
from amankan.adapters.runtimes.compose.dark import alias_of
from amankan.adapters.runtimes.compose.errand import Errand
from amankan.adapters.runtimes.compose.runtime import ComposeRuntime
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.errors import CommandFailed, MigrationFailed, RuntimeFailed, TimedOut
from amankan.model.claim import Claim
from amankan.model.release import Image, Release
from amankan.model.sentence import say
from amankan.proc.docker import RUN_VARIABLE
from amankan.proc.run import Outcome
from amankan.wiring.apps import RunningProject

# Questions belong to no run; by this beginning whoever looks at the engine sees what they were.
QUESTION: Final = "question"

Question = tuple[tuple[Image, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeTool:
    """
    Keeps the promise of `Tool` with containers in the dark.

    What names a run reaches the database that its environment tells, through a relay; what names none reaches nothing.
    `services` are those that carry the image: the first one that a release has is the one whose image is used. The same
    image answers the same question in the same way: what came of one is kept in `answers`.
    """

    runtime: ComposeRuntime
    services: tuple[str, ...]
    answers: dict[Question, Outcome] = field(default_factory=dict)

    def run(self, release: Release, words: tuple[str, ...], *, environment: Variables, limit_seconds: float) -> Said:
        """Return what `words` left."""
        errand = self._errand(release, words, environment=environment, limit_seconds=limit_seconds)
        claim = _claim_of(environment)
        question = (release.images, words)
        if claim is None and question in self.answers:
            return _said(self.answers[question])
        with _translated(release):
            outcome = self._ask(errand) if claim is None else self._work(errand, claim=claim)
        if claim is None and outcome.status == 0:
            self.answers[question] = outcome
        return _said(outcome)

    @contextmanager
    def boot(self, release: Release, *, environment: Variables, limit_seconds: float) -> Iterator[Booted]:
        """The service's own entrypoint runs until the context is left."""
        claim = _claim_of(environment)
        if claim is None:
            raise MigrationFailed(say("cannot start {release}: no run is named", release=release.label))
        errand = self._errand(release, (), environment=environment, limit_seconds=limit_seconds)
        with _translated(release), self.runtime.boot(errand, claim=claim) as boot:
            yield _Booted(boot=boot)

    def _ask(self, errand: Errand) -> Outcome:
        claim = Claim(run=f"{QUESTION}-{SystemChance().token()}", epoch=0)
        try:
            return self.runtime.ask(errand, claim=claim)
        except TimedOut:
            self.runtime.stop(claim)
            raise

    def _work(self, errand: Errand, *, claim: Claim) -> Outcome:
        """Not even the way to the database is left, whatever happens."""
        try:
            return self.runtime.errand(errand, claim=claim)
        finally:
            self.runtime.stop(claim)

    def _errand(self, release: Release, words: tuple[str, ...], *, environment: Variables, limit_seconds: float) -> Errand:
        carried = {image.service for image in release.images}
        service = next((name for name in self.services if name in carried), "")
        return Errand(release=release, service=service, words=words, environment=environment, limit_seconds=limit_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Booted:
    boot: Boot

    def ended(self) -> bool:
        return self.boot.status() is not None

    def said(self) -> Said:
        return Said(status=self.boot.status() or 0, output=self.boot.words())


def dark_variables(settings: ComposeSettings) -> Callable[[str], Variables]:
    """Return what tells an app in the dark of a database by name; `Site.environment` of a `ComposeTool`."""
    reach = settings.reach
    return lambda database: reach.variables(alias_of(reach.host), reach.port, database)


def on_throwaway(compose: RunningProject, server: Address) -> ComposeSettings:
    """Return the settings by which releases in the dark are led to a throwaway server and nowhere else."""
    socket = os.path.join(server.host, f".s.PGSQL.{server.port}")
    return replace(compose.settings, reach=replace(compose.settings.reach, socket=socket))


def containers_of(compose: RunningProject) -> Containers:
    """Return the project's containers as the probes look at them."""
    settings = compose.settings
    return Containers(docker=settings.docker, project=compose.project.name, services=settings.services)


def _said(outcome: Outcome) -> Said:
    return Said(status=outcome.status, output=outcome.output.decode(errors="replace"), messages=outcome.messages)


def _claim_of(environment: Variables) -> Claim | None:
    run = dict(environment).get(RUN_VARIABLE)
    # The epoch decides who may write, which was asked before; what is made in the engine is found by the run alone.
    return Claim(run=run, epoch=0) if isinstance(run, str) else None


@contextmanager
def _translated(release: Release) -> Iterator[None]:
    try:
        yield
    except (CommandFailed, RuntimeFailed) as fault:
        raise MigrationFailed(fault.cannot, next=fault.next) from fault
