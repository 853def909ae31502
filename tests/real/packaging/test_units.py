"""The units for systemd."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

UNITS = Path(__file__).parents[3] / "packaging" / "systemd"
ANALYZE = shutil.which("systemd-analyze") or "systemd-analyze is missing: apt-get install systemd"
LIMIT_SECONDS = 60.0

# Of systemd's own scale, on which 100 is a service that may do everything.
MOST_EXPOSURE = 30

FAILED = "[Unit]\nDescription=Somebody is told of %i\n[Service]\nExecStart=/bin/true\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the units as they are, but that the command is one that is there."""
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace("/usr/local/bin/aman", "/bin/true"))
    (tmp_path / "amankan-failed@.service").write_text(FAILED)
    return tmp_path


def analyze(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Return what systemd says."""
    environment = {"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [ANALYZE, *words], env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS
    )


@pytest.mark.parametrize("name", ["amankan-backup", "amankan-drill"])
def test_systemd_understands_the_units(folder: Path, name: str) -> None:
    """systemd finds nothing to say about a unit and its timer."""
    done = analyze(folder, "verify", "--man=no", f"{name}@shop.service", f"{name}@shop.timer")
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("name", ["amankan-backup", "amankan-drill"])
def test_the_units_are_shut_in(folder: Path, name: str) -> None:
    """systemd calls a unit well shut in."""
    done = analyze(folder, "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(folder / f"{name}@.service"))
    assert 0 == done.returncode, done.stdout[-2000:]


def test_the_commands_exist() -> None:
    """What the units run are commands that there are."""
    from tests.unit.test_documents import understood

    lines = [line for path in UNITS.glob("*.service") for line in re.findall(r"ExecStart=\S*/(aman .*)", path.read_text())]
    assert 3 == len(lines)
    assert [] == [line for line in lines if understood(line)]
