"""In production, journal and backups lie on a disk, or nothing is begun: tried with real file systems in memory."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.kit.aman import Aman, aman_for
from tests.kit.postgres.database import Database

from amankan.adapters.hosts.mounts import keeping_of
from amankan.model.keeping import Keeping
from amankan.wiring.keeping import THROWAWAY

pytestmark = pytest.mark.real

BEGINNING = ("backup", "restore --yes", "drill", "adopt a.sql")


@contextmanager
def mounted(folder: Path, kind: str = "tmpfs") -> Iterator[Path]:
    """A folder lies on a file system of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", kind, "-o", "mode=0700", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def production(aman: Aman) -> None:
    """The configuration is one of production."""
    file = aman.folder / "amankan.toml"
    file.write_text(file.read_text().replace('environment = "staging"', 'environment = "production"'))


def check(aman: Aman) -> tuple[str, str]:
    """Return the level of the doctor's check, and its remedy."""
    said = aman.run("doctor", "--json").out.splitlines()[-1]
    [found] = [each for each in json.loads(said)["doctor"]["checks"] if each["id"] == "kept"]
    return found["level"], found["remedy"] or ""


@pytest.fixture
def aman(any_shop: Database, tmp_path: Path) -> Aman:
    """An `aman` for production whose backups are sealed, with one backup, on a disk."""
    found = aman_for(tmp_path, any_shop)
    found.seal()
    production(found)
    found.run("backup", status=0)
    (tmp_path / "a.sql").write_text("select 1;\n")
    return found


@pytest.mark.parametrize("place", [".amankan", "backups"])
def test_what_goes_with_a_reboot_is_refused(aman: Aman, any_shop: Database, place: str) -> None:
    """Journal or vault in memory: what would begin is refused with the folder and a remedy, and nothing was made there."""
    assert ("ok", "") == check(aman)
    databases = "select count(*) from pg_database"
    before = any_shop.value(databases)
    with mounted(aman.folder / place, "tmpfs" if place == "backups" else "ramfs") as folder:
        for words in BEGINNING if place == ".amankan" else ("backup", "adopt a.sql"):
            lines = aman.run(*words.split(), status=3).lines
            assert [
                f"cannot begin: {folder} lies in memory: journal or backups are gone when the machine starts anew",
                "production: unchanged",
                f"next: keep {folder} on a disk: move it there, or mount a volume or a folder of the host at it",
            ] == lines
        assert [] == list(folder.rglob("*"))
        level, remedy = check(aman)
        assert ("fault", True) == (level, str(folder) in remedy)
    assert before == any_shop.value(databases)
    aman.run("backup", "--no-prove", status=0)


def test_elsewhere_it_is_a_warning(any_shop: Database, tmp_path: Path) -> None:
    """In staging everything may lie in memory; the doctor says so, and a backup is made."""
    with mounted(tmp_path / "app") as folder:
        aman = aman_for(folder, any_shop)
        aman.seal()
        assert "warn" == check(aman)[0]
        aman.run("backup", "--no-prove", status=0)


def test_what_is_thrown_away_may_lie_in_memory(any_shop: Database, tmp_path: Path) -> None:
    """An app that says that it is thrown away, as a demonstration does, is not asked."""
    with mounted(tmp_path / "app") as folder:
        aman = aman_for(folder, any_shop)
        aman.seal()
        production(aman)
        aman.run("backup", status=3)
        (folder / THROWAWAY).touch()
        aman.run("backup", "--no-prove", status=0)


def test_a_link_and_a_mount_over_a_mount_are_seen_through(tmp_path: Path) -> None:
    """What counts is where a file would really lie, whatever the path says and whatever was mounted before."""
    with ExitStack() as stack:
        memory = stack.enter_context(mounted(tmp_path / "me mory\\040"))
        (tmp_path / "link").symlink_to(memory / "inner")
        (memory / "inner").mkdir()
        assert Keeping.IN_MEMORY is keeping_of(tmp_path / "link" / ".amankan")
        assert Keeping.IN_MEMORY is keeping_of(memory / "not" / "there")
        below = tmp_path / "me mory\\040" / "inner"
        subprocess.run(["mount", "--bind", str(tmp_path), str(below)], check=True)
        stack.callback(subprocess.run, ["umount", "--lazy", str(below)], check=True)
        assert Keeping.ON_DISK is keeping_of(below)
        stack.enter_context(mounted(tmp_path / "me mory\\040"))
        assert Keeping.IN_MEMORY is keeping_of(below)
    assert Keeping.ON_DISK is keeping_of(tmp_path / "gone")
