"""The one place that writes to a terminal: answers on standard output, everything else on standard error."""

from __future__ import annotations

import errno
import json
import os
import select
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TextIO

from rich.console import Console
from rich.text import Text

from amankan.cli.columns import lay_out
from amankan.cli.language import Translate, translator
from amankan.cli.wishes import Language
from amankan.errors import AmankanError, AnswerLost
from amankan.model.sentence import Sentence, say, visible

Cell = str | Sentence
Document = Mapping[str, Any]

LOOK_SECONDS: Final = 0.1
"""How long a question waits for its answer before it looks again whether somebody asked to stop."""


class Printer:
    """
    Speaks to one user in one language.

    With `json` the answer and the error are kept until `finish`, which writes them as one object. What goes to standard
    error is lost without harm where the terminal has gone away: an operation goes on. It goes on too where its answer
    cannot be written, which `finish` tells.
    """

    def __init__(self, language: Language = Language.ENGLISH, *, json: bool = False, quiet: bool = False) -> None:
        """Look at the streams as they are now."""
        self.language = language
        self.translate: Translate = translator(language)
        self.json, self.quiet = json, quiet
        self._document: dict[str, Any] = {}
        self._lost: OSError | None = None
        self._out, self.err = _console(sys.stdout), _console(sys.stderr)

    def text(self, cell: Cell) -> str:
        """Return a cell as it is shown: a sentence in the user's language, a text with nothing hidden in it."""
        return cell.render(self.translate) if isinstance(cell, Sentence) else visible(cell)

    def answer(self, document: Document, people: Callable[[], None]) -> None:
        """The user is told `document`, or what `people` prints."""
        if self.json:
            self._document |= document
        else:
            people()

    def live(self, people: Callable[[], None]) -> None:
        """A part of the answer that is known before the rest is printed for people; machines wait for all of it."""
        if not self.json:
            people()

    def line(self, cell: Cell, *, style: str = "") -> None:
        """One line of the answer is printed."""
        self._write(Text(self.text(cell), style=style))

    def raw(self, text: str) -> None:
        """A text is printed exactly as it is."""
        self._write(Text(text), end="")

    def table(self, headings: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> None:
        """Rows are printed below their headings; where the terminal is too narrow, each row as a block of lines."""
        width = self._out.width if self._out.is_terminal else None
        shown = [[self.text(cell) for cell in row] for row in rows]
        for line, bold in lay_out([self.text(heading) for heading in headings], shown, width=width):
            self._write(Text(line, style="bold" if bold else ""))

    def remark(self, sentence: Cell, *, style: str = "dim") -> None:
        """One line is told beside the answer, unless the user wants quiet."""
        if not self.quiet:
            self._beside(Text(self.text(sentence), style=style))

    def warn(self, sentence: Sentence) -> None:
        """One line that matters is told beside the answer."""
        self._beside(Text(self.text(sentence), style="yellow"))

    def ask(self, question: Sentence, interrupted: Callable[[], bool]) -> str:
        """Return the line that the user typed after a question; nothing where the input ended or they asked to stop."""
        with suppress(OSError):  # a terminal that has gone away answers nothing
            self.err.print(Text(self.text(question)), soft_wrap=True, end=" ")
            # A line is waited for here and not in `readline`, which goes on after every signal.
            while not interrupted():
                if select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
                    return sys.stdin.readline()
        return ""

    def fail(self, error: AmankanError) -> None:
        """The three lines of an error are told."""
        cannot, production, following = (self.text(each) for each in (error.cannot, error.production, error.next))
        self._document["error"] = {
            "code": error.code,
            "status": error.status,
            "cannot": cannot,
            "production": production,
            "next": following,
        }
        self._beside(Text(cannot, style="bold red"))
        self._beside(Text(self.text(say("production: {state}", state=error.production))))
        self._beside(Text(self.text(say("next: {command}", command=error.next))))

    def finish(self) -> None:
        """
        With `json`, the one object stands on standard output, if there is an answer; nothing is held back in a buffer.

        Raises:
            AnswerLost: a part of the answer could not be written; nothing else has changed.
        """
        if self.json and self._document:
            self.raw(json.dumps(self._document, ensure_ascii=False) + "\n")
        with self._heard():
            self._out.file.flush()
        if self._lost is not None:
            raise AnswerLost(say("cannot write the answer: {why}", why=str(self._lost.strerror or self._lost))) from self._lost

    def _write(self, text: Text, *, end: str = "\n") -> None:
        """A part of the answer is written, unless one before it could not be."""
        if self._lost is None:
            with self._heard():
                self._out.print(text, soft_wrap=True, end=end)

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """What cannot be written is told by `finish`; but BrokenPipeError is raised where whoever read it has gone away."""
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as fault:
            if fault.errno in {errno.EIO, errno.ENXIO} and self._out.is_terminal:
                raise BrokenPipeError from fault
            self._lost = self._lost or fault

    def _beside(self, text: Text) -> None:
        # A signal that speaks while a line is being written is refused by the stream, and must not end what it interrupts.
        with suppress(OSError, ValueError, RuntimeError):
            self.err.print(text, soft_wrap=True)


class _Console(Console):
    """A console that leaves it to us what it means when whoever read it has gone."""

    def on_broken_pipe(self) -> None:
        """Let it be raised."""
        raise BrokenPipeError


def _console(stream: TextIO | None) -> Console:
    """Return a console that colours on a terminal only, and writes what the stream's encoding lacks as `?`."""
    if stream is None:  # closed by whoever started us
        return Console(quiet=True, force_terminal=False, color_system=None)
    with suppress(AttributeError, ValueError, OSError):
        stream.reconfigure(errors="replace")  # type: ignore[attr-defined]
    terminal = stream.isatty()
    width = shutil.get_terminal_size().columns
    plain = not terminal or bool(os.environ.get("NO_COLOR"))
    return _Console(
        file=stream,
        force_terminal=terminal,
        color_system=None if plain else "auto",
        width=max(width, 1),
        markup=False,
        highlight=False,
        emoji=False,
    )
