"""Fixtures: OCN in its first release, with its database in the same project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.kit.docker.fixtures import MakeProject
from tests.kit.docker.registry import Registry
from tests.real.compose.place import CLAIM, Shop, shop

URL = "postgresql://ocn:only-an-example@db:5432/ocn"


@pytest.fixture
def ocn_digest(registry: Registry) -> Callable[[str], str]:
    """Tell the digest of a release of OCN in the registry."""
    return lambda tag: registry.digest("ocn", tag)


@pytest.fixture
def ocn(make_project: MakeProject, ocn_image: str, *, ocn_digest: Callable[[str], str]) -> Iterator[Shop]:
    """OCN runs, is migrated and has its traffic; whatever the test leaves in the dark is removed."""
    project = make_project("ocn", image=ocn_image, tag="v1")
    project.compose("up", "--detach", "--wait", "db")
    project.in_image("npx", "prisma", "migrate", "deploy")
    project.compose("up", "--detach", "--wait")
    made = shop(project, digest=ocn_digest, url=URL)
    yield made
    made.runtime.settle(CLAIM)
    made.runtime.stop(CLAIM)


def names_below(folder: Path) -> set[str]:
    """Return the files below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
