"""A program that is read from or written to while it runs."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Self

from amankan.errors import CommandFailed
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.run import TAIL_BYTES, check, out_of_time, tail
from amankan.proc.spawn import end, kill, spawn

PIECE_BYTES = 1 << 20


class Stream:
    """
    A running program; leaving the context ends it, whatever state it is in.

    Its messages are read by a thread of their own, so that a talkative program never stops for us; their end is kept.
    """

    def __init__(self, command: Command, *, feeds: bool = False, handles: tuple[int, ...] = ()) -> None:
        """Start the program; `feeds` tells whether we will write to it."""
        self._command = command
        self._late = False
        self._process = spawn(command, feeds=feeds, handles=handles)
        for pipe in (self._process.stdin, self._process.stdout):
            widen(pipe)
        self._messages = bytearray()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._watchdog = threading.Timer(command.limit_seconds, self._expire)
        self._watchdog.daemon = True
        self._watchdog.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    def pieces(self) -> Iterator[bytes]:
        """Return what the program writes, in pieces of at most 1 MiB, until it closes its output."""
        output = self._process.stdout
        assert output is not None, "spawn opens it"
        # A pipe gives what it has at hand, often 4 kB; gathered here, so that the work per piece does not count.
        with io.BufferedReader(io.FileIO(output.fileno(), closefd=False), PIECE_BYTES) as gathered:
            while piece := gathered.read(PIECE_BYTES):
                yield piece

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        """All of `piece` was given to the program; raises CommandFailed where it does not read any more."""
        source = self._process.stdin
        assert source is not None, "asked for by `feeds`"
        left = memoryview(piece)
        try:
            while left:
                left = left[os.write(source.fileno(), left) :]
        except OSError as fault:
            self.close_input()
            self.finish()
            raise CommandFailed(say("cannot write to {program}: it ended early", program=self._command.program)) from fault

    def close_input(self) -> None:
        """The program sees the end of its input; may be repeated."""
        source = self._process.stdin
        if source is not None and not source.closed:
            with contextlib.suppress(OSError):
                source.close()

    def finish(self) -> str:
        """
        The program has ended with status 0; returns the end of its messages.

        Raises:
            CommandFailed: another status.
            TimedOut: its limit passed and it was ended.
        """
        status = self._process.wait()
        self._listener.join()
        self._watchdog.cancel()
        if self._late:
            raise out_of_time(self._command)
        messages = tail(bytes(self._messages), self._command)
        check(self._command, status, messages=messages)
        return messages

    def ended(self) -> bool:
        """Tell whether the program has ended by itself."""
        return self._process.poll() is not None

    def messages(self) -> str:
        """Return the end of what the program has said so far, without secrets."""
        return tail(bytes(self._messages), self._command)

    def stop(self) -> None:
        """The program was told to end at once; threads that read from it or write to it see that, and then `close` is safe."""
        kill(self._process)

    def close(self) -> None:
        """The program has ended and nothing of it is left; may be repeated."""
        self._watchdog.cancel()
        end(self._process)

    def _listen(self) -> None:
        source = self._process.stderr
        assert source is not None, "spawn opens it"
        # Twice the tail is kept so that a secret that is cut by the edge is still whole when it is masked.
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(source.fileno(), 1 << 16):
                self._messages += piece
                del self._messages[: -4 * TAIL_BYTES]

    def _expire(self) -> None:
        # Nothing is closed here: another thread may be reading.
        self._late = True
        kill(self._process)


def widen(pipe: IO[bytes] | None) -> None:
    """A pipe holds a piece, where the machine allows it, so that the two sides wait less for each other."""
    if pipe is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIECE_BYTES)
