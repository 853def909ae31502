"""The name of an image, read exactly or refused: what passes here can be no option, no second word and no other registry."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from amankan.errors import ConfigurationFault, Refused
from amankan.model.sentence import say

MOST_NAME_CHARACTERS: Final = 255
DEFAULT_DOMAIN: Final = "docker.io"

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PORT = re.compile(r"[0-9]{1,5}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ALLOWED = re.compile(r"[A-Za-z0-9_.:/@\[\]-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """
    The name of an image: `domain` is the registry as it was written (empty for the usual one), `path` the repository in it.

    At least one of `tag` and `digest` is given; where both are, the digest decides.
    """

    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def repository(self) -> str:
        """The name without tag and digest, as it was written."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def place(self) -> str:
        """The repository in full, so that two ways to write the same one are equal."""
        domain = self.domain.lower() or DEFAULT_DOMAIN
        path = f"library/{self.path}" if domain == DEFAULT_DOMAIN and "/" not in self.path else self.path
        return f"{domain}/{path}"

    @property
    def pinned(self) -> str:
        """The name by digest; empty where none is known."""
        return f"{self.repository}@{self.digest}" if self.digest else ""

    @property
    def on_this_machine(self) -> bool:
        """Whether the registry is on a loopback address."""
        host = self.domain.rpartition(":")[0] if _PORT.fullmatch(self.domain.rpartition(":")[2]) else self.domain
        try:
            return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        tag, digest = f":{self.tag}" if self.tag else "", f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


def parse_reference(text: str, *, place: str = "--image") -> Reference:
    """
    Return the parts of an image's name.

    Raises:
        ConfigurationFault: it is none, or leaves open which image is meant.
    Source: OCI Distribution Specification, "Pulling manifests"; the grammar of `distribution/reference`.
    """
    stranger = _ALLOWED.match(text)
    if stranger is not None and stranger.end() != len(text):
        raise _fault(place, f"character {stranger.end() + 1} cannot stand in the name of an image")
    if not text or text.startswith("-"):
        raise _fault(place, "it is empty or begins with a dash")
    named, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise _fault(place, "the digest is not sha256: and 64 hexadecimal digits")
    first, slash, rest = named.partition("/")
    domain = first if slash and (re.search(r"[.:\[]", first) or first == "localhost" or first.lower() != first) else ""
    path, colon, tag = (rest if domain else named).partition(":")
    _check_domain(domain, place=place)
    if not _PATH.fullmatch(path):
        raise _fault(place, "a repository has small letters, digits and single . _ - between them")
    if len(domain) + 1 + len(path) > MOST_NAME_CHARACTERS:
        raise _fault(place, f"the name is longer than {MOST_NAME_CHARACTERS} characters")
    if colon and not _TAG.fullmatch(tag):
        raise _fault(place, "a tag has at most 128 letters, digits, . _ - and begins with no . or -")
    if not colon and not at:
        raise _fault(place, "it names neither a tag nor a digest")
    return Reference(domain=domain, path=path, tag=tag, digest=digest)


def refuse_stranger(reference: Reference, *, allowed: frozenset[str]) -> None:
    """Raise Refused for a repository that this app has not been using and nobody has allowed."""
    if reference.place not in allowed:
        known = ", ".join(sorted(allowed))
        raise Refused(
            say("cannot take an image from {place}: this app uses {known}", place=reference.place, known=known),
            next=say("add the repository to the app's configuration, if it is the right one"),
        )


def _check_domain(domain: str, *, place: str) -> None:
    host, colon, port = domain.rpartition(":")
    if not colon or domain.endswith("]"):
        host, port = domain, ""
    if port and not (_PORT.fullmatch(port) and 0 < int(port) < 65536):
        raise _fault(place, "the registry's port is no number from 1 to 65535")
    if colon and not port and not domain.endswith("]"):
        raise _fault(place, "the registry's port is missing")
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host.removeprefix("[").removesuffix("]"))
        except ValueError:
            raise _fault(place, "the registry is no IPv6 address") from None
    elif domain and not _HOST.fullmatch(host):
        raise _fault(place, "the registry is no host name")


def _fault(place: str, why: str) -> ConfigurationFault:
    return ConfigurationFault(
        say("cannot read the image in {place}: {why}", place=place, why=why),
        next=say("write it as REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@sha256:DIGEST"),
    )
