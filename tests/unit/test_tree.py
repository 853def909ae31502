"""A release in a folder is known by all that is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from amankan.adapters.runtimes.process.tree import Trees
from amankan.errors import RuntimeFailed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a file, a folder and a link."""
    made = tmp_path / "release"
    (made / "src").mkdir(parents=True)
    (made / "src" / "a.py").write_text("1")
    (made / "b.py").write_text("2")
    (made / "link").symlink_to("b.py")
    return made


def _link(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("src/a.py")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda folder: (folder / "src" / "a.py").write_text("3"),
    "name": lambda folder: (folder / "b.py").rename(folder / "c.py"),
    "new": lambda folder: (folder / "src" / "new.py").write_text(""),
    "gone": lambda folder: (folder / "b.py").unlink(),
    "executable": lambda folder: (folder / "b.py").chmod(0o755),
    "target": _link,
    "moved": lambda folder: (folder / "b.py").rename(folder / "src" / "b.py"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_another_release(folder: Path, change: str) -> None:
    """Whatever is changed, the digest is another one, also for a reader that knew the folder."""
    trees = Trees()
    before = trees.digest(folder)
    assert before == trees.digest(folder) == Trees().digest(folder)
    CHANGES[change](folder)
    assert before != trees.digest(folder)
    assert trees.digest(folder) == Trees().digest(folder)


def test_a_glance_sees_what_changed(folder: Path) -> None:
    """Who only glances gets the same digest, before a change and after."""
    trees = Trees()
    assert trees.digest(folder) == trees.glance(folder)
    (folder / "b.py").write_text("something longer")
    assert Trees().digest(folder) == trees.glance(folder)


def test_what_programs_leave_beside_is_passed_over(folder: Path) -> None:
    """Compiled files, which appear when a release runs, and times change nothing."""
    before = Trees().digest(folder)
    (folder / "src" / "__pycache__").mkdir()
    (folder / "src" / "__pycache__" / "a.pyc").write_text("x")
    (folder / "b.py").touch()
    assert before == Trees().digest(folder)


def test_a_folder_that_is_not_there_is_no_release(folder: Path) -> None:
    """A missing folder, or a file instead of one, has no digest."""
    for path in (folder / "nothing", folder / "b.py"):
        with pytest.raises(RuntimeFailed):
            Trees().digest(path)
