"""Images of an engine: by which digest they are known, and by which name they are found here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amankan.model.release import Image
from amankan.proc.docker import Docker


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An image that is in the engine: a name that means exactly this one, and the engine's own number for it."""

    name: str
    number: str


def find(docker: Docker, image: Image) -> Found | None:
    """
    Return the image with exactly this digest, or None where the engine does not have it; reads only.

    The digest is a registry's, known under the reference's repository, or the engine's own number for what was built here.
    """
    named = f"{repository_of(image.reference)}@{image.digest}"
    for name in (named, image.digest):
        for found in docker.inspect("image", (name,)):
            if name == named and named not in (found.get("RepoDigests") or ()):
                continue
            if name == image.digest and found["Id"] != image.digest:
                continue
            return Found(name=name, number=str(found["Id"]))
    return None


def digest_of(container: dict[str, Any], image: dict[str, Any] | None) -> str:
    """
    Return the digest of the image that a container really has.

    It is the registry's digest where the engine knows one for the repository that the container was made from, else the
    engine's own number for the image.
    """
    number, reference = str(container["Image"]), str(container["Config"]["Image"])
    repository = repository_of(reference)
    known = [word for word in (image or {}).get("RepoDigests") or () if word.partition("@")[0] == repository]
    if reference in known:
        return reference.partition("@")[2]
    return min(known).partition("@")[2] if known else number


def repository_of(reference: str) -> str:
    """Return a reference without its tag and digest."""
    named = reference.partition("@")[0]
    place, slash, last = named.rpartition("/")
    return f"{place}{slash}{last.partition(':')[0]}"
