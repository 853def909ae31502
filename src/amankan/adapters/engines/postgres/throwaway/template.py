"""Clusters that were initialised once and are copied for each run."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan.adapters.engines.postgres.throwaway.account import Account
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import CommandFailed, EngineFailed
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.run import run

INITDB_SECONDS: Final = 120.0
COPY_SECONDS: Final = 120.0
FOLDER_MODE: Final = 0o700
CHECKSUMS_FROM: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """Templates below a folder, by the programs that made them and the name of their superuser."""

    folder: Path
    account: Account

    def copy(self, tools: Tools, superuser: str, *, into: Path) -> None:
        """
        The new folder `into` is a cluster that was never started, with nothing in it but its superuser.

        Cost: about a second for the first of its kind; later that of copying 40 MB.
        """
        source = self._template(tools, superuser)
        words = ("cp", "--archive", "--reflink=auto", str(source), str(into))
        self._run(words, limit_seconds=COPY_SECONDS)

    def _template(self, tools: Tools, superuser: str) -> Path:
        told = (tools.server("postgres"), tools.version, superuser, *_unsummed(tools))
        mark = hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]
        finished = self.folder / f"{tools.major}-{mark}"
        if not finished.exists():
            self._make(tools, superuser, finished=finished)
        return finished

    def _make(self, tools: Tools, superuser: str, *, finished: Path) -> None:
        """Leave a complete template; of two processes that make the same one, the second throws its own away."""
        partial = finished.with_name(f"{finished.name}.{os.getpid()}")
        words = ("--username", superuser, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", *_unsummed(tools))
        self._run((tools.server("initdb"), "--pgdata", str(partial), *words), limit_seconds=INITDB_SECONDS)
        try:
            partial.rename(finished)
        except OSError:
            shutil.rmtree(partial)

    def _run(self, words: tuple[str, ...], *, limit_seconds: float) -> None:
        try:
            run(Command(words=(*self.account.prefix, *words), limit_seconds=limit_seconds))
        except CommandFailed as fault:
            raise EngineFailed(say("cannot make a server for a trial: {reason}", reason=str(fault))) from fault


def _unsummed(tools: Tools) -> tuple[str, ...]:
    # From 18 on sums of pages are computed unless this is said; every row is read back and compared anyway.
    return ("--no-data-checksums",) if tools.major >= CHECKSUMS_FROM else ()
