"""What every command works at: one user's wishes, the printer, and the house behind it, opened when it is needed."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TextIO

from amankan import wiring
from amankan.cli.news import News
from amankan.cli.printer import Printer
from amankan.cli.progress import Bars, Silent
from amankan.cli.wishes import Wishes, language_of
from amankan.config.read import find, read
from amankan.config.settings import Settings
from amankan.model.secret import Secret
from amankan.model.sentence import Sentence, say
from amankan.operations.walk import nothing_interrupts
from amankan.ports.clock import Clock
from amankan.ports.disk import Disk
from amankan.ports.progress import Progress
from amankan.proc.redact import redact
from amankan.wiring.messengers import Messengers, messengers


class Desk:
    """The wishes that stood before the command and with it, and what they lead to."""

    def __init__(self, wishes: Wishes, *, words: Sequence[str] = ()) -> None:
        """Open nothing; `words` are those of the command line, as they were typed."""
        self.wishes = wishes
        self._words = tuple(words)
        self.secrets: list[Secret] = []
        self.operation = ""  # what is under way, as the user typed it
        self.interrupted: Callable[[], bool] = nothing_interrupts
        self.news: News | None = None  # how it ended, where it ended as asked

    def redact(self, text: str) -> str:
        """Return a text without any secret that was opened at this desk."""
        return redact(text, [secret.reveal() for secret in self.secrets])

    def again(self, *more: str) -> str:
        """Return the command line as it is typed again, with words behind it."""
        return self.redact(shlex.join(("aman", *self._words, *more)))

    def told(self, wishes: Wishes) -> Desk:
        """Return the desk of a command that was told more."""
        self.wishes = wishes.over(self.wishes)
        self.__dict__.pop("printer", None)
        return self

    @cached_property
    def printer(self) -> Printer:
        """The printer, in the user's language."""
        language = language_of(self.wishes, os.environ)
        return Printer(language, json=self.wishes.json, quiet=self.wishes.quiet)

    @cached_property
    def settings(self) -> Settings:
        """The configuration; ConfigurationFault where there is none."""
        return read(self.configuration)

    @property
    def configuration(self) -> Path:
        """The configuration's file; ConfigurationFault where there is none."""
        return self.wishes.config if self.wishes.config is not None else find(Path.cwd())

    @cached_property
    def clock(self) -> Clock:
        """The clock of this machine."""
        return wiring.clock()

    @cached_property
    def disk(self) -> Disk:
        """The folder of state beside the configuration."""
        return wiring.disk(wiring.state_folder(self.settings))

    @cached_property
    def messengers(self) -> Messengers:
        """The way to the people who are told how an operation ended; their addresses are secrets from here on."""
        found = messengers(self.settings)
        self.secrets.extend(found.secrets)
        for fault in found.faults:
            self.printer.warn(say("not everybody can be told how it ends: {why}", why=fault))
        for remark in found.remarks:
            self.printer.remark(remark)
        return found

    @cached_property
    def progress(self) -> Progress:
        """Bars on a terminal, nothing elsewhere."""
        shown = self.printer.err.is_terminal and not self.wishes.quiet
        return Bars(self.printer.err, self.printer.translate) if shown else Silent()


def unasked() -> Sentence | None:
    """Return why nobody can be asked, or None where standard input and standard error are a terminal."""
    if not _at_terminal(sys.stdin):
        return say("cannot ask for your consent: standard input is no terminal")
    if not _at_terminal(sys.stderr):
        return say("cannot ask for your consent: standard error is no terminal")
    return None


def _at_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()
