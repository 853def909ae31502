"""What a registry says of an image, for this machine's platform."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from amankan.errors import RegistryFailed
from amankan.model.sentence import say
from amankan.proc.docker import Docker

KNOWN: Final = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
    }
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def platform_of(docker: Docker) -> tuple[str, str]:
    """Return operating system and architecture of the engine."""
    system, _, architecture = docker.ask("version", "--format", "{{.Server.Os}} {{.Server.Arch}}").partition(" ")
    return system, architecture


def digest_for(text: bytes, *, platform: tuple[str, str], reference: str) -> str:
    """
    Return the digest of the manifest for this platform.

    Args:
        text: as `docker manifest inspect --verbose` wrote it: one description, or a list of them.
    Raises:
        RegistryFailed: none is for this platform, or it cannot be read.
    """
    try:
        said = json.loads(text)
        descriptors = [each["Descriptor"] for each in (said if isinstance(said, list) else [said])]
        matching = [each for each in descriptors if _runs_on(each, platform)]
        wrong = [
            str(each["digest"]) for each in matching if each["mediaType"] not in KNOWN or not _DIGEST.fullmatch(each["digest"])
        ]
    except (ValueError, KeyError, TypeError) as fault:
        raise RegistryFailed(say("cannot read what the registry says of {image}", image=reference)) from fault
    if not matching:
        has = ", ".join(sorted("{os}/{architecture}".format_map(each["platform"]) for each in descriptors))
        sentence = say(
            "cannot run {image} here: it is for {has}, not for {ours}", image=reference, has=has, ours="/".join(platform)
        )
        raise RegistryFailed(sentence)
    if wrong:
        raise RegistryFailed(say("cannot use {image}: its manifest is of a kind that is not known", image=reference))
    return str(matching[0]["digest"])


def _runs_on(descriptor: dict[str, Any], platform: tuple[str, str]) -> bool:
    said = descriptor["platform"]
    return (said["os"], said["architecture"]) == platform
