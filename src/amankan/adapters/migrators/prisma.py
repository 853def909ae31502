"""Prisma Migrate: ledger `_prisma_migrations`, one row for each try of each migration."""

from __future__ import annotations

import json
from typing import Final

from amankan.adapters.migrators.answers import answer_of
from amankan.adapters.migrators.conduct import conduct, names_of
from amankan.adapters.migrators.site import Site
from amankan.errors import MigrationFailed
from amankan.model.claim import Claim
from amankan.model.database import Ledger
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.proc.redact import redact

TABLE: Final = "_prisma_migrations"
LIST_SECONDS: Final = 60.0

# Prisma itself goes by the names of the folders that hold a migration.sql. Where they are is said by the command, by its
# configuration file or by package.json, else it is prisma/migrations.
_LIST: Final = r"""
const fs = require("fs"), path = require("path");
const text = (file) => { try { return fs.readFileSync(file, "utf8"); } catch { return ""; } };
const beside = (schema) => path.join(schema.endsWith(".prisma") ? path.dirname(schema) : schema, "migrations");
const places = [];
if (process.argv[1]) places.push(beside(process.argv[1]));
for (const name of ["prisma.config.ts", "prisma.config.js", "prisma.config.mjs", "prisma.config.cjs"]) {
  const config = text(name);
  const folder = /migrations\s*:\s*\{[^}]*?path\s*:\s*["'`]([^"'`]+)/.exec(config);
  const schema = /\bschema\s*:\s*["'`]([^"'`]+)/.exec(config);
  if (folder) places.push(folder[1]);
  if (schema) places.push(beside(schema[1]));
}
try { const schema = JSON.parse(text("package.json")).prisma?.schema; if (schema) places.push(beside(schema)); } catch {}
places.push("prisma/migrations");
const folder = places.find((place) => fs.existsSync(place));
const names = folder === undefined ? null
  : fs.readdirSync(folder).filter((name) => fs.existsSync(path.join(folder, name, "migration.sql"))).sort();
console.log("amankan:" + JSON.stringify({ folder: folder ?? null, places, names }));
"""

# No news, no questions and no colours in what is read by us.
_QUIET: Final = (("CHECKPOINT_DISABLE", "1"), ("PRISMA_HIDE_UPDATE_MESSAGE", "1"), ("NO_COLOR", "1"))


class PrismaMigrator:
    """Keeps the promise of `ports.migrator` with `prisma migrate deploy` or the command that stands for it."""

    def __init__(self, site: Site, words: tuple[str, ...] = ("npx", "prisma", "migrate", "deploy")) -> None:
        """Migrate by `words` at `site`."""
        self._site, self._words = site, words

    def ledger(self, database: str) -> Ledger:
        """Return the migrations finished, in the order in which they were begun, and those that failed and stand unresolved."""
        rows = self._rows(database)
        applied = [row for row in rows if row[1] is not None and row[2] is None]
        failed = [row for row in rows if row[1] is None and row[2] is None]
        return Ledger(applied=names_of(applied, table=TABLE), failed=names_of(failed, table=TABLE))

    def expected(self, release: Release) -> tuple[str, ...]:
        """Return the names of the release's migrations, sorted as Prisma applies them; no database is asked."""
        words = ("node", "-e", _LIST, *self._schema())
        said = self._site.tool.run(release, words, environment=(), limit_seconds=LIST_SECONDS)
        found = answer_of(said, release=release)
        if not isinstance(found, dict) or not isinstance(found.get("names"), list):
            places = json.dumps(found.get("places")) if isinstance(found, dict) else ""
            raise MigrationFailed(
                say("cannot find the migrations of {release}: no folder of {places}", release=release.label, places=places),
                next=say("see that the image holds the folder prisma/migrations"),
            )
        return tuple(str(name) for name in found["names"])

    def strangers(self, ledger: Ledger, *, release: Release) -> tuple[str, ...]:
        """Return the migrations that were applied and that the release does not know."""
        known = set(self.expected(release))
        return tuple(name for name in ledger.applied if name not in known)

    def refuse(self, ledger: Ledger, *, database: str) -> None:
        """Raise MigrationFailed where a failed migration stands in the ledger, as Prisma would with P3009."""
        if not ledger.failed:
            return
        name = ledger.failed[0]
        raise MigrationFailed(
            say(
                "cannot migrate {database}: {migration} failed (P3018, later P3009): {reason}",
                database=database,
                migration=name,
                reason=self._reason(database, name),
            ),
            next=say(
                "correct {migration} in a new release; where the app's own database says so, first "
                "npx prisma migrate resolve --rolled-back {migration} (nothing of it is there) or --applied (all of it is)",
                migration=name,
            ),
        )

    def migrate(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """The ledger holds the release's migrations."""
        self._site.stands(claim)
        variables = (*self._site.variables(database, claim), *_QUIET)
        if "DATABASE_URL" not in dict(variables):
            raise MigrationFailed(
                say("cannot migrate {database}: Prisma reads DATABASE_URL, which is not told", database=database),
                next=say('write DATABASE_URL = "{url}" under [database.env]', url="{url}"),
            )
        conduct(
            self,
            lambda: self._site.tool.run(release, self._words, environment=variables, limit_seconds=limit_seconds),
            release=release,
            database=database,
        )

    def _schema(self) -> tuple[str, ...]:
        for index, word in enumerate(self._words):
            if word.startswith("--schema="):
                return (word.partition("=")[2],)
            if word == "--schema" and index + 1 < len(self._words):
                return (self._words[index + 1],)
        return ()

    def _rows(self, database: str) -> tuple[tuple[str | None, ...], ...]:
        columns = ("migration_name", "finished_at", "rolled_back_at", "logs")
        return self._site.books.read(database, TABLE, columns=columns, order=("started_at", "id")) or ()

    def _reason(self, database: str, name: str) -> str:
        """Return what the server said to the migration: Prisma keeps it in the ledger, whatever it prints."""
        logs = [row[3] for row in self._rows(database) if row[0] == name and row[1] is None and row[3]]
        lines = [line.strip() for line in (logs[-1] or "").splitlines() if line.strip()] if logs else []
        chosen = [line for line in lines if line.startswith(("ERROR", "DbError", "Database error", "Message"))] or lines
        return redact(" / ".join(chosen[:3])[:600], ()) or "the ledger does not say why"
