"""Which tool migrates the app's database: as the configuration says, or as it is recognised."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.migrators.recognised import Files, RecognisedMigrator
from amankan.adapters.migrators.site import Notebook, Site, Tool
from amankan.adapters.migrators.table import make_migrator
from amankan.config.settings import Settings
from amankan.model.release import Release
from amankan.ports.migrator import Migrator

# No sign of a migration tool lies deeper, and what others brought along says nothing of the app's own.
DEPTH: Final = 3
PASSED_OVER: Final = ("node_modules", ".git", ".venv", "vendor", "proc", "sys")
LIST_SECONDS: Final = 60.0


def migrator_of(settings: Settings, *, site: Site, notebook: Notebook, files: Files, database: str) -> Migrator:
    """
    Return the app's migration tool; nothing is asked before it is used, and where none is there, it migrates nothing.

    Args:
        settings: of which `database.migrate` counts.
        site: where the tool works.
        notebook: keeps the ledger of a command that keeps none.
        files: of the release that is meant; asked only where the command does not name its tool.
        database: whose tables tell which tool was used; the app's own name for it.
    """
    make = partial(make_migrator, site=site, notebook=notebook, clock=SystemClock())
    return RecognisedMigrator(settings.database.migrate, books=site.books, files=files, database=database, make=make)


def files_of_folder(folder: Path) -> Iterator[str]:
    """Return the files of a release that is a folder, as far down as a sign of a migration tool may lie."""
    for place, folders, names in os.walk(folder):
        below = Path(place).relative_to(folder)
        folders[:] = [] if len(below.parts) >= DEPTH else [name for name in folders if name not in PASSED_OVER]
        yield from (str(below / name) for name in names)


def files_of_image(tool: Tool, release: Release) -> Iterable[str]:
    """Return the files in the working folder of a release's image; none where the image has no program that could tell."""
    passed_over = [word for name in PASSED_OVER for word in ("-name", name, "-o")][:-1]
    words = ("find", ".", "-maxdepth", str(DEPTH + 1), "(", *passed_over, ")", "-prune", "-o", "-type", "f", "-print")
    said = tool.run(release, words, environment=(), limit_seconds=LIST_SECONDS)
    return said.output.splitlines()
