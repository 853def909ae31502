"""A program that speaks to our own user: its words go where ours go."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

from amankan.errors import CommandFailed
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.environment import environment
from amankan.proc.run import out_of_time
from amankan.proc.spawn import die_with

# How long a program that was asked to stop may take for its way back.
WAY_BACK_SECONDS: Final = 60.0

Signals = set[int | signal.Signals]
HELD: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Shown:
    """
    A running program in a process group of its own, whose input is empty and whose output is ours.

    Leaving the context ends it: it is asked first, and has time for an orderly way back.
    """

    def __init__(self, command: Command, *, beside: bool = False) -> None:
        """Start it; `beside` sends what it says on standard output to standard error too."""
        self._command = command
        try:
            with _deaf() as before:
                self._process = subprocess.Popen(
                    command.words,
                    stdin=subprocess.DEVNULL,
                    stdout=sys.stderr.fileno() if beside else None,
                    cwd=command.folder,
                    env=environment(command.environment),
                    process_group=0,
                    preexec_fn=_born(before),  # noqa: PLW1509 - three system calls, no lock, nothing imported
                )
        except OSError as fault:
            raise CommandFailed(
                say("cannot run {program}: {reason}", program=command.program, reason=fault.strerror or str(fault))
            ) from fault

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.end()

    def ended(self) -> bool:
        """Tell whether it has ended."""
        return self._process.poll() is not None

    def status(self) -> int:
        """Return its exit status, negative for a signal, when it has ended; TimedOut where its limit passed before."""
        try:
            return self._process.wait(self._command.limit_seconds)
        except subprocess.TimeoutExpired as late:
            raise out_of_time(self._command) from late

    def kill(self) -> None:
        """It was killed at one stroke, with all of its group, as by `kill -9`."""
        self._tell(signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        """It has ended; may be repeated."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(WAY_BACK_SECONDS)
        self._tell(signal.SIGKILL)
        self._process.wait()

    def _tell(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


@contextlib.contextmanager
def _deaf() -> Iterator[Signals]:
    """
    Signals wait while this context lasts: the interpreter forgets an exception that a handler raises within a fork.

    Source: CPython, `PyOS_AfterFork_Parent`.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _born(mask: Signals) -> Callable[[], None]:
    die = die_with(os.getpid())

    def before_exec() -> None:
        die()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    return before_exec
