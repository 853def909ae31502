"""What `aman doctor` says of an app that is one process."""

from __future__ import annotations

import pytest
from tests.kit.store import Store

pytestmark = pytest.mark.real


def test_a_folder_without_releases_is_named(store: Store) -> None:
    """Where nothing is placed nothing can be updated: that is said before anybody tries."""
    path = store.folder / "amankan.toml"
    text = path.read_text()
    assert "cannot tell what is placed" not in store.aman.run("doctor").out
    path.write_text(text.replace('folder = "app"', 'folder = "nope"'))
    said = store.aman.run("doctor")
    assert "cannot tell what is placed" in said.out
    path.write_text(text.replace("app.py", "'app.py"))
    assert "should close every quote" in store.aman.run("doctor", status=2).err
