"""What people are told who are not at the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Tone(Enum):
    """How much a message matters."""

    NEWS = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A title of one line and a text of a few, in the language of whoever reads them, without a secret or a row."""

    title: str
    text: str
    tone: Tone
