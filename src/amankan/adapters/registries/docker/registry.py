"""Images as a Docker Engine has them, and as it gets them from a registry."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from amankan.adapters.registries.docker.manifest import digest_for, platform_of
from amankan.adapters.registries.docker.reference import Reference, parse_reference, refuse_stranger
from amankan.errors import CommandFailed, RegistryFailed, TimedOut
from amankan.model.claim import Claim
from amankan.model.release import Image, Release
from amankan.model.sentence import say
from amankan.ports.clock import Clock
from amankan.proc.docker import Docker
from amankan.proc.images import find, repository_of
from amankan.proc.run import run

# Kept images have a name below this one: a name keeps an image from every prune that spares what has a name.
KEPT: Final = "amankan-keep"
# How the tag begins that an image gets which would otherwise be deleted with the last name that kept it.
LEFT: Final = "amankan-"
MOST_TAG_CHARACTERS: Final = 128
# What a registry says of an image that it does not have; one that is down says something else. The engine's own registry
# says that access is denied, whether there is such a repository or not.
NOT_THERE: Final = re.compile(
    r"(?i)no such manifest|manifest unknown|name unknown|manifest .*not found|does not exist|denied|unauthorized"
)
MADE_HERE: Final = " (made here)"
RESOLVE_SECONDS: Final = 60.0


class DockerRegistry:
    """Keeps the promise of `ports.registry` for one app; no name that the user gave to an image is ever moved."""

    def __init__(self, docker: Docker, *, app: str, clock: Clock) -> None:
        """Speak to one engine; nothing is asked yet."""
        self._docker, self._app, self._clock = docker, app, clock

    def resolve(self, references: tuple[tuple[str, str], ...], *, allowed: frozenset[str]) -> Release:
        """
        Return the release of these references, by service, each bound to the digest that the registry tells now.

        The engine is not changed. What the reference pins by digest itself is not asked for. An image that no registry has,
        and that was made on this machine, is bound to the engine's own number for it; the label says so.

        Args:
            allowed: the repositories that this app may take images from, in full.
        Raises:
            ConfigurationFault: a reference cannot be read.
            Refused: a repository is not allowed.
            RegistryFailed: it does not answer, has no such image, or none for this machine.
        """
        parsed = {service: parse_reference(text) for service, text in references}
        for reference in parsed.values():
            refuse_stranger(reference, allowed=allowed)
        bound = {reference: self._resolve(reference) for reference in sorted(set(parsed.values()), key=str)}
        images = tuple(
            Image(service=service, reference=str(replace(reference, digest="")), digest=bound[reference][0])
            for service, reference in sorted(parsed.items())
        )
        labels = {f"{replace(reference, digest='')}{remark}" for reference, (_, remark) in bound.items()}
        return Release(label=", ".join(sorted(labels)), images=images)

    def present(self, release: Release) -> bool:
        """Tell whether the engine has every image."""
        with self._told("look for the images"):
            return all(find(self._docker, image) is not None for image in release.images)

    def pull(self, release: Release, *, claim: Claim, limit_seconds: float) -> None:
        """Let the engine get, by digest, what it does not have, and look whether it has it."""
        deadline = self._clock.ticks() + limit_seconds
        for image in release.images:
            with self._told(f"pull {image.reference or image.digest}"):
                if find(self._docker, image) is not None:
                    continue
                left_seconds = deadline - self._clock.ticks()
                if left_seconds <= 0:
                    raise TimedOut(say("cannot wait for {image}: {limit} s passed", image=image.digest, limit=limit_seconds))
                name = f"{repository_of(image.reference)}@{image.digest}"
                command = self._docker.command("image", "pull", "--quiet", name, limit_seconds=left_seconds, claim=claim)
                try:
                    run(command)
                except CommandFailed as fault:
                    cannot = say("cannot pull {image}: {why}", image=image.reference or name, why=str(fault.cannot))
                    raise RegistryFailed(cannot, next=say("docker pull {image}", image=name)) from fault
                if find(self._docker, image) is None:
                    raise RegistryFailed(say("cannot pull {image}: something else came", image=name))

    def kept(self, release: Release, *, run: str) -> bool:
        """Tell whether each image has the run's name."""
        with self._told("look for the kept images"):
            return all(self._kept(image, run=run) for image in release.images)

    def keep(self, release: Release, *, claim: Claim) -> None:
        """Give each image a name of the run; RegistryFailed where the engine does not have one of them."""
        for image in release.images:
            with self._told(f"keep {image.digest}"):
                found = find(self._docker, image)
                if found is None:
                    raise RegistryFailed(say("cannot keep {image}: it is not on this machine", image=image.digest))
                run(self._docker.command("image", "tag", found.name, self._name(image, run=claim.run), claim=claim))

    def unkeep(self, claim: Claim) -> None:
        """Take the run's names away; an image that has no other gets one that any prune of unused images may take."""
        with self._told("let the kept images go"):
            for name in self._names(claim.run):
                self._leave_a_name(name, claim=claim)
                run(self._docker.command("image", "rm", "--no-prune", name, claim=claim))

    def _leave_a_name(self, name: str, *, claim: Claim) -> None:
        """The image of a kept name has another one too: with its last name it would be deleted, used or not."""
        for found in self._docker.inspect("image", (name,)):
            if [tag for tag in found.get("RepoTags") or () if tag != name]:
                continue
            known = [repository_of(digest) for digest in found.get("RepoDigests") or ()]
            repository = min((each for each in known if not each.startswith(KEPT)), default=f"amankan/{self._app}")
            left = f"{repository}:{LEFT}{found['Id'].partition(':')[2][:12]}"
            run(self._docker.command("image", "tag", name, left, claim=claim))

    def _resolve(self, reference: Reference) -> tuple[str, str]:
        """Return the digest, and what is to be said of where it comes from."""
        if reference.digest:
            return reference.digest, ""
        insecure = ("--insecure",) if reference.on_this_machine else ()
        with self._told(f"find {reference}"):
            command = self._docker.command(
                "manifest", "inspect", "--verbose", *insecure, str(reference), limit_seconds=RESOLVE_SECONDS
            )
            try:
                text = run(command).output
            except CommandFailed as fault:
                number = self._made_here(reference) if NOT_THERE.search(str(fault.cannot)) else ""
                if not number:
                    raise
                return number, MADE_HERE
            return digest_for(text, platform=platform_of(self._docker), reference=str(reference)), ""

    def _made_here(self, reference: Reference) -> str:
        """Return the engine's number for an image that never was in a registry; empty where there is none."""
        name = str(reference)
        for found in self._docker.inspect("image", (name,)):
            known = {repository_of(digest) for digest in found.get("RepoDigests") or ()}
            return "" if repository_of(name) in known else str(found["Id"])
        return ""

    def _kept(self, image: Image, *, run: str) -> bool:
        found = find(self._docker, image)
        named = self._docker.inspect("image", (self._name(image, run=run),))
        return found is not None and bool(named) and named[0]["Id"] == found.number

    def _name(self, image: Image, *, run: str) -> str:
        # Two releases of one run may have the same service: the digest tells them apart.
        tag = f"{run}-{image.digest.rpartition(':')[2][:12]}-{image.service}"
        if len(tag) > MOST_TAG_CHARACTERS:
            tag = f"{run}-{hashlib.sha256(tag.encode()).hexdigest()[:24]}"
        return f"{KEPT}/{self._app}:{tag}"

    def _names(self, run: str) -> Iterator[str]:
        said = self._docker.ask("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{KEPT}/{self._app}")
        yield from (name for name in said.split() if name.startswith(f"{KEPT}/{self._app}:{run}-"))

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except CommandFailed as fault:
            raise RegistryFailed(say("cannot {what}: {why}", what=what, why=str(fault.cannot))) from fault
