"""The files of a folder, as a release is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

MOST_FILES: Final = 5000
MOST_BYTES: Final = 64 << 10
DEPTH: Final = 5
_INSTALLED: Final = frozenset({"node_modules", ".git", "vendor", "venv", ".venv", "site-packages", "__pycache__", ".amankan"})


def files_below(folder: Path) -> tuple[str, ...]:
    """Return the paths of a folder's own files, five levels deep, sorted; what was installed is passed over."""
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        below = Path(place).relative_to(folder)
        folders[:] = sorted(each for each in folders if each not in _INSTALLED) if len(below.parts) < DEPTH - 1 else []
        found += [str(below / name) for name in names]
        if len(found) > MOST_FILES:
            break
    return tuple(sorted(found[:MOST_FILES]))


def texts_of(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the texts of those files that are there and can be read, by name."""
    found = {}
    for name in names:
        try:
            with (folder / name).open("rb") as file:
                found[name] = file.read(MOST_BYTES).decode(errors="replace")
        except OSError:
            continue
    return found


def variables_of(text: str) -> dict[str, str]:
    """Return the variables of a `.env` file, plainly read: quotes are taken off, nothing is filled in."""
    pairs: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.strip().isidentifier():
            pairs[name.strip()] = value.strip().strip("\"'")
    return pairs
