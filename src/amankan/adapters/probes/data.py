"""Whether rows go away once a release runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from amankan.errors import EffectFailed
from amankan.model.app import Limits
from amankan.model.release import Release
from amankan.model.sentence import Sentence, say
from amankan.model.verdict import Finding, Level, Verdict

Count = Callable[[str], Mapping[str, int]]
"""Returns the rows of a database, by table; raises EffectFailed."""


class DataProbe:
    """
    Keeps the promise of `ports.probe`: no table loses more rows than it may between two looks.

    The first look, in the dark or at the world, has nothing to compare with and says so.
    """

    def __init__(self, count: Count, *, database: str, limits: Limits) -> None:
        """Count with `count`; `database` is the one that the world uses."""
        self._count, self._database, self._limits = count, database, limits
        self._before: Mapping[str, int] | None = None

    def dark(self, release: Release, *, run: str, database: str) -> Verdict:
        """Count the database of the dark."""
        return self._look(database)

    def live(self, release: Release) -> Verdict:
        """Count the database that the world uses."""
        return self._look(self._database)

    def _look(self, database: str) -> Verdict:
        try:
            now = dict(self._count(database))
        except EffectFailed as fault:
            return _only(Level.STOP, say("cannot count the rows of {database}: {why}", database=database, why=str(fault)))
        before, self._before = self._before, now
        if before is None:
            return _only(Level.PASS, say("{count} tables counted, to compare with later", count=len(now)))
        lost = {table: rows - now.get(table, 0) for table, rows in before.items()}
        found = tuple(_loss(table, rows) for table, rows in sorted(lost.items()) if rows > self._limits.budget(table))
        return Verdict(findings=found) if found else _only(Level.PASS, say("no table lost rows"))


def _loss(table: str, rows: int) -> Finding:
    sentence = say("cannot go on: {table} lost {rows} rows since the release runs", table=table, rows=rows)
    return Finding(level=Level.STOP, code="data", sentence=sentence)


def _only(level: Level, sentence: Sentence) -> Verdict:
    return Verdict(findings=(Finding(level=level, code="data", sentence=sentence),))
