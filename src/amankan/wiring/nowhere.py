"""What answers where an app has no runtime."""

from __future__ import annotations

from contextlib import AbstractContextManager

from amankan.adapters.migrators.site import Booted, Said, Variables
from amankan.errors import MigrationFailed, ProbeFailed
from amankan.model.release import Release
from amankan.model.sentence import say


class Nowhere:
    """Nothing can be run, and nothing be looked at; each says so."""

    def told(self, database: str) -> Variables:
        """Nobody is told anything."""
        return ()

    def run(self, release: Release, words: tuple[str, ...], *, environment: Variables, limit_seconds: float) -> Said:
        """Refuse."""
        raise MigrationFailed(say("cannot run a program of the app: it has no runtime"))

    def boot(self, release: Release, *, environment: Variables, limit_seconds: float) -> AbstractContextManager[Booted]:
        """Refuse."""
        raise MigrationFailed(say("cannot start the app: it has no runtime"))

    def ask_dark(self, url: str, *, run: str, release: Release) -> int:
        """Refuse."""
        raise ProbeFailed(say("cannot ask {url}: the app has no runtime", url=url))

    def ask_live(self, url: str, *, release: Release) -> int:
        """Refuse."""
        raise ProbeFailed(say("cannot ask {url}: the app has no runtime", url=url))

    def lines(self, *, run: str = "") -> tuple[str, ...]:
        """Nothing is said."""
        return ()

    def conditions(self, *, run: str = "") -> tuple[tuple[str, str], ...]:
        """There is nothing that could be well or not."""
        return ()
