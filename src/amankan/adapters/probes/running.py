"""Whether a release goes on running."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from amankan.errors import EffectFailed
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict
from amankan.ports.clock import Clock
from amankan.ports.probe import Probe


class Conditions(Protocol):
    """How the parts of the app are, by service; `ok` is well."""

    def conditions(self, *, run: str = "") -> tuple[tuple[str, str], ...]:
        """Return them for the app, or for what a run started in the dark."""
        ...


class Questions(Probe, Protocol):
    """A probe that asks for a while."""

    @property
    def span_seconds(self) -> float:
        """How long it asks where all is well, the time of the answers apart."""
        ...


class RunningProbe:
    """
    Keeps the promise of `ports.probe`: every part of the release runs, and still does after a while.

    With `questions` they are asked at the end of that while, so what an answer makes end is seen too, and nobody waits twice.
    """

    def __init__(
        self,
        source: Conditions,
        *,
        clock: Clock,
        questions: Questions | None = None,
        steady_seconds: float = 5.0,
        live_seconds: float | None = None,
    ) -> None:
        """Look for `steady_seconds`, which is what a crash at the start usually takes; at the world for `live_seconds`."""
        self._source, self._clock, self._questions, self._steady_seconds = source, clock, questions, steady_seconds
        self._live_seconds = steady_seconds if live_seconds is None else live_seconds

    def dark(self, release: Release, *, run: str, database: str) -> Verdict:
        """Look at what the run started."""
        return self._judge(run, seconds=self._steady_seconds, ask=lambda asked: asked.dark(release, run=run, database=database))

    def live(self, release: Release) -> Verdict:
        """Look at the app."""
        return self._judge("", seconds=self._live_seconds, ask=lambda asked: asked.live(release))

    def _judge(self, run: str, *, seconds: float, ask: Callable[[Questions], Verdict]) -> Verdict:
        if self._questions is None:
            return self._watch(run, seconds=seconds)
        before = self._watch(run, seconds=max(0.0, seconds - self._questions.span_seconds))
        # What does not run will not answer either, so nobody waits for that.
        if before.level is Level.STOP:
            return before
        told = ask(self._questions)
        return Verdict(findings=(*self._look(run).findings, *told.findings))

    def _watch(self, run: str, *, seconds: float) -> Verdict:
        deadline = self._clock.ticks() + seconds
        while True:
            verdict = self._look(run)
            if verdict.level is Level.STOP or self._clock.ticks() >= deadline:
                return verdict
            self._clock.pause(min(0.5, seconds / 4))

    def _look(self, run: str) -> Verdict:
        try:
            found = self._source.conditions(run=run)
        except EffectFailed as fault:
            sentence = say("cannot see whether the release runs: {why}", why=str(fault))
            return Verdict(findings=(Finding(level=Level.STOP, code="running", sentence=sentence),))
        return Verdict(findings=tuple(_finding(service, condition) for service, condition in found))


def _finding(service: str, condition: str) -> Finding:
    if condition == "ok":
        return Finding(level=Level.PASS, code="running", sentence=say("{service} runs", service=service))
    sentence = say("cannot see that the release works: {service} is {condition}", service=service, condition=condition)
    return Finding(level=Level.STOP, code="running", sentence=sentence)
