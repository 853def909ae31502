"""An app that Docker Compose keeps running."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Final

from amankan.adapters.runtimes.compose import seen
from amankan.adapters.runtimes.compose.boot import Boot, boot_errand
from amankan.adapters.runtimes.compose.doors import Door, open_doors, shut_doors
from amankan.adapters.runtimes.compose.errand import Errand, run_errand
from amankan.adapters.runtimes.compose.halves import mended
from amankan.adapters.runtimes.compose.kept import Kept, Shelf
from amankan.adapters.runtimes.compose.night import Wanted, end_errands, start_dark, stop_dark
from amankan.adapters.runtimes.compose.orphans import end_orphans
from amankan.adapters.runtimes.compose.project import Project, compose, from_rendered
from amankan.adapters.runtimes.compose.question import ask_image
from amankan.adapters.runtimes.compose.settings import ComposeSettings
from amankan.adapters.runtimes.compose.told import told
from amankan.errors import RuntimeFailed, TimedOut
from amankan.model.claim import Claim
from amankan.model.release import Image, Release
from amankan.model.runtime import RuntimeState, ServiceState
from amankan.model.sentence import say
from amankan.ports.clock import Clock
from amankan.ports.disk import Disk
from amankan.proc.command import Command
from amankan.proc.images import find
from amankan.proc.run import Outcome, run

# Making and removing containers takes a second or two; a machine without memory took a minute.
CHANGE_SECONDS: Final = 180.0
# A process that was told to end at once is gone in milliseconds, unless it waits for a disk.
SETTLE_SECONDS: Final = 30.0
# What Docker gives a service that asks for nothing.
USUAL_GRACE_SECONDS: Final = 10


class ComposeRuntime:
    """Keeps the promise of `ports.runtime` for one Compose project; the user's files are never written."""

    def __init__(self, settings: ComposeSettings, *, disk: Disk, clock: Clock) -> None:
        """Speak to the engine of the settings; nothing is asked yet. The disk's folder is the settings' `state`."""
        self._settings, self._clock, self._shelf = settings, clock, Shelf(settings, disk)
        self._name = ""

    def inventory(self) -> RuntimeState:
        """Return the services that carry the image, by their containers, and what runs in the dark."""
        with told("look at the services"):
            placed = self._placed_of(self._name or self._shelf.now().name)
            services = seen.states(placed, services=self._settings.services)
            return RuntimeState(services=services, dark=seen.dark(self._settings.docker))

    def release(self) -> Release:
        """Return the images that are really there, and the digests of the rendered file and of the variables."""
        with told("look at the release"):
            project = self._shelf.now()
            states = seen.states(self._placed(project), services=self._settings.services)
        images = tuple(
            Image(service=state.service, reference=project.image_of(state.service), digest=state.digest) for state in states
        )
        return Release(
            label=", ".join(sorted({image.reference for image in images})),
            images=images,
            file_digest=project.digest(carrying=self._settings.services),
            environment_digest=project.environment_digest(self._settings.services),
        )

    def settle(self, claim: Claim) -> None:
        """No client, and no container with a single command, that this run began is there any more."""
        deadline = self._clock.ticks() + SETTLE_SECONDS
        while not end_orphans(claim.run):
            if self._clock.ticks() > deadline:
                raise TimedOut(say("cannot end the commands of {run}: they do not die", run=claim.run))
            self._clock.pause(0.05)
        with told("end the commands of a dead process"):
            end_errands(self._settings, claim)

    def halt(self, claim: Claim) -> None:
        """Keep what is there, take the restart policies away, then stop with the services' own grace."""
        with told("stop the services"):
            project = self._shelf.now()
            placed = self._placed(project)
            count = {name: sum(each.service == name for each in placed) for name in self._settings.services}
            self._shelf.keep(claim.run, Kept(project=project, replicas=count, doors=open_doors(placed)))
            self._stop(placed, claim=claim)

    def place(self, release: Release, *, services: tuple[ServiceState, ...], claim: Claim) -> None:
        """Leave alone what is of this release; let Compose make the others anew, from the project as the run found it."""
        with told("place the release"):
            kept = self._kept(claim)
            placed = self._whole(kept.project, claim=claim)
            self._stop(placed, claim=claim)
            carrying = (image for image in release.images if image.service in self._settings.services)
            images = {image.service: image for image in carrying if not _stands(image, placed, kept=kept)}
            project = kept.project.with_images(self._names(kept.project, images.values()))
            if images:
                self._create(project, kept, services=sorted(images), claim=claim)
            self._set_restart(project, services, claim=claim)

    def open(self, services: tuple[ServiceState, ...], *, claim: Claim) -> None:
        """Start the containers of the services that ran, and wait until they take connections where they did before."""
        wanted = {state.service for state in services if state.running}
        with told("start the services"):
            kept = self._kept(claim)
            project = kept.project
            self._set_restart(project, services, claim=claim)
            for each in self._placed(project):
                if each.service in wanted and not each.running:
                    run(self._docker("container", "start", each.id, claim=claim))
            running = {each.service for each in self._placed(project) if each.running}
        if wanted - running:
            missing = ", ".join(sorted(wanted - running))
            raise RuntimeFailed(say("cannot start {missing}: it has no container, or it ended at once", missing=missing))
        self._await(tuple(door for door in kept.doors if door.service in wanted), project)

    def start(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """Start the release in a project of the run's own, whose only way out is a relay to the database."""
        with told("start the release in the dark"):
            wanted = Wanted(release=release, database=database, limit_seconds=limit_seconds)
            start_dark(self._settings, self._kept(claim).project, wanted=wanted, claim=claim)

    def stop(self, claim: Claim) -> None:
        """Remove every container, network and volume that carries the run's label."""
        with told("stop what runs in the dark"):
            stop_dark(self._settings, claim)

    def errand(self, errand: Errand, *, claim: Claim) -> Outcome:
        """Return what one command left that ran in the dark, in the image of a release; see `run_errand`."""
        return run_errand(self._settings, self._kept(claim).project, errand=errand, claim=claim)

    def ask(self, errand: Errand, *, claim: Claim) -> Outcome:
        """Return what one command left that reached nothing, in the image of a release; see `ask_image`."""
        return ask_image(self._settings, self._kept(claim).project, errand=errand, claim=claim)

    def boot(self, errand: Errand, *, claim: Claim) -> AbstractContextManager[Boot]:
        """A service of a release runs in the dark by its own entrypoint until the context is left; see `boot_errand`."""
        return boot_errand(self._settings, self._kept(claim).project, errand=errand, claim=claim)

    def _create(self, project: Project, kept: Kept, *, services: list[str], claim: Claim) -> None:
        path = self._shelf.lay(claim.run, project)
        scales = (f"--scale={name}={kept.replicas[name]}" for name in services if kept.replicas.get(name, 0) > 1)
        # Without --no-deps Compose would also make the database's container anew where its file or image has changed.
        words = ("up", "--no-start", "--no-deps", "--no-build", "--pull=never", *scales, *services)
        run(compose(self._settings, *from_rendered(project, path), *words, limit_seconds=CHANGE_SECONDS, claim=claim))

    def _kept(self, claim: Claim) -> Kept:
        return self._shelf.found(claim.run) or Kept(project=self._shelf.now(), replicas={})

    def _await(self, doors: tuple[Door, ...], project: Project) -> None:
        """
        Every door is open again, or, of another release than before, its patience is over: whether it works, a watch tells.

        Raises TimedOut where the release of before does not take connections where it did.
        """
        deadline = self._clock.ticks() + self._settings.open_seconds
        while shut := shut_doors(doors, self._placed(project)):
            if self._clock.ticks() > deadline:
                break
            self._clock.pause(0.1)
        same = {(each.service, each.digest) for each in self._placed(project)} if shut else set()
        for door in shut:
            if (door.service, door.digest) in same:
                raise TimedOut(
                    say("cannot wait for {name}: {limit} s passed, and nothing listens at port {port}",
                        name=door.service, limit=self._settings.open_seconds, port=door.port)
                )  # fmt: skip

    def _placed(self, project: Project) -> tuple[seen.Placed, ...]:
        self._name = project.name
        return self._placed_of(project.name)

    def _placed_of(self, name: str) -> tuple[seen.Placed, ...]:
        return seen.placed(self._settings.docker, name, services=self._settings.services)

    def _whole(self, project: Project, *, claim: Claim) -> tuple[seen.Placed, ...]:
        """Return the containers of which none is half made anew any more."""
        placed = self._placed(project)
        commands = tuple(mended(placed, project, taken=self._taken))
        for words in commands:
            run(self._docker("container", *words, claim=claim))
        return self._placed(project) if commands else placed

    def _taken(self, name: str) -> bool:
        return bool(self._settings.docker.inspect("container", (name,)))

    def _stop(self, placed: tuple[seen.Placed, ...], *, claim: Claim) -> None:
        freed = [each.id for each in placed if each.restart != "no"]
        if freed:
            run(self._docker("container", "update", "--restart=no", *freed, claim=claim))
        # Services of one grace stop at the same time; each is killed when its own grace, or the longest allowed, is over.
        for grace, ids in self._by_grace([each.id for each in placed if each.running]).items():
            run(self._docker("container", "stop", f"--time={grace}", *ids, claim=claim))

    def _by_grace(self, ids: list[str]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for container in self._settings.docker.inspect("container", ids):
            own = container["Config"].get("StopTimeout")
            grace = int(min(USUAL_GRACE_SECONDS if own is None else own, self._settings.grace_seconds))
            found.setdefault(grace, []).append(container["Id"])
        return found

    def _names(self, project: Project, images: Iterable[Image]) -> dict[str, str]:
        """Return, by service, the name to make containers from; nothing for one whose own name already means the image."""
        names, docker = {}, self._settings.docker
        for image in images:
            found = find(docker, image)
            if found is None:
                raise RuntimeFailed(say("cannot place {image}: it is not on this machine", image=image.digest))
            meant = docker.inspect("image", (project.image_of(image.service),))
            if not meant or meant[0]["Id"] != found.number:
                names[image.service] = found.name
        return names

    def _set_restart(self, project: Project, services: tuple[ServiceState, ...], *, claim: Claim) -> None:
        wanted = {state.service: state.restart for state in services}
        for each in self._placed(project):
            policy = wanted.get(each.service) or each.restart
            if policy != each.restart:
                run(self._docker("container", "update", f"--restart={policy}", each.id, claim=claim))

    def _docker(self, *words: str, claim: Claim) -> Command:
        return self._settings.docker.command(*words, limit_seconds=CHANGE_SECONDS, claim=claim)


def _stands(image: Image, placed: tuple[seen.Placed, ...], *, kept: Kept) -> bool:
    """Tell whether a service has its containers already: they are left alone, so a fence that is taken down changes none."""
    digests = [each.digest for each in placed if each.service == image.service]
    return digests == [image.digest] * max(1, kept.replicas.get(image.service, 1))
