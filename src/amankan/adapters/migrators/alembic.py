"""Alembic: ledger `alembic_version`, which holds only where the database stands: one row for each head."""

from __future__ import annotations

import re
from typing import Final

from amankan.adapters.migrators.conduct import conduct, names_of
from amankan.adapters.migrators.site import Said, Site
from amankan.errors import MigrationFailed
from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.release import Release
from amankan.model.sentence import say

TABLE: Final = "alembic_version"
LIST_SECONDS: Final = 60.0

_HEAD = re.compile(r"^(\S+)(?: \([^)]*\))*? \((?:effective )?head\)")
_STEP = re.compile(r"^(?P<below>.+?) -> (?P<revision>[^\s,]+)")
_PART = re.compile(r"[^\s,()]+")


class AlembicMigrator:
    """
    Keeps the promise of `ports.migrator` with `alembic upgrade head`.

    Ledger and expectation are heads, since the database knows no more: the way to them is asked by `strangers`.
    """

    def __init__(self, site: Site, words: tuple[str, ...] = ("alembic", "upgrade", "head"), *, table: str = TABLE) -> None:
        """Migrate by `words` at `site`; `table` is the `version_table` of the app's env.py."""
        self._site, self._words, self._table = site, words, table

    def ledger(self, database: str) -> Ledger:
        """Return the heads at which the database stands, sorted; several are there when branches were not merged."""
        rows = self._site.books.read(database, self._table, columns=("version_num",), order=("version_num",)) or ()
        return Ledger(applied=names_of(rows, table=self._table))

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return the release's heads, sorted; no database is asked."""
        said = self._ask(release, "heads")
        heads = [match[1] for line in said.output.splitlines() if (match := _HEAD.match(line.strip()))]
        if said.status != 0 or not heads:
            raise MigrationFailed(
                say("cannot ask {release} for its heads: {said}", release=release.label, said=said.last_words()),
                next=say("see that the image holds alembic.ini and the folder that it names"),
            )
        return tuple(sorted(heads))

    def strangers(self, ledger: Ledger, *, release: Release) -> tuple[str, ...]:
        """Return the heads of the database that the release's history does not know."""
        said = self._ask(release, "history")
        known = set(self.expected(release))
        for line in said.output.splitlines():
            if step := _STEP.match(line.strip()):
                known |= {step["revision"], *_PART.findall(step["below"])}
        return tuple(head for head in ledger.applied if head not in known)

    def refuse(self, ledger: Ledger, *, database: str) -> None:
        """Alembic records only what was done."""

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """The database stands at the release's heads."""
        self._site.stands(claim)
        heads = self.expected(release)
        if len(heads) > 1 and "head" in self._words:
            raise MigrationFailed(
                say("cannot migrate {database}: the release has {count} heads, {first} and {second}",
                    database=database, count=len(heads), first=heads[0], second=heads[1]),
                next=say("merge them in a new release (alembic merge heads), or write: alembic upgrade heads"),
            )  # fmt: skip
        variables = self._site.variables(database, claim)
        conduct(
            self,
            lambda: self._site.tool.run(release, self._words, environment=variables, limit_seconds=limit_seconds),
            release=release,
            database=database,
        )

    def _ask(self, release: Release, question: str) -> Said:
        """Return the answer of the release's own Alembic, found by the words before `upgrade`."""
        lead = self._words[: self._words.index("upgrade")] if "upgrade" in self._words else ("alembic",)
        return self._site.tool.run(release, (*lead, question), environment=(), limit_seconds=LIST_SECONDS)
