"""Throwaway servers: made, found and removed by the name of their run."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.session import connected
from amankan.adapters.engines.postgres.throwaway.account import Account, account, isolation
from amankan.adapters.engines.postgres.throwaway.conf import LOG_FILE, configuration
from amankan.adapters.engines.postgres.throwaway.programs import reachable
from amankan.adapters.engines.postgres.throwaway.template import FOLDER_MODE, Templates
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import EngineFailed
from amankan.model.sentence import say
from amankan.ports.clock import Clock
from amankan.proc.command import Command
from amankan.proc.stream import Stream

START_SECONDS: Final = 60.0
LIFE_SECONDS: Final = 7 * 86_400.0
LOOK_SECONDS: Final = 0.02
TOLD_CHARACTERS: Final = 2_000

# A server that is killed leaves only its own files, which are removed; this long for its processes to notice.
DIE_SECONDS: Final = 10.0

# The most that fits into the address of a unix socket, less the socket's own name.
LONGEST_FOLDER_BYTES: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrowawayServers:
    """
    Servers below one folder, a folder for each run; `isolated` tells whether they were cut off from every network.

    A server ends with the process that made it. Its socket lies in a folder that only its account, and root, may enter.
    """

    folder: Path
    clock: Clock
    account: Account = field(default_factory=account)
    prefix: tuple[str, ...] = field(default_factory=isolation)
    _running: dict[str, Stream] = field(default_factory=dict)

    @property
    def isolated(self) -> bool:
        """Whether the servers have no network at all, not only none that they listen on."""
        return bool(self.prefix)

    def exists(self, run: str) -> bool:
        """Tell whether anything of the run's server is left; reads only."""
        return self._home(run).exists()

    def make(self, run: str, tools: Tools, *, superuser: str) -> Address:
        """
        A new server of the tools' version runs for the run; what was left of an earlier one is gone.

        Args:
            run: its name; letters, digits and dashes.
            tools: from a folder that has the server's programs too.
            superuser: the name that production's first superuser has, since what belongs to it keeps its owner.
        Returns:
            the superuser's address of the database postgres.
        """
        self.remove(run)
        home = self._home(run)
        if len(os.fsencode(home)) > LONGEST_FOLDER_BYTES:
            raise EngineFailed(say("cannot make a socket in {folder}: its name is too long", folder=str(home)))
        self._make_folder(home)
        tools = reachable(tools, self.account, folder=self.folder)
        Templates(folder=self._templates(), account=self.account).copy(tools, superuser, into=home / "data")
        with (home / "data" / "postgresql.conf").open("a") as file:
            file.write(configuration(home))
        words = (*self.prefix, *self.account.prefix, tools.server("postgres"), "-D", str(home / "data"))
        self._running[run] = Stream(Command(words=words, limit_seconds=LIFE_SECONDS))
        (home / "superuser").write_text(superuser)
        self._await(self.address(run), self._running[run])
        return self.address(run)

    def address(self, run: str) -> Address:
        """Return the superuser's address of the database postgres of a run's server."""
        home = self._home(run)
        superuser = (home / "superuser").read_text()
        return Address(scheme="postgresql", host=str(home), port=5432, user=superuser, password=None, database="postgres")

    def remove(self, run: str) -> None:
        """Nothing of the run's server is left; may be repeated."""
        home = self._home(run)
        stream = self._running.pop(run, None)
        # Told to end at once, before anything that would make it write out what is thrown away.
        end_left(home / "data", self.clock)
        if stream is not None:
            stream.close()
            end_left(home / "data", self.clock)
        if home.exists():
            shutil.rmtree(home)

    def runs(self) -> tuple[str, ...]:
        """Return the runs of which something is left, sorted."""
        if not self.folder.exists():
            return ()
        return tuple(sorted(path.name.removeprefix("run-") for path in self.folder.glob("run-*")))

    def _home(self, run: str) -> Path:
        if not run or not all(character.isalnum() or character == "-" for character in run):
            raise EngineFailed(say("cannot name a server {run}", run=run))
        return self.folder / f"run-{run}"

    def _templates(self) -> Path:
        folder = self.folder / "templates"
        if not folder.exists():
            self._make_folder(folder)
        return folder

    def _make_folder(self, path: Path) -> None:
        own_folder(self.folder)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
        self.account.own(path)

    def _await(self, address: Address, stream: Stream) -> None:
        limit = self.clock.ticks() + START_SECONDS
        while True:
            try:
                with connected(address):
                    return
            except EngineFailed as fault:
                if self.clock.ticks() > limit or stream.ended():
                    stream.close()
                    said = last_words(Path(address.host)) or stream.messages().strip() or str(fault)
                    raise EngineFailed(say("cannot start a server for a trial: {reason}", reason=said)) from fault
            self.clock.pause(LOOK_SECONDS)


def last_words(home: Path) -> str:
    """Return the end of what the server in this home noted in its log; nothing where it never began one."""
    with contextlib.suppress(OSError):
        return (home / LOG_FILE).read_text(errors="backslashreplace")[-TOLD_CHARACTERS:].strip()
    return ""


def own_folder(folder: Path) -> None:
    """
    The folder is there, is ours, and lets others through without showing them what is in it.

    Raises:
        EngineFailed: somebody else made it, or a link stands there; in a folder that all may write to, that is an attack.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(parents=True)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid():
        raise EngineFailed(say("cannot use {folder} for trials: it belongs to somebody else", folder=str(folder)))
    folder.chmod(0o711)  # whatever the umask says: the server's account goes through it


def end_left(folder: Path, clock: Clock) -> None:
    """No server works in this data directory any more; one that another process left is killed."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError, IndexError):
        pid = int((folder / "postmaster.pid").read_text().splitlines()[0])
        # The number may have been given to another process since: only one that works in this folder is the server.
        if Path(f"/proc/{pid}/cwd").resolve() == folder.resolve():
            os.kill(pid, signal.SIGQUIT)
    limit = clock.ticks() + DIE_SECONDS
    while working_in(folder) and clock.ticks() < limit:
        clock.pause(LOOK_SECONDS)


def working_in(folder: Path) -> bool:
    """Tell whether a process has this folder as its own."""
    if not folder.exists():
        return False
    wanted = str(folder.resolve())
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{name}/cwd") == wanted:
                return True
    return False
