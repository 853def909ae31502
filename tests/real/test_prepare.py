"""What `tools/prepare` promises about the system."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.real
@pytest.mark.parametrize("program", ["age", "zstd", "psql"])
def test_program_answers(program: str) -> None:
    """Each promised program runs."""
    assert 0 == subprocess.run([program, "--version"], check=False, capture_output=True).returncode


@pytest.mark.real
def test_prepare_is_idempotent() -> None:
    """Where everything is there, a second run ends well and finds nothing missing."""
    done = subprocess.run(["tools/prepare"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert (0, False) == (done.returncode, "missing from this system" in done.stdout), done.stderr
