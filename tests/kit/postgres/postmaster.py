"""The server's first process: started, stopped, killed."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.kit.postgres.build import Build
from tests.kit.postgres.place import KitError, as_account, environment

START_SECONDS = 60
STOP_SECONDS = 60
PORT_TRIES = 5
LOOK_SECONDS = 0.01

STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class Postmaster:
    """One PostgreSQL process family over one data directory, with its log and socket in the folder above."""

    def __init__(self, build: Build, home: Path) -> None:
        self.build = build
        self.home = home
        self.data_dir = home / "data"
        self.log_path = home / "server.log"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the first process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self) -> None:
        """Start on the port of before, the first time on a free one, and wait until connections are accepted."""
        if self.running:
            return
        tries = 1 if self.port else PORT_TRIES
        for _ in range(tries):
            port = self.port or _free_port()
            before = len(self.log)
            if self._start(port):
                self.port = port
                return
            if "in use" not in self.log[before:]:
                break
        raise KitError(f"cannot start PostgreSQL {self.build.version}:\n{self.log[-4000:]}")

    def stop(self, mode: str = "fast") -> None:
        """Stop as `pg_ctl stop --mode` would (smart, fast, immediate), and wait for the end."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(STOP_SIGNALS[mode])
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as late:
            self.kill9()
            raise KitError(f"PostgreSQL {self.build.version} did not stop in {STOP_SECONDS} s:\n{self.log}") from late
        self._process = None

    def kill9(self) -> None:
        """Kill every process of the family at one stroke, as a power failure would."""
        if self._process is None:
            return
        family = [self._process.pid, *_children(self._process.pid)]
        # All are stopped first, so that none sees another die and writes something about it.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in family:
                _signal(pid, number)
        self._process.wait()
        self._process = None

    def _start(self, port: int) -> bool:
        # In a file, not on the command line, so that tests read and change settings as users do.
        (self.data_dir / "session.conf").write_text(f"port = {port}\nunix_socket_directories = '{self.home}'\n")
        (self.data_dir / "session.conf").chmod(0o644)
        pid_file = self.data_dir / "postmaster.pid"
        words = as_account([str(self.build.program("postgres")), "-D", str(self.data_dir)], dies_with_us=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                env=environment(),
                start_new_session=True,
            )
        limit = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < limit:
            if _says_ready(pid_file, self._process.pid):
                return True
            time.sleep(LOOK_SECONDS)
        self.kill9()
        return False


def _says_ready(pid_file: Path, pid: int) -> bool:
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _free_port() -> int:
    """Return a loopback port that was free a moment ago; the start is tried again when somebody was faster."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    """Return the processes that a process started; PostgreSQL's family has two generations only."""
    try:
        said = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(word) for word in said.split()]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
