"""Whether what a user says of the data is true."""

from __future__ import annotations

from collections.abc import Callable

from amankan.errors import EffectFailed
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict

Ask = Callable[[str, str], object]
"""Returns the single value of a question to a database, asked in a session that can only read; raises EffectFailed."""


class SqlProbe:
    """Keeps the promise of `ports.probe`: each question has the answer true, and neither null nor anything like true."""

    def __init__(self, checks: tuple[tuple[str, str], ...], *, database: str, ask: Ask) -> None:
        """Ask these questions, by name; `database` is the one that the world uses."""
        self._checks, self._database, self._ask = checks, database, ask

    def dark(self, release: Release, *, run: str, database: str) -> Verdict:
        """Ask the database of the dark."""
        return self._look(database)

    def live(self, release: Release) -> Verdict:
        """Ask the database that the world uses."""
        return self._look(self._database)

    def _look(self, database: str) -> Verdict:
        return Verdict(findings=tuple(self._finding(name, sql, database=database) for name, sql in self._checks))

    def _finding(self, name: str, sql: str, *, database: str) -> Finding:
        try:
            answer = self._ask(database, sql)
        except EffectFailed as fault:
            sentence = say("cannot check {name}: {why}", name=name, why=str(fault))
            return Finding(level=Level.STOP, code="sql", sentence=sentence)
        if answer is True:
            return Finding(level=Level.PASS, code="sql", sentence=say("{name}: true", name=name))
        sentence = say("cannot go on: the check {name} says {answer}, not true", name=name, answer=str(answer)[:80])
        return Finding(level=Level.STOP, code="sql", sentence=sentence)
