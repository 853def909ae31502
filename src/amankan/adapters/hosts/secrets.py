"""Files that hold secrets or rows by their names, and who can read them."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

_SECRET: Final = re.compile(
    r"\.env(?:\..+)?|.*\.env|recovery\.key|signing\.key|id_(?:rsa|ed25519|ecdsa)|.*\.pem|\.pgpass|\.netrc|(?:admin|database|notify)\.url"
    r"|.*\.(?:dump|pgdump|pgc|backup|bak)(?:\.(?:gz|zst|xz|bz2))?|.*\.sql\.(?:gz|zst|xz|bz2)|.*(?:dump|backup)[^/]*\.sql"
)
_EXAMPLE: Final = re.compile(r".*(?:example|sample|template|dist|defaults)$")
DEPTH: Final = 3
MOST_FILES: Final = 20_000
_PASSED: Final = frozenset({".git", "node_modules", ".venv", "venv", "vendor"})


def is_secret(path: str) -> bool:
    """Tell whether a file's name says that it holds secrets or rows; an example holds none."""
    name = path.rpartition("/")[2]
    return _SECRET.fullmatch(name) is not None and _EXAMPLE.fullmatch(name) is None


def open_secrets(folder: Path) -> tuple[str, ...]:
    """Return the files with secrets or rows below a folder that everybody on this machine can read, sorted."""
    found, seen = [], 0
    for place, folders, names in os.walk(folder):
        below = Path(place).relative_to(folder)
        if len(below.parts) >= DEPTH:
            folders.clear()
        folders[:] = [each for each in folders if each not in _PASSED and _enterable(Path(place) / each)]
        seen += len(names)
        found += [str(below / name) for name in names if is_secret(name) and _mode(Path(place) / name) & stat.S_IROTH]
        if seen > MOST_FILES:
            break
    return tuple(sorted(found))


def _enterable(folder: Path) -> bool:
    """Tell whether everybody can enter a folder, so that what is in it can be reached."""
    return bool(_mode(folder) & stat.S_IXOTH)


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError:
        return 0
