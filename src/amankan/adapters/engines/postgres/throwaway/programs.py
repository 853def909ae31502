"""Programs that a server's account can run, also where they were installed into a folder that is closed to it."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from amankan.adapters.engines.postgres.throwaway.account import Account
from amankan.adapters.engines.postgres.tools import WHEEL, Tools
from amankan.errors import CommandFailed
from amankan.proc.command import Command
from amankan.proc.run import attempt

TRY_SECONDS: Final = 20.0

OPEN_FOLDER: Final = 0o755
OPEN_PROGRAM: Final = 0o755
OPEN_FILE: Final = 0o644


def reachable(tools: Tools, account: Account, *, folder: Path) -> Tools:
    """
    Return the programs, with a folder of the server's that the account can run: their own, or a copy of the embedded ones.

    Args:
        tools: as they were found.
        account: as whom the server will run.
        folder: where copies are kept; ours, and the account may go through it.
    Cost: of a copy, 40 MB once for each version.
    """
    if not account.prefix or _runs(tools.server("initdb"), account):
        return tools
    source = Path(tools.server("postgres")).parent.parent
    if source.parent.name != WHEEL:
        return tools
    copy = folder / f"programs-{tools.version}"
    if not copy.exists():
        _copy(source, copy)
    return replace(tools, server_folder=str(copy / WHEEL / source.name / "bin"))


def _runs(program: str, account: Account) -> bool:
    # Of a program in a closed folder the libraries beside it are not found, even where a kernel lets it begin.
    try:
        return attempt(Command(words=(*account.prefix, program, "--version"), limit_seconds=TRY_SECONDS)).status == 0
    except CommandFailed:
        return False


def _copy(source: Path, copy: Path) -> None:
    """Leave a whole copy, open to all; the programs find their libraries beside it, where the wheel has them."""
    partial = copy.with_name(f"{copy.name}.{os.getpid()}")
    libraries = source.parent.with_name(f"{WHEEL}.libs")
    shutil.copytree(source, partial / WHEEL / source.name, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, partial / libraries.name, symlinks=True)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(OPEN_FOLDER if path.is_dir() else OPEN_PROGRAM if os.access(path, os.X_OK) else OPEN_FILE)
    try:
        partial.rename(copy)
    except OSError:  # another process was faster
        shutil.rmtree(partial)
