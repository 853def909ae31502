"""Folders that servers live in, and the removal of those a dead test run left behind."""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.kit.postgres.place import own

PREFIX = "aman-pg-"

# A folder younger than this may belong to a process that has not locked it yet.
YOUNG_SECONDS = 30


@dataclass(slots=True, kw_only=True)
class Session:
    """One server's folder, held by a lock for as long as this process wants it."""

    home: Path
    lock: IO[str]

    def close(self) -> None:
        """Remove the folder and everything in it."""
        shutil.rmtree(self.home)
        self.lock.close()


def open_session() -> Session:
    """Return a new folder that is short enough for a socket's name; first remove what dead runs left."""
    sweep()
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = (home / "owner.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    own(home)
    return Session(home=home, lock=lock)


def sweep() -> None:
    """End the servers and remove the folders of runs that are dead: those whose lock nobody holds."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock_path = home / "owner.lock"
        try:
            if time.time() - home.stat().st_mtime < YOUNG_SECONDS or not os.access(lock_path, os.W_OK):
                continue
            with lock_path.open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _end_server(home / "data")
                shutil.rmtree(home, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError):
            continue


def _end_server(data_dir: Path) -> None:
    """Stop a left server at once, after a look that the process number is still that server's."""
    pid_file = data_dir / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().splitlines()[0])
    try:
        if Path(f"/proc/{pid}/cwd").resolve() == data_dir.resolve():
            os.kill(pid, signal.SIGQUIT)
    except (ProcessLookupError, FileNotFoundError):
        return
