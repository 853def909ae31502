"""Extensions that a server made of our programs would have."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

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
        share = run(Command(words=(str(programs / "pg_config"), "--sharedir"), limit_seconds=10.0)).output.decode().strip()
        found = Path(share) / "extension"
        if found.is_dir():
            return found
    except (CommandFailed, TimedOut):
        pass
    major = tools.major
    places = (programs.parent / "share" / "postgresql" / "extension", programs.parent / "share" / "extension")
    usual = Path(f"/usr/share/postgresql/{major}/extension")
    return next((place for place in (*places, usual) if (place / "plpgsql.control").is_file()), None)
