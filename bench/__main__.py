"""Run every measurement; each can be run alone by `python -m bench.NAME`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

# The house's own root, so that `python bench` finds the same modules as `python -m bench`.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# The measurements by name, in the order in which they are run.
NAMES = ("backup", "guard", "clone", "update")

if __name__ == "__main__":
    for name in NAMES:
        if Path(__file__).with_name(f"{name}.py").exists():
            sys.argv = [name]
            runpy.run_module(f"bench.{name}", run_name="__main__")
