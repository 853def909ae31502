"""Where images of different kinds have PostgreSQL, and how its programs are begun beside their own C library."""

from __future__ import annotations

import platform
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MACHINE: Final = platform.machine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """
    One kind of image; paths are relative to its root, and `{major}` stands in them for PostgreSQL's version.

    `programs` is their folder, inside of the first of `trees`, which are taken whole. `libraries` are folders of which
    only the libraries right inside are taken, `extras` are taken where they are there. `loader` is the pattern by which
    the C library's own program is found among the libraries, `words` are what it must be told.
    """

    programs: str
    trees: tuple[str, ...]
    libraries: tuple[str, ...]
    extras: tuple[str, ...]
    loader: str
    words: str

    def launcher(self, root: Path, *, program: str) -> str | None:
        """
        Return the lines that begin a program under the name by which they are called; None without a C library.

        The root is told by that name, so that the folder may be moved once it is complete.

        Args:
            root: where the image's folders lie.
            program: the program itself, relative to the root, without version.
        """
        found = (loader for folder in self.libraries for loader in sorted((root / folder).glob(self.loader)))
        loader = next(found, None)
        if loader is None:
            return None
        up = "/".join(".." for _ in self.programs.split("/"))
        places = ":".join(f'"$root"/{shlex.quote(folder)}' for folder in self.libraries if (root / folder).is_dir())
        variables = "".join(f'{name}="$root"/{shlex.quote(value)}\nexport {name}\n' for name, value in _variables(root))
        began = f'exec "$root"/{shlex.quote(str(loader.relative_to(root)))} {self.words} "$0" --library-path {places}'
        return f'#!/bin/sh\nroot=${{0%/*}}/{up}\n{variables}{began} "$root"/{shlex.quote(program)} "$@"\n'


LOCALES: Final = "usr/lib/locale"
ICU: Final = "usr/share/icu"

# Debian, and the official images that are made from it.
DEBIAN: Final = Layout(
    programs="usr/lib/postgresql/{major}/bin",
    trees=("usr/lib/postgresql/{major}", "usr/share/postgresql/{major}"),
    libraries=(f"usr/lib/{MACHINE}-linux-gnu",),
    extras=(LOCALES,),
    loader="ld-linux-*.so.*",
    words="--inhibit-cache --argv0",
)

# The official images that are made from Alpine, whose PostgreSQL is built in place.
ALPINE: Final = Layout(
    programs="usr/local/bin",
    trees=("usr/local/bin", "usr/local/lib/postgresql", "usr/local/share/postgresql"),
    libraries=("lib", "usr/lib", "usr/local/lib"),
    extras=(ICU,),
    loader="ld-musl-*.so.1",
    words="--argv0",
)

LAYOUTS: Final = (DEBIAN, ALPINE)


def _variables(root: Path) -> list[tuple[str, str]]:
    """Return what tells the libraries where their own data lies, relative to the root."""
    found = [("LOCPATH", LOCALES)] if (root / LOCALES).is_dir() else []
    data = next(iter(sorted((root / ICU).glob("*/*.dat"))), None)
    return found if data is None else [*found, ("ICU_DATA", str(data.parent.relative_to(root)))]
