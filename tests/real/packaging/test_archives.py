"""What users install: the wheel and the source archive."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[3]
LIMIT_SECONDS = 300.0

IN_WHEEL = (
    "amankan/py.typed",
    "amankan/config/example.toml",
    "amankan/cli/indonesian/cli.toml",
    "amankan/demo/toko/v1/app.py",
    "amankan/demo/toko/v1/page.html",
    "amankan/demo/toko/v3/db/migrations/003_tidy.sql",
)
IN_SOURCE = ("README.md", "README.id.md", "LICENSE", "Makefile", "pyproject.toml", "requirements/development.lock")
IN_SOURCE_FOLDERS = ("src/amankan/", "tests/", "docs/", "tools/", "changes/", "examples/", "packaging/")

TRIAL = """
import sys
from pathlib import Path
import amankan
from amankan.demo.shelf import put_releases
put_releases(Path(sys.argv[1]))
print(Path(amankan.__file__).parent)
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both archives, built as a release would be."""
    folder = tmp_path_factory.mktemp("archives")
    words = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=LIMIT_SECONDS)
    return folder


def test_the_wheel_holds_everything(archives: Path) -> None:
    """The wheel holds the package with all its data, and neither tests nor anything that was made meanwhile."""
    [path] = archives.glob("*.whl")
    names = zipfile.ZipFile(path).namelist()
    assert [] == [name for name in IN_WHEEL if name not in names]
    assert [] == [name for name in names if not name.startswith("amankan") or "__pycache__" in name]


def test_the_source_archive_holds_everything(archives: Path) -> None:
    """Whoever unpacks the source archive can do there what a clone can."""
    [path] = archives.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert [] == [name for name in IN_SOURCE if name not in names]
    assert [] == [folder for folder in IN_SOURCE_FOLDERS if not any(name.startswith(folder) for name in names)]
    assert [] == [name for name in names if "__pycache__" in name or name.startswith(".venv")]


def test_the_wheel_works_where_there_is_no_source(archives: Path, tmp_path: Path) -> None:
    """From the installed wheel alone the command line answers, and the demonstration finds its releases."""
    [path] = archives.glob("*.whl")
    place = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(place), str(path)]
    subprocess.run(pip, check=True, capture_output=True, timeout=LIMIT_SECONDS)
    environment = os.environ | {"PYTHONPATH": str(place)}

    def said(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()

    assert said("-m", "amankan.cli", "--version").startswith("aman ")
    assert str(place / "amankan") == said("-c", TRIAL, str(tmp_path / "releases"))
    assert (tmp_path / "releases" / "v5" / "db" / "migrations" / "004_reports.sql").exists()
