"""Whether a release answers over HTTP."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from amankan.errors import EffectFailed
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict
from amankan.ports.clock import Clock

FIRST_BAD: Final = 400


class Door(Protocol):
    """How a release is asked, in the dark and by the world; an answer is a status, no answer is an error."""

    def ask_dark(self, url: str, *, run: str, release: Release) -> int:
        """Return the status that the release of the run answers with itself."""
        ...

    def ask_live(self, url: str, *, release: Release) -> int:
        """Return the status that the world gets, from this release and no other."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a release must answer well in a row, how long is waited for that, and how long between two questions."""

    successes: int = 3
    limit_seconds: float = 60.0
    pause_seconds: float = 0.5


class HttpProbe:
    """Keeps the promise of `ports.probe`: each address answers below 400, several times in a row, before patience ends."""

    def __init__(self, urls: tuple[str, ...], *, door: Door, clock: Clock, patience: Patience | None = None) -> None:
        """Ask these addresses through `door`."""
        self._urls, self._door, self._clock = urls, door, clock
        self._patience = patience or Patience()

    @property
    def span_seconds(self) -> float:
        """How long the questions take where each is answered well and at once."""
        return len(self._urls) * (self._patience.successes - 1) * self._patience.pause_seconds

    def dark(self, release: Release, *, run: str, database: str) -> Verdict:
        """Ask the new containers themselves."""
        return self._look(lambda url: self._door.ask_dark(url, run=run, release=release))

    def live(self, release: Release) -> Verdict:
        """Ask as the world does."""
        return self._look(lambda url: self._door.ask_live(url, release=release))

    def _look(self, ask: Callable[[str], int]) -> Verdict:
        deadline = self._clock.ticks() + self._patience.limit_seconds
        return Verdict(findings=tuple(self._finding(url, ask, deadline=deadline) for url in self._urls))

    def _finding(self, url: str, ask: Callable[[str], int], *, deadline: float) -> Finding:
        successes = 0
        while True:
            last, good = _answer(ask, url)
            successes = successes + 1 if good else 0
            if successes >= self._patience.successes:
                return Finding(level=Level.PASS, code="http", sentence=say("{url} {last}", url=url, last=last))
            if not good and self._clock.ticks() > deadline:
                sentence = say("cannot see that the release works: {url} {last}", url=url, last=last)
                return Finding(level=Level.STOP, code="http", sentence=sentence)
            self._clock.pause(self._patience.pause_seconds)


def _answer(ask: Callable[[str], int], url: str) -> tuple[str, bool]:
    try:
        status = ask(url)
    except (EffectFailed, OSError, http.client.HTTPException, ValueError) as fault:
        reason = str(fault).strip().rpartition("\n")[2] or type(fault).__name__
        return f"does not answer: {reason}", False
    return f"answers {status}", status < FIRST_BAD
