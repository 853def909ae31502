"""What `aman update` says where its answer cannot be written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.kit.aman import command
from tests.kit.store import Store

pytestmark = pytest.mark.real


def test_an_update_whose_answer_has_no_room_is_applied(store: Store) -> None:
    """The new release runs, and that is what is said: nobody is told that production is unchanged."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("update", "--tag", "v2", "--yes", "--json"),
            cwd=store.folder,
            env=store.aman.environment,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
            check=False,
        )
    assert 6 == done.returncode
    assert [
        "cannot write the answer: No space left on device",
        "production: as asked: update was carried out, and only its answer is missing",
        "next: aman show",
    ] == done.stderr.splitlines()[-3:]
    assert store.page().startswith("v2 ")
    assert "done" == store.aman.run("show", "--json", status=0).document["operation"]["outcome"]
