"""Start a server that ends with this process, and end it on purpose."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def start(words: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """
    The server runs in a session of its own, so that Ctrl-C reaches us alone, and is ended when we die.

    Source: setpriv(1), --pdeathsig.
    """
    with log.open("wb") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            start_new_session=True,
        )


def stop(server: subprocess.Popen[bytes], *, limit_seconds: float = 30) -> int:
    """The server has ended, killed if it took longer than the limit; returns its exit status."""
    server.terminate()
    try:
        return server.wait(limit_seconds)
    except subprocess.TimeoutExpired:
        server.kill()
        return server.wait(limit_seconds)


def end_stranded(pid_file: Path, *, mark: str, limit_seconds: float = 30) -> None:
    """
    A server that a dead session left behind is gone.

    Args:
        mark: a word of its command line, so that a process id given out again is never hit.
    """
    try:
        number = int(pid_file.read_text())
        ours = mark.encode() in Path(f"/proc/{number}/cmdline").read_bytes()
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return
    if not ours:
        return
    chosen: signal.Signals = signal.SIGTERM
    deadline = time.monotonic() + limit_seconds
    while Path(f"/proc/{number}").exists():
        if time.monotonic() > deadline:
            chosen = signal.SIGKILL
        try:
            os.kill(number, chosen)
        except ProcessLookupError:
            return
        time.sleep(0.2)
