"""Which digest a registry's answer means for this machine."""

from __future__ import annotations

import json

import pytest

from amankan.adapters.registries.docker.manifest import digest_for
from amankan.errors import RegistryFailed

OURS = ("linux", "amd64")
KIND = "application/vnd.oci.image.manifest.v1+json"


def described(digit: str, *, architecture: str = "amd64", kind: str = KIND, system: str = "linux") -> dict[str, object]:
    """Return the description of one manifest."""
    platform = {"os": system, "architecture": architecture}
    return {"Descriptor": {"mediaType": kind, "digest": f"sha256:{digit * 64}", "platform": platform}}


def test_our_platform_is_chosen() -> None:
    """Of several manifests that of this machine is taken; what is for no platform is left out."""
    said = [described("a", architecture="arm64"), described("b"), described("c", architecture="unknown", system="unknown")]
    assert f"sha256:{'b' * 64}" == digest_for(json.dumps(said).encode(), platform=OURS, reference="x:1")
    assert f"sha256:{'b' * 64}" == digest_for(json.dumps(described("b")).encode(), platform=OURS, reference="x:1")


@pytest.mark.parametrize(
    "said",
    [
        [described("a", architecture="arm64")],
        [],
        {},
        {"Descriptor": None},
        "text",
        described("b", kind="application/vnd.docker.distribution.manifest.v1+prettyjws"),
        described("B"),
    ],
    ids=["other platform", "empty", "nothing", "null", "text", "schema 1", "no digest"],
)
def test_anything_else_is_told(said: object) -> None:
    """An answer without an image for this machine, or that cannot be read, is a failure of the registry."""
    with pytest.raises(RegistryFailed):
        digest_for(json.dumps(said).encode(), platform=OURS, reference="x:1")
