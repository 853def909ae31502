"""Whether a release complains in its log about something new."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Protocol

from amankan.errors import ConfigurationFault, EffectFailed
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict

# Times, numbers and identifiers differ from line to line without a difference in meaning.
_CHANGING: Final = re.compile(r"\x1b\[[0-9;]*m|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|0x[0-9a-fA-F]+|\b[0-9a-f]{12,}\b|\d+")
MOST_SHOWN_CHARACTERS: Final = 200
MOST_TOLD: Final = 5


class Lines(Protocol):
    """The newest lines of the app, of a run in the dark where one is given."""

    def lines(self, *, run: str = "") -> tuple[str, ...]:
        """Return them, oldest first in each container."""
        ...


class LogProbe:
    """Keeps the promise of `ports.probe`: no line matches a pattern that the app's log did not match before."""

    def __init__(self, patterns: tuple[str, ...], *, source: Lines) -> None:
        """Look for these regular expressions; ConfigurationFault for one that is none."""
        self._patterns, self._source = tuple(_compiled(pattern) for pattern in patterns), source
        self._known: frozenset[str] = frozenset()

    def dark(self, release: Release, *, run: str, database: str) -> Verdict:
        """Compare what the new release says with what the app had been saying."""
        try:
            self._known = frozenset(map(kind_of, self._matching(self._source.lines())))
            return self._verdict(self._source.lines(run=run))
        except EffectFailed as fault:
            return _unread(fault)

    def live(self, release: Release) -> Verdict:
        """Compare what the app says now with what it had been saying when the new release was in the dark."""
        try:
            return self._verdict(self._source.lines())
        except EffectFailed as fault:
            return _unread(fault)

    def _verdict(self, lines: tuple[str, ...]) -> Verdict:
        new = {kind_of(line): line for line in self._matching(lines) if kind_of(line) not in self._known}
        if not new:
            sentence = say("nothing new that matches in {count} lines of the log", count=len(lines))
            return Verdict(findings=(Finding(level=Level.PASS, code="log", sentence=sentence),))
        told = list(new.values())[:MOST_TOLD]
        return Verdict(
            findings=tuple(
                Finding(
                    level=Level.STOP,
                    code="log",
                    sentence=say("cannot see that the release works: its log says {line}", line=line[:MOST_SHOWN_CHARACTERS]),
                )
                for line in told
            )
        )

    def _matching(self, lines: Iterable[str]) -> list[str]:
        return [line for line in lines if any(pattern.search(line) for pattern in self._patterns)]


def kind_of(line: str) -> str:
    """Return a line without what changes each time it is written."""
    return _CHANGING.sub("#", line).strip()


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as fault:
        sentence = say(
            "cannot read checks.log_errors: {pattern} is no regular expression: {why}", pattern=pattern, why=str(fault)
        )
        raise ConfigurationFault(sentence) from fault


def _unread(fault: EffectFailed) -> Verdict:
    sentence = say("cannot read the log: {why}", why=str(fault))
    return Verdict(findings=(Finding(level=Level.STOP, code="log", sentence=sentence),))
