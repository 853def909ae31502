"""An image built beside the one that runs."""

from __future__ import annotations

from dataclasses import replace

from amankan.adapters.runtimes.compose.project import compose, from_rendered, render
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.adapters.runtimes.compose.told import told
from amankan.errors import Refused, RuntimeFailed
from amankan.model.claim import Claim
from amankan.model.release import Image, Release
from amankan.model.sentence import say
from amankan.proc.run import run


def build_release(settings: ComposeSettings, *, app: str, claim: Claim, limit_seconds: float) -> Release:
    """
    Return the release that the services' sources make now, each image bound to the engine's own number for it.

    The name that Compose would give to the image is not moved: what is built has a name of the run until it is placed, and
    no container is changed.

    Raises:
        Refused: a service that carries the image has nothing to build from.
        RuntimeFailed: the build failed; what runs is as before.
        TimedOut: the limit passed.
    """
    with told("build the new image"):
        project = render(settings)
        names = {service: f"amankan/{app}:{claim.run}-{service}".lower() for service in settings.services}
        for service in names:
            if not project.services[service].get("build"):
                raise Refused(say("cannot build {service}: its Compose file names an image, no build", service=service))
        services = {name: {**project.services[name], "image": image} for name, image in names.items()}
        beside = replace(project, model={**project.model, "services": {**project.services, **services}})
        words = (*from_rendered(beside), "build", "--quiet", *sorted(names))
        command = compose(settings, *words, limit_seconds=limit_seconds, claim=claim)
        run(replace(command, secrets=project.secrets()), given=beside.text())
        return Release(
            label="built here", images=tuple(_image(settings, service, name=name) for service, name in sorted(names.items()))
        )


def _image(settings: ComposeSettings, service: str, *, name: str) -> Image:
    found = settings.docker.inspect("image", (name,))
    if not found:
        raise RuntimeFailed(say("cannot see the image of {service} that was built", service=service))
    return Image(service=service, reference=name, digest=str(found[0]["Id"]))
