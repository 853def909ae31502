"""One command in the image of a release, in the dark, on a database of our choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from amankan.adapters.runtimes.compose.dark import dark_project
from amankan.adapters.runtimes.compose.night import Wanted, night_of
from amankan.adapters.runtimes.compose.project import Project, compose, from_rendered
from amankan.adapters.runtimes.compose.relay import ensure_image
from amankan.adapters.runtimes.compose.settings import ComposeSettings, Environment
from amankan.adapters.runtimes.compose.told import told
from amankan.errors import RuntimeFailed
from amankan.model.claim import Claim
from amankan.model.release import Image, Release
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.proc.docker import ERRAND, ROLE_LABEL
from amankan.proc.redact import redact
from amankan.proc.run import Outcome, attempt

# Making the network and the relay; the command itself has the limit that it is given.
AROUND_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """
    A command by its words, in the image that a service has in a release; the image's own entrypoint is left out.

    `environment` is told beside the service's own variables and wins; where it tells the database, `database` is empty.
    """

    release: Release
    service: str
    words: tuple[str, ...]
    limit_seconds: float
    database: str = ""
    environment: Environment = ()


def run_errand(settings: ComposeSettings, project: Project, *, errand: Errand, claim: Claim) -> Outcome:
    """
    Return what the command left, whatever its exit status is; its output is masked like its messages.

    The command sees the service's own variables but for those of the database, and reaches that database alone. Nothing of
    it is left but for a network and a relay of the run, which `stop` of the runtime removes.

    Raises:
        RuntimeFailed: it could not be started.
        TimedOut: its limit passed; it may be at work until `settle`.
    """
    with told("run a command in the new image"):
        made = errand_project(settings, project, errand=errand, claim=claim)
        service = made.services[errand.service]
        told_apart = {**service, "entrypoint": [], "healthcheck": {"disable": True}}
        model = {**made.model, "services": {**made.services, errand.service: told_apart}}
        secrets = hidden(project, made, errand=errand)
        return attempt_once(settings, replace(made, model=model), errand=errand, claim=claim, secrets=secrets)


def attempt_once(
    settings: ComposeSettings, made: Project, *, errand: Errand, claim: Claim, secrets: tuple[Secret, ...]
) -> Outcome:
    """Return what the words of an errand left that ran in a project made for it; no secret is in what it said."""
    words = ("run", "--rm", "--no-TTY", "--quiet-pull", errand.service, *_checked(errand.words))
    command = compose(
        settings,
        *from_rendered(made),
        *words,
        limit_seconds=errand.limit_seconds + AROUND_SECONDS,
        claim=claim,
    )
    command = replace(command, secrets=secrets)
    outcome = attempt(command, given=made.text())
    return replace(outcome, output=redact(outcome.output.decode(errors="replace"), command.hidden()).encode())


def hidden(*projects: Project, errand: Errand) -> tuple[Secret, ...]:
    """Return what must not be seen of what a command says."""
    told_apart = (value for _, value in errand.environment if isinstance(value, Secret))
    return (*(secret for project in projects for secret in project.secrets()), *told_apart)


def image_of(errand: Errand) -> Image:
    """Return the image in which an errand is run; RuntimeFailed where the release has none for the service."""
    for image in errand.release.images:
        if image.service == errand.service:
            return image
    raise RuntimeFailed(say("cannot run a command in {service}: the release has no such service", service=errand.service))


def errand_project(settings: ComposeSettings, project: Project, *, errand: Errand, claim: Claim) -> Project:
    """Return the project in which an errand is run: its service, what that needs, and the way to the database."""
    ensure_image(settings.docker)
    wanted = Wanted(
        release=replace(errand.release, images=(image_of(errand),)),
        database=errand.database,
        limit_seconds=errand.limit_seconds,
        environment=errand.environment,
    )
    made = dark_project(project, night_of(settings, project, wanted=wanted, claim=claim))
    service = made.services[errand.service]
    # Not one that runs in the dark to be looked at: whoever takes a dead run up ends it first.
    told_apart = {**service, "labels": {**service["labels"], ROLE_LABEL: ERRAND}}
    return replace(made, model={**made.model, "services": {**made.services, errand.service: told_apart}})


def _checked(words: tuple[str, ...]) -> tuple[str, ...]:
    # A first word with a dash would be an option of Compose.
    if not words or words[0].startswith("-"):
        raise RuntimeFailed(say("cannot run a command whose first word is none"))
    return words
