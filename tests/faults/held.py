"""The tests elsewhere that hold rows of the catalogue, run by pytest and counted with the rest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.born import ROOT
from tests.faults.page import rows
from tests.faults.trial import Told


def run_held(into: Path) -> Iterator[Told]:
    """Run them all; yield what became of each, whatever its parameters."""
    wanted = sorted({name for row in rows() for name in row.tests})
    report = (into / "held.xml").resolve()
    words = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "-o", "junit_family=xunit1", *wanted]
    subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    seen: dict[str, list[str]] = {name: [] for name in wanted}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('file')}::{(case.get('name') or '').partition('[')[0]}"
        seen.setdefault(name, []).extend(_faults(case))
        seen[name].append("")
    for name, found in seen.items():
        wrong = [fault for fault in found if fault]
        yield Told(id=name, ending="held", wrong=wrong if found else ["it was not run"])


def _faults(case: ElementTree.Element) -> Iterator[str]:
    for kind in ("failure", "error", "skipped"):
        for each in case.iter(kind):
            yield f"{kind}: {each.get('message') or ''}"[:500]
