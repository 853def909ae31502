"""References are followed exactly, and never show what they lead to."""

import os
from pathlib import Path

import pytest

from amankan.config.references import Resolver
from amankan.config.settings import ContainerReference, EnvironmentReference, FileReference, Reference
from amankan.errors import ConfigurationFault

HERE = EnvironmentReference(name="A")
FILE = FileReference(path="secret")


def follow(folder: Path, reference: Reference, **environment: str) -> str:
    """Return what a reference leads to."""
    return Resolver(folder, environment=environment).follow(reference, key="database.url").secret.reveal()


def test_a_variable_is_taken_as_it_is(tmp_path: Path) -> None:
    """Nothing is stripped from the value of a variable."""
    assert " a b\n" == follow(tmp_path, HERE, A=" a b\n")


@pytest.mark.parametrize(
    ("content", "expected", "remarks"),
    [("a", "a", 0), ("a\n", "a", 1), ("a\n\n", "a\n", 1), ("a\r\n", "a", 1), (" a ", " a ", 0), ("é", "é", 0)],
)
def test_one_newline_at_the_end_of_a_file_does_not_count(tmp_path: Path, content: str, expected: str, remarks: int) -> None:
    """Exactly one newline is removed, and it is said."""
    (tmp_path / "secret").write_bytes(content.encode())
    (tmp_path / "secret").chmod(0o600)
    found = Resolver(tmp_path).follow(FILE, key="database.url")
    assert expected == found.secret.reveal()
    assert remarks == len(found.remarks)


def test_a_secret_that_everybody_can_read_is_told(tmp_path: Path) -> None:
    """The mode of the file is remarked on."""
    (tmp_path / "secret").write_text("a")
    (tmp_path / "secret").chmod(0o644)
    [remark] = Resolver(tmp_path).follow(FILE, key="database.url").remarks
    assert "everybody on this machine can read" in str(remark)


def test_a_container_is_asked(tmp_path: Path) -> None:
    """The callable is given service and variable."""
    resolver = Resolver(tmp_path, container=lambda service, name: f"{service} {name}")
    found = resolver.follow(ContainerReference(service="app", name="DATABASE_URL"), key="database.url")
    assert "app DATABASE_URL" == found.secret.reveal()


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (HERE, "cannot follow database.url: A is not set"),
        (EnvironmentReference(name="EMPTY"), "EMPTY is empty"),
        (FILE, "cannot be read"),
        (FileReference(path="."), "is not a file with one secret"),
        (FileReference(path="pipe"), "is not a file with one secret"),
        (FileReference(path="large"), "is not a file with one secret"),
        (FileReference(path="bytes"), "is not UTF-8 text"),
        (FileReference(path="empty"), "is empty"),
        (ContainerReference(service="app", name="A"), "no container can be asked"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(tmp_path: Path, reference: Reference, expected: str) -> None:
    """What is missing, empty, too large or no text is refused by the key."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"a" * (65 << 10))
    (tmp_path / "bytes").write_bytes(b"\xff")
    (tmp_path / "empty").write_bytes(b"\n")
    with pytest.raises(ConfigurationFault, match="cannot follow") as refused:
        follow(tmp_path, reference, EMPTY=" ")
    assert expected in str(refused.value)
