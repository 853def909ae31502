"""Any command: judged by the ledger that its tool keeps, or else by one that we keep for it."""

from __future__ import annotations

import json
from typing import Final

from amankan.adapters.migrators.conduct import conduct, names_of
from amankan.adapters.migrators.kinds import DRIZZLE_JOURNAL, Kind
from amankan.adapters.migrators.site import Notebook, Said, Site
from amankan.errors import MigrationFailed
from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.release import Release
from amankan.model.sentence import say

LIST_SECONDS: Final = 60.0
OWN_TABLE: Final = "amankan_ledger"


class CommandMigrator:
    """Keeps the promise of `ports.migrator` for a command whose tool keeps a ledger that we can read."""

    def __init__(self, site: Site, words: tuple[str, ...], *, kind: Kind, folder: str = "") -> None:
        """Migrate by `words` at `site`; `folder` is where the release's migrations are, if not where `kind` has them."""
        self._site, self._words, self._kind = site, words, kind
        self._folder = folder or kind.folder

    def ledger(self, database: str) -> Ledger:
        """Return what the tool recorded."""
        kind = self._kind
        columns = (kind.column, kind.finished) if kind.finished else (kind.column,)
        rows = self._site.books.read(database, kind.table, columns=columns, order=kind.order) or ()
        failed = [row for row in rows if kind.finished and row[1] != "true"]
        return Ledger(
            applied=names_of((row for row in rows if row not in failed), table=kind.table),
            failed=names_of(failed, table=kind.table),
        )

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return the release's migrations by the names of its files, sorted."""
        drizzle = self._kind.name == "drizzle"
        words = ("cat", f"{self._folder}/{DRIZZLE_JOURNAL}") if drizzle else ("find", self._folder, "-type", "f")
        said = self._site.tool.run(release, words, environment=(), limit_seconds=LIST_SECONDS)
        if said.status != 0:
            raise MigrationFailed(
                say("cannot find the migrations of {release} in {folder}: {said}",
                    release=release.label, folder=self._folder, said=said.last_words()),
            )  # fmt: skip
        if drizzle:
            return journal_names(said.output)
        names = {self._kind.name_of(path) for path in said.output.splitlines()}
        return tuple(sorted(name for name in names if name))

    def strangers(self, ledger: Ledger, *, release: Release) -> tuple[str, ...]:
        """Return the migrations that were applied and that the release does not know."""
        known = set(self.expected(release))
        return tuple(name for name in ledger.applied if name not in known)

    def refuse(self, ledger: Ledger, *, database: str) -> None:
        """Raise MigrationFailed where a failed migration stands in the ledger."""
        if ledger.failed:
            raise MigrationFailed(
                say("cannot migrate {database}: {migration} failed", database=database, migration=ledger.failed[0]),
                next=say("repair the ledger by the tool's own command, then: aman plan"),
            )

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


class UnrecordedMigrator:
    """
    Keeps the promise of `ports.migrator` for a command that leaves no record.

    We note in the database that the command of a release was begun, and after exit status 0 that it was finished: there
    is no other witness, so a command that says 0 and does nothing is found by the rehearsal's comparison, not here.
    """

    def __init__(self, site: Site, words: tuple[str, ...], *, notebook: Notebook) -> None:
        """Migrate by `words` at `site`."""
        self._site, self._words, self._notebook = site, words, notebook

    def ledger(self, database: str) -> Ledger:
        """Return the releases whose command was finished, and those whose was begun."""
        rows = self._site.books.read(database, OWN_TABLE, columns=("name", "finished"), order=("name",)) or ()
        return Ledger(
            applied=names_of((row for row in rows if row[1] == "true"), table=OWN_TABLE),
            failed=names_of((row for row in rows if row[1] != "true"), table=OWN_TABLE),
        )

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return what we note for a release: the digests of its images."""
        return (" ".join(sorted({image.digest for image in release.images})),)

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """The command of the release was run to its end."""
        self._site.stands(claim)
        (name,) = self.expected(release)
        if self.ledger(database).holds((name,)):
            return
        variables = self._site.variables(database, claim)
        self._notebook.note(database, name, finished=False)
        said = self._site.tool.run(release, self._words, environment=variables, limit_seconds=limit_seconds)
        self._refuse(said, database=database)
        self._site.stands(claim)
        self._notebook.note(database, name, finished=True)

    def _refuse(self, said: Said, *, database: str) -> None:
        if said.status != 0:
            raise MigrationFailed(
                say("cannot migrate {database}: the command exited with status {status}: {said}",
                    database=database, status=said.status, said=said.last_words()),
                next=say("correct the migration in a new release, then: aman plan"),
            )  # fmt: skip


def journal_names(text: str) -> tuple[str, ...]:
    """Return the names by which Drizzle's ledger knows the entries of its journal: the moments of their making."""
    try:
        return tuple(str(int(entry["when"])) for entry in json.loads(text)["entries"])
    except (ValueError, KeyError, TypeError) as fault:
        raise MigrationFailed(say("cannot read drizzle's journal: it is not as drizzle writes it")) from fault
