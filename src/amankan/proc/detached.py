"""A program that outlives us."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import Final

from amankan.errors import CommandFailed
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.environment import environment
from amankan.proc.living import Living, gone, living

PAUSE_SECONDS: Final = 0.05


def launch_supervised(command: Command, *, log: str, restart: str, grace_seconds: float) -> Living:
    """
    A supervisor in a session of its own keeps the program running; returns the supervisor.

    Args:
        command: the app; its limit does not count, since it has no end.
        log: file to which all that it says is appended, readable by us alone.
        restart: `always`: it comes back when it ends; `no`: the supervisor ends with it.
        grace_seconds: how long it may take to end when it is asked to.
    Raises:
        CommandFailed: the supervisor could not be started.
    """
    account = () if command.uid is None else (f"--account={command.uid}:{command.gid}",)
    words = (
        *(sys.executable, "-m", "amankan.proc.supervise", f"--restart={restart}", f"--grace={grace_seconds}"),
        *(f"--folder={command.folder}", *account, "--", *command.words),
    )
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        # Whoever asks for the supervisor finds it by its number: it is left to itself on purpose.
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            cwd="/",
            env=environment(command.environment),
            start_new_session=True,
        )
    except OSError as fault:
        raise CommandFailed(say("cannot run {program}: {reason}", program=command.program, reason=str(fault))) from fault
    finally:
        os.close(handle)
    process.returncode = 0  # not ours to wait for: without this the interpreter warns that it still runs
    born = living(process.pid)
    if born is None:
        raise CommandFailed(say("cannot run {program}: its supervisor ended at once", program=command.program))
    return born


def free_port() -> int:
    """Return a port of the loopback address at which nobody listens now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def await_port(process: Living, port: int, *, limit_seconds: float) -> str:
    """Return `answers` when something listens at the port, `ended` when the process is gone, `late` at the limit."""
    end = time.monotonic() + limit_seconds
    while not listens(port):
        if gone(process, limit_seconds=0):
            return "ended"
        if time.monotonic() > end:
            return "late"
        time.sleep(PAUSE_SECONDS)
    return "answers"


def listens(port: int, address: str = "127.0.0.1") -> bool:
    """Tell whether anything takes connections at a port of an address of this machine."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False
