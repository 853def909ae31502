"""The tool that is recognised, looked for when it is needed first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from amankan.adapters.migrators.none import NothingMigrates
from amankan.adapters.migrators.recognise import Recognised, recognise
from amankan.adapters.migrators.site import Books
from amankan.adapters.migrators.table import COMMAND, ENTRYPOINT, Wish, tool_named, words_of
from amankan.errors import ConfigurationFault
from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.ports.migrator import Migrator

# Those whose own command is the same wherever they are used.
BY_RULE: Final = frozenset({"prisma", "django", "alembic"})

Files = Callable[[], Iterable[str]]
"""Returns the paths of a release, as seen from its working folder."""


def wished(migrate: str, *, seen: Callable[[], Recognised | None]) -> Wish | None:
    """
    Return how an app is migrated, or None where nothing does it; `seen` is asked only where the command hides its tool.

    Args:
        migrate: `database.migrate`; empty for the tool that is recognised.
    Raises:
        ConfigurationFault: it cannot be read, or leaves open what must be known.
    """
    words = () if migrate in ("", ENTRYPOINT) else words_of(migrate)
    name = tool_named(words)
    if name is not None:
        return Wish(name=name, words=words)
    found = seen()
    if words:
        return Wish(name=COMMAND if found is None else found.name, words=words)
    if migrate == ENTRYPOINT:
        if found is None:
            raise ConfigurationFault(
                say("cannot tell what the entrypoint migrates with: no tool is recognised"),
                next=say("write the command of the app's migration tool as database.migrate"),
            )
        return Wish(name=found.name, entrypoint=True)
    if found is None:
        return None
    if found.name not in BY_RULE:
        raise ConfigurationFault(
            say(
                "cannot tell how {name} is run here: {why}, and database.migrate is not set",
                name=found.name,
                why=str(found.why),
            ),
            next=say("write the command of the app's migration tool as database.migrate"),
        )
    return Wish(name=found.name)


class RecognisedMigrator:
    """Keeps the promise of `ports.migrator` with the tool that is recognised at the first question; nothing is asked before."""

    def __init__(self, migrate: str, *, books: Books, files: Files, database: str, make: Callable[[Wish], Migrator]) -> None:
        """
        Recognise by the tables of a database, and by files.

        Args:
            migrate: `database.migrate` as it is written.
            books: read the tables.
            files: of the release.
            database: the one that is looked at where the first question is about none.
            make: returns the migrator of a tool.
        """
        self._migrate, self._books, self._files, self._make = migrate, books, files, make
        self._database = database
        self._found: Migrator | None = None

    def ledger(self, database: str) -> Ledger:
        """Return what the tool recorded."""
        return self._chosen(database).ledger(database)

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return what the release brings."""
        return self._chosen(self._database).expected(release)

    def strangers(self, ledger: Ledger, *, release: Release) -> tuple[str, ...]:
        """Return what the release does not know; nothing where the tool cannot say."""
        asked = getattr(self._chosen(self._database), "strangers", None)
        return () if asked is None else tuple(asked(ledger, release=release))

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """The ledger holds what the release expects."""
        self._chosen(database).migrate(release, database=database, claim=claim, limit_seconds=limit_seconds)

    def _chosen(self, database: str) -> Migrator:
        if self._found is None:
            wish = wished(self._migrate, seen=lambda: recognise(self._files(), self._books.tables(database)))
            self._found = NothingMigrates() if wish is None else self._make(wish)
        return self._found
