"""A process that does one verb of the runtime and is killed meanwhile."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.kit.docker.place import cache_folder
from tests.real.compose.place import CLAIM, CLONE, reach_of, runtime_of

from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.model.release import Image, Release
from amankan.proc.docker import Docker

URL = "postgresql://ocn:only-an-example@db:5432/ocn"


def act(verb: str, *, folder: str, address: str, tag: str, digest: str) -> None:
    """Say that the verb begins, and do it with all that goes before it; it may never end."""
    cache = cache_folder()
    settings = ComposeSettings(
        docker=Docker(address=address, program=str(cache / "bin" / "docker"), settings_folder=str(cache / "config")),
        folder=Path(folder),
        files=("docker-compose.yml",),
        services=("app",),
        state=Path(folder) / ".amankan",
        reach=reach_of(URL),
        grace_seconds=2.0,
    )
    runtime = runtime_of(settings)
    project = runtime.release()
    repository = project.images[0].reference.rpartition(":")[0]
    release = Release(label=tag, images=(Image(service="app", reference=f"{repository}:{tag}", digest=digest),))
    services = runtime.inventory().services
    if verb in ("place", "open"):
        runtime.halt(CLAIM)
    if verb == "open":
        runtime.place(release, services=services, claim=CLAIM)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    if verb == "halt":
        runtime.halt(CLAIM)
    elif verb == "place":
        runtime.place(release, services=services, claim=CLAIM)
    elif verb == "open":
        runtime.open(services, claim=CLAIM)
    else:
        runtime.start(release, database=CLONE, claim=CLAIM, limit_seconds=60.0)
