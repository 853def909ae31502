"""Releases of the frameworks' projects in folders, their tools, and a database that they migrate."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.contract.cases import CLAIM
from tests.kit.framework import SOURCE, tools_dir
from tests.kit.postgres.database import Database

from amankan.adapters.migrators.books import PostgresBooks
from amankan.adapters.migrators.folder import FolderTool
from amankan.adapters.migrators.site import Site
from amankan.errors import Superseded
from amankan.model.claim import Claim
from amankan.model.release import Image, Release
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.proc.airlock.enclosed import Airlock

ADDED = "20260201000000_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Two releases of one project, of which the second brings one migration more, and where they are migrated."""

    site: Site
    before: Release
    after: Release
    folder: Path
    database: Database

    def of(self, release: Release) -> Path:
        """Return a release's folder."""
        return self.folder / release.label


def release(label: str) -> Release:
    """Return a release that is known by its label alone."""
    return Release(label=label, images=(Image(service="app", reference=label, digest=f"sha256:{label}"),))


@contextmanager
def place(framework: str, database: Database, *, folder: Path) -> Iterator[Place]:
    """Yield both releases of a framework's project; the database is as it was made."""
    tools = tools_dir()
    for label in ("before", "after"):
        shutil.copytree(SOURCE / framework, folder / label)
        (folder / label / "node_modules").symlink_to(tools / "node_modules")
        if framework == "prisma":
            _let_go(folder / label / "prisma.config.ts")
    path = f"{tools}/python/bin:{tools}/node_modules/.bin:{os.environ['PATH']}"
    tool = FolderTool(
        lambda asked: str(folder / asked.label),
        airlock=airlock_of(database),
        surroundings=(("PATH", path), ("HOME", str(folder))),
    )

    def url(name: str) -> Secret:
        return Secret(database.server.url(name))

    site = Site(
        tool=tool,
        books=PostgresBooks(url),
        environment=lambda name: (("DATABASE_URL", url(name)),),
        stands=_refuse_others,
    )
    yield Place(site=site, before=release("before"), after=release("after"), folder=folder, database=database)


def airlock_of(database: Database) -> Airlock:
    """Return the airlock in which the database's server is reached as it is outside, by the loopback address."""
    return Airlock(host="127.0.0.1", port=database.server.port)


def add_migration(place: Place, text: str, *, name: str = ADDED) -> None:
    """The second release of a Prisma project brings one migration more."""
    made = place.of(place.after) / "prisma" / "migrations" / name
    made.mkdir(parents=True)
    (made / "migration.sql").write_text(text)


def _let_go(config: Path) -> None:
    """
    Prisma's JavaScript engine ends when it is done.

    It waits ten seconds for its lock and leaves that timer behind, and the pool of its driver keeps the process alive.
    """
    text = config.read_text()
    text = text.replace("process.env.DATABASE_URL }", "process.env.DATABASE_URL, allowExitOnIdle: true }")
    config.write_text(
        text + "\nconst wait = globalThis.setTimeout;\nglobalThis.setTimeout = ((then: () => void, after?: number) =>"
        " { const timer = wait(then, after); return after === 10_000 ? timer.unref() : timer; }) as typeof setTimeout;\n"
    )


def _refuse_others(claim: Claim) -> None:
    if claim != CLAIM:
        raise Superseded(say("cannot go on with {run}: its claim does not stand", run=claim.run))


def columns(database: Database, table: str) -> list[str]:
    """Return the names of a table's columns."""
    with database.connect() as connection, connection.cursor(row_factory=psycopg.rows.scalar_row) as cursor:
        return cursor.execute(
            "select attname::text from pg_attribute where attrelid = %s::regclass and attnum > 0 order by attnum", (table,)
        ).fetchall()
