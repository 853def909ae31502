"""The birth and the end of a child process."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable
from typing import Final

from amankan.errors import CommandFailed
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.environment import environment

_LIBC: Final = ctypes.CDLL(None, use_errno=True)

# prctl(2): the signal that a process gets when the thread that made it ends.
_PR_SET_PDEATHSIG: Final = 1

# How long a child may take to die of SIGTERM before it gets SIGKILL.
GRACE_SECONDS: Final = 3.0


def spawn(command: Command, *, feeds: bool, handles: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """
    The program runs in a process group of its own, ends when we end, and its three streams are ours.

    Args:
        command: what to run.
        feeds: whether we will write to its input; else it reads nothing.
        handles: open files that the child keeps under the same numbers.
    Raises:
        CommandFailed: there is no such program, or it may not be run.
    """
    try:
        return subprocess.Popen(
            command.words,
            stdin=subprocess.PIPE if feeds else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=command.folder,
            env=environment(command.environment),
            user=command.uid,
            group=command.gid,
            extra_groups=() if command.uid is not None else None,
            pass_fds=handles,
            process_group=0,
            preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - two system calls, no lock, nothing imported
        )
    except OSError as fault:
        raise CommandFailed(
            say("cannot run {program}: {reason}", program=command.program, reason=fault.strerror or str(fault))
        ) from fault


def end(process: subprocess.Popen[bytes], *, grace_seconds: float = GRACE_SECONDS) -> None:
    """The process, with all of its group, has ended; may be repeated."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_seconds)
    _signal(process, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """The group was told to end at once; whoever reads from it sees the end."""
    _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the whole group; nobody left is fine, and so is one that became another account."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def die_with(parent: int) -> Callable[[], None]:
    """Return what a child does before its program begins: it will be killed when the process `parent` ends."""

    def before_exec() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have died before the line above: then nobody would send the signal.
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
