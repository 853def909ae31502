"""How an operation ended, in a few words for people who are not at the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from amankan.errors import AmankanError, ConfigurationFault, Interrupted, Locked, Refused, RehearsalFailed, RolledBack, Stopped
from amankan.model.message import Tone
from amankan.model.sentence import Sentence, say

# What is done without anybody at a terminal: production is as it was, and still something that must be there is not.
NIGHTLY: Final = frozenset({"backup", "drill", "prune"})


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What became of an operation, the sentences that say more of it, and how much it matters."""

    what: Sentence
    more: tuple[Sentence, ...]
    tone: Tone = Tone.SUCCESS


def bad_news(operation: str, error: AmankanError) -> News:
    """Return what is told of an operation that did not end as asked: the three lines of its error."""
    what, tone = _what(operation, error)
    if operation in NIGHTLY and not isinstance(error, Interrupted):
        tone = Tone.FAILURE
    more = (
        error.cannot,
        say("production: {state}", state=error.production),
        say("next: {command}", command=error.next),
    )
    return News(what=what, more=more, tone=tone)


def _what(operation: str, error: AmankanError) -> tuple[Sentence, Tone]:
    match error:
        case Interrupted():
            return say("{operation} interrupted", operation=operation), Tone.WARNING
        case Refused() | Locked() | ConfigurationFault():
            return say("{operation} refused", operation=operation), Tone.WARNING
        case RehearsalFailed():
            return say("{operation} refused: the rehearsal failed", operation=operation), Tone.WARNING
        case RolledBack():
            return say("{operation} failed; everything is as before", operation=operation), Tone.FAILURE
        case Stopped():
            return say("{operation} stopped: hands are needed", operation=operation), Tone.FAILURE
    return say("{operation} failed", operation=operation), Tone.FAILURE
