"""The reference of the checks."""

from __future__ import annotations

import re
from pathlib import Path

from amankan.operations.preflight.table import CHECKS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "doctor.md"


def test_every_check_is_on_the_page() -> None:
    """The page lists the checks, all of them, in their order."""
    assert [check.id for check in CHECKS] == re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(), re.MULTILINE)
