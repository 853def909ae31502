"""What all tools have in common: they are let at a database, and then their ledger is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from amankan.adapters.migrators.site import Row, Said
from amankan.errors import MigrationFailed
from amankan.model.database import Ledger
from amankan.model.release import Release
from amankan.model.sentence import Sentence, say


class Recorded(Protocol):
    """A tool whose work can be looked at."""

    def ledger(self, database: str) -> Ledger:
        """Return what the tool recorded in a database."""
        ...

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return what the release brings."""
        ...

    def refuse(self, ledger: Ledger, *, database: str) -> None:
        """Raise MigrationFailed, with the next step, for a ledger that holds a migration that failed."""
        ...


def conduct(tool: Recorded, work: Callable[[], Said], *, release: Release, database: str) -> None:
    """
    The ledger holds what the release expects, or MigrationFailed says why not; exit statuses decide nothing.

    `work` is not called where nothing is missing.
    """
    expected, before = tool.expected(release), tool.ledger(database)
    if before.holds(expected):
        return
    tool.refuse(before, database=database)
    said = work()
    after = tool.ledger(database)
    if after.holds(expected):
        return
    tool.refuse(after, database=database)
    missing = [name for name in expected if name not in after.applied]
    raise MigrationFailed(
        say(
            "cannot migrate {database}: the tool exited with status {status}, and {missing} is not applied: {said}",
            database=database,
            status=said.status,
            missing=missing[0] + (f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""),
            said=said.last_words(),
        ),
        next=_next(said, started=after != before),
    )


def names_of(rows: Iterable[Row], *, table: str) -> tuple[str, ...]:
    """Return the first column of each row, once; MigrationFailed for a row without a name."""
    names: dict[str, None] = {}
    for row in rows:
        if not row[0]:
            raise MigrationFailed(say("cannot read {table}: a row has no name", table=table))
        names[row[0]] = None
    return tuple(names)


def _next(said: Said, *, started: bool) -> Sentence:
    if said.status == 0 and not started:
        return say("see that database.migrate runs the release's own migrations, and that [database.env] is what it reads")
    return say("correct the migration in a new release, then: aman plan")
