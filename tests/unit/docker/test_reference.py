"""Which texts name an image, and which are refused."""

from __future__ import annotations

import pytest

from amankan.adapters.registries.docker.reference import parse_reference, refuse_stranger
from amankan.errors import ConfigurationFault, Refused

DIGEST = "sha256:" + "0123456789abcdef" * 4

GOOD = {
    "ocn:v1": "docker.io/library/ocn",
    "acme/ocn:latest": "docker.io/acme/ocn",
    "127.0.0.1:5000/ocn:v1": "127.0.0.1:5000/ocn",
    "localhost/ocn:v1": "localhost/ocn",
    "[::1]:5000/ocn:v1": "[::1]:5000/ocn",
    "[2001:db8::1]/a/b:v1": "[2001:db8::1]/a/b",
    "Registry.example:443/a/b-c/d__e:V1.2-rc_3": "registry.example:443/a/b-c/d__e",
    f"images.example/a/b@{DIGEST}": "images.example/a/b",
    f"images.example/a/b:v1@{DIGEST}": "images.example/a/b",
    "a" * 254 + ":v": "docker.io/library/" + "a" * 254,
}

BAD = (
    *(
        "",
        " ",
        "-rf",
        "--privileged",
        "--help:v1",
        "repo",
        "evil.example/x",
        "repo:tag@sha256:short",
        "repo@sha512:" + "0" * 128,
    ),
    *("Repo:v1", "acme/Repo:v1", "repo:", "repo@", "repo:v1@", "repo::v1", "repo:v1:v2", ":v1", "/repo:v1", "repo/:v1"),
    *(
        "a//b:v1",
        "repo..x:v1",
        "repo:.v1",
        "repo:-v1",
        "repo:v1\n",
        "repo:v1\nrm",
        "$(id):v1",
        "`id`:v1",
        "repo:$(id)",
        "re po:v1",
    ),
    *(
        "ngin\N{CYRILLIC SMALL LETTER HA}:v1",
        "repo:v\N{LATIN SMALL LETTER E WITH ACUTE}",
        "repo:v1\0",
        "repo:v\x1b[2J",
        "a" * 300 + ":v1",
        "repo:" + "v" * 129,
        "host:0/x:v1",
        "host:99999/x:v1",
    ),
    *(
        "host:/x:v1",
        "[::1/x:v1",
        "[zz::1]:5000/x:v1",
        "-host.x/y:v1",
        "ho_st.x/y:v1",
        f"repo@{DIGEST.upper()}",
        "https://x/y:v1",
    ),
    *("../x:v1", "x/../y:v1", "repo:v1@@", f"repo@{DIGEST}@{DIGEST}", "repo;id:v1", "repo|id:v1", "repo&:v1", "repo>x:v1"),
)


@pytest.mark.parametrize("text", GOOD, ids=repr)
def test_a_name_is_read_exactly(text: str) -> None:
    """What is read is what was written, and the repository is known in full."""
    assert (text, GOOD[text]) == (str(parse_reference(text)), parse_reference(text).place)


@pytest.mark.parametrize("text", BAD, ids=repr)
def test_anything_else_is_refused(text: str) -> None:
    """A text that is no exact name is a fault of the configuration that says how to write one."""
    with pytest.raises(ConfigurationFault) as refused:
        parse_reference(text)
    assert "REPOSITORY" in str(refused.value.next)


def test_a_stranger_is_refused() -> None:
    """A repository that the app does not use is refused, however near its name is; the usual registry has one name."""
    allowed = frozenset({parse_reference("acme/ocn:v1").place})
    refuse_stranger(parse_reference("docker.io/acme/ocn:v2"), allowed=allowed)
    for text in ("acme/ocm:v1", "evil.example/acme/ocn:v1", "docker.io.evil.example/acme/ocn:v1", "acme/ocn/x:v1"):
        with pytest.raises(Refused):
            refuse_stranger(parse_reference(text), allowed=allowed)


def test_this_machine_is_known() -> None:
    """Only a registry on a loopback address is spoken to without TLS."""
    texts = ("127.0.0.1:5000/x:v", "[::1]:5000/x:v", "localhost/x:v", "localhost:5000/x:v", "10.0.0.1:5000/x:v", "x:v")
    assert [True, True, True, True, False, False] == [parse_reference(text).on_this_machine for text in texts]
