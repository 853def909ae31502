"""A printer that speaks to nobody any more harms nothing."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from types import FrameType

import pytest

from amankan.cli.printer import Printer


class Gone(io.TextIOBase):
    """A terminal whose line was dropped."""

    def __init__(self, number: int) -> None:
        """Answer with this error."""
        self._number = number

    def write(self, text: str) -> int:
        """Refuse."""
        raise OSError(self._number, "refused")


def test_a_terminal_that_is_gone_is_like_a_broken_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that nobody can read any more ends as behind a pipe that was closed, and messages are lost without harm."""
    monkeypatch.setattr(sys, "stdout", Gone(errno.EIO))
    monkeypatch.setattr(sys, "stderr", Gone(errno.EIO))
    printer = Printer()
    printer.remark("going on")
    with pytest.raises(BrokenPipeError):
        printer.line("done")


def test_an_answer_that_has_no_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the answer goes into a file on a full disk, its loss is no secret."""
    monkeypatch.setattr(sys, "stdout", Gone(errno.ENOSPC))
    printer = Printer()
    with pytest.raises(OSError, match="refused"):
        printer.line("done")


class Interrupted(io.RawIOBase):
    """A terminal in the middle of whose first line a signal comes."""

    def __init__(self) -> None:
        """Nothing was written."""
        self.lines: list[bytes] = []

    def writable(self) -> bool:
        """Take everything."""
        return True

    def write(self, content: object) -> int:
        """Take it; a signal comes with the first."""
        self.lines.append(bytes(content))  # type: ignore[call-overload]
        if len(self.lines) == 1:
            os.kill(os.getpid(), signal.SIGUSR1)
        return len(self.lines[-1])


def test_a_signal_that_speaks_into_a_line_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a signal says while a line is being written may be lost, but what it interrupted goes on."""
    terminal = Interrupted()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(terminal), write_through=True))
    printer = Printer()

    def speak(number: int, frame: FrameType | None) -> None:
        printer.remark("interrupted")

    before = signal.signal(signal.SIGUSR1, speak)
    try:
        printer.remark("going on")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert b"going on" in b"".join(terminal.lines)
