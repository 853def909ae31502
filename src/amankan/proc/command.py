"""An outside program to be run, as a value."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from amankan.model.secret import MASK, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """
    A program with its words; nothing of it passes through a shell.

    `environment` is added to the few variables that every child gets; what is secret in it, and in `secrets`, is masked
    wherever the command or its output is shown. `uid` and `gid` name another account, for a process that is root. `name` is
    how people know it, where its first word is only what runs it.
    """

    words: tuple[str, ...]
    limit_seconds: float
    environment: tuple[tuple[str, str | Secret], ...] = ()
    secrets: tuple[Secret, ...] = ()
    folder: str = "/"
    uid: int | None = None
    gid: int | None = None
    name: str = ""

    @property
    def program(self) -> str:
        """The name for people, or else the last part of the program's path."""
        return self.name or self.words[0].rpartition("/")[2]

    def hidden(self) -> tuple[str, ...]:
        """Return every text that must not be seen, longest first."""
        values = [secret.reveal() for secret in self.secrets]
        values += [value.reveal() for _, value in self.environment if isinstance(value, Secret)]
        return tuple(sorted({value for value in values if value}, key=len, reverse=True))

    def __str__(self) -> str:
        shown = shlex.join(self.words)
        for value in self.hidden():
            shown = shown.replace(value, MASK)
        return shown
