"""A printer that speaks to nobody any more harms nothing."""

from __future__ import annotations

import errno
import io
import os
import pty
import signal
import sys
from types import FrameType

import pytest

from amankan.cli.printer import Printer
from amankan.errors import AnswerLost
from amankan.model.sentence import say


class Gone(io.TextIOBase):
    """A terminal whose line was dropped."""

    def __init__(self, number: int) -> None:
        """Answer with this error."""
        self._number = number

    def isatty(self) -> bool:
        """It was a terminal, unless what is missing is room."""
        return self._number != errno.ENOSPC

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
    """Where the answer goes into a file on a full disk, what was begun goes on, and the loss is told at its end."""
    monkeypatch.setattr(sys, "stdout", Gone(errno.ENOSPC))
    printer = Printer()
    printer.line("done")
    printer.line("and more")
    with pytest.raises(AnswerLost, match="cannot write the answer: refused"):
        printer.finish()


def test_a_question_is_waited_for_until_somebody_asks_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that was typed is the answer; where nobody types and a signal came, there is none, and nobody waits."""
    ours, theirs = pty.openpty()
    try:
        with open(theirs, closefd=False) as stream:
            monkeypatch.setattr(sys, "stdin", stream)
            printer = Printer()
            os.write(ours, b"shop\n")
            assert "shop\n" == printer.ask(say("which?"), lambda: False)
            looks = iter((False, True))
            assert "" == printer.ask(say("which?"), lambda: next(looks))
    finally:
        os.close(ours)
        os.close(theirs)


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
