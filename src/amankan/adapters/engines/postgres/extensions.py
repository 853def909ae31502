"""Extensions that a server made of our programs would have."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from amankan.adapters.engines.postgres.throwaway.account import account
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import CommandFailed, TimedOut
from amankan.proc.command import Command
from amankan.proc.run import run


def lacking_extensions(tools: Tools, wanted: Iterable[str]) -> tuple[str, ...] | None:
    """Return which of the extensions the programs' own server has not; None where that cannot be told."""
    folder = _folder(tools)
    if folder is None:
        return None
    return tuple(sorted(name for name in wanted if not (folder / f"{name}.control").is_file()))


def _folder(tools: Tools) -> Path | None:
    """Return where the server's programs look for extensions."""
    programs = Path(tools.server("postgres")).parent
    try:
        found = Path(run(_as_the_server((str(programs / "pg_config"), "--sharedir"))).output.decode().strip()) / "extension"
        if found.is_dir():
            return found
    except (CommandFailed, TimedOut):
        pass
    major = tools.major
    places = (programs.parent / "share" / "postgresql" / "extension", programs.parent / "share" / "extension")
    usual = Path(f"/usr/share/postgresql/{major}/extension")
    return next((place for place in (*places, usual) if (place / "plpgsql.control").is_file()), None)


def _as_the_server(words: tuple[str, ...]) -> Command:
    """Return a command of the servers' account: programs out of an image never run as root."""
    return Command(words=(*account().prefix, *words), limit_seconds=10.0)
