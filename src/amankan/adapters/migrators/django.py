"""Django: ledger `django_migrations`, one row `app.name` for each migration."""

from __future__ import annotations

from typing import Final

from amankan.adapters.migrators.answers import answer_of, names_in
from amankan.adapters.migrators.conduct import conduct, names_of
from amankan.adapters.migrators.site import Site
from amankan.errors import MigrationFailed
from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.release import Release
from amankan.model.sentence import say

TABLE: Final = "django_migrations"
LIST_SECONDS: Final = 120.0

# The graph of all migrations, in an order in which they can be applied. `showmigrations` would ask a database for it.
_LIST: Final = """
import json
from django.db.migrations.loader import MigrationLoader
graph = MigrationLoader(None, ignore_no_migrations=True).graph
seen = []
for leaf in sorted(graph.leaf_nodes()):
    seen += [node for node in graph.forwards_plan(leaf) if node not in seen]
print("amankan:" + json.dumps(["%s.%s" % node for node in seen]))
"""


class DjangoMigrator:
    """Keeps the promise of `ports.migrator` with `manage.py migrate`."""

    def __init__(self, site: Site, words: tuple[str, ...] = ("python", "manage.py", "migrate", "--no-input")) -> None:
        """Migrate by `words` at `site`."""
        self._site, self._words = site, words

    def ledger(self, database: str) -> Ledger:
        """Return the migrations in the order in which they were applied."""
        rows = self._site.books.read(database, TABLE, columns=("app", "name"), order=("id",)) or ()
        if any(not app or not name for app, name in rows):
            raise MigrationFailed(say("cannot read {table}: a row has no name", table=TABLE))
        return Ledger(applied=names_of(((f"{app}.{name}",) for app, name in rows), table=TABLE))

    def expected(self, release: Release) -> tuple[str, ...]:
        """
        Return the migrations of all apps in an order in which they can be applied; no database is asked.

        Squashed migrations stand for those that they replace: Django records them when the last of those is applied.
        """
        words = (*self._entrance(), "shell", "-c", _LIST)
        # Settings want an address, and no server answers there.
        said = self._site.tool.run(release, words, environment=self._nowhere(), limit_seconds=LIST_SECONDS)
        return names_in(answer_of(said, release=release), release=release)

    def strangers(self, ledger: Ledger, *, release: Release) -> tuple[str, ...]:
        """
        Return the last migrations that were applied and that the release does not know.

        Rows of apps that the release does not have at all are left out: they stay behind when an app is removed.
        """
        known = self.expected(release)
        apps = {name.partition(".")[0] for name in known}
        newest: dict[str, str] = {}
        for name in ledger.applied:
            newest[name.partition(".")[0]] = name
        return tuple(name for app, name in newest.items() if app in apps and name not in known)

    def refuse(self, ledger: Ledger, *, database: str) -> None:
        """Django records only what was done."""

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """The ledger holds the release's migrations."""
        self._site.stands(claim)
        variables = self._site.variables(database, claim)
        conduct(
            self,
            lambda: self._site.tool.run(release, self._words, environment=variables, limit_seconds=limit_seconds),
            release=release,
            database=database,
        )

    def _entrance(self) -> tuple[str, ...]:
        """Return the words before `migrate`, whatever leads to Django's command line."""
        if "migrate" not in self._words:
            return ("python", "manage.py")
        return self._words[: self._words.index("migrate")]

    def _nowhere(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, nowhere(name)) for name, _ in self._site.environment("postgres"))


def nowhere(name: str) -> str:
    """Return a value for a variable of [database.env] that leads to no server; 1 is a port at which none listens."""
    upper = name.upper()
    if "PORT" in upper:
        return "1"
    if "HOST" in upper:
        return "127.0.0.1"
    if any(word in upper for word in ("URL", "URI", "DSN")):
        return "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
    return "nobody"
