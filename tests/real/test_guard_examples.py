"""No false block: the life of the example apps, their work and their migrations under a permit, on a guarded database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg import sql
from tests.kit.guarded import Guarded
from tests.kit.notes import NOTES, Notes, Release, first_release
from tests.kit.postgres.fixtures import Servers

from amankan.adapters.guards.postgres.coverage import status
from amankan.adapters.guards.postgres.guard import PostgresGuard
from amankan.adapters.guards.postgres.install import install
from amankan.model.claim import Claim
from amankan.model.guard import Coverage, Level

pytestmark = pytest.mark.real

CLAIM = Claim(run="20260105T101500Z-notes-0badcafe", epoch=1)
CASES: tuple[tuple[int, Level], ...] = ((15, "limit"), (18, "limit"), (15, "deny"), (18, "deny"))


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def empty(request: pytest.FixtureRequest, postgres_servers: Servers) -> Iterator[Guarded]:
    """An empty database of the app's role, which will be guarded at a level."""
    version, level = request.param
    server = postgres_servers.version(version)
    guarded = Guarded(database=server.database(), role=server.role(), level=level)
    with guarded.database.connect() as connection:
        names = {"database": sql.Identifier(guarded.database.name), "role": sql.Identifier(guarded.role.name)}
        connection.execute(sql.SQL("alter database {database} owner to {role}").format(**names))
        connection.execute(sql.SQL("alter schema public owner to {role}").format(**names))
    yield guarded
    guarded.close()


@pytest.mark.parametrize("notes", NOTES, ids=lambda notes: notes.name)
def test_ordinary_life_passes(notes: Notes, empty: Guarded) -> None:
    """
    What the app does is not disturbed, with connections that were open before the guard came; nothing is refused.

    Its second release's migration writes every row: refused by itself, it passes under a permit, and both releases work on.
    """
    with first_release(notes, empty.database, empty.role) as old:
        _succeeds(old, notes.migrate)
        new = old.overlaid("v2-tags")
        with old.served() as pages:
            pages.write(range(1, 301))
            with empty.database.connect() as connection:
                install(connection, empty.level, app_role=empty.role.name)
            pages.write(range(251, 351))
            assert list(range(340, 351)) == pages.get("/notes?from=340")
            for words in notes.work:
                _succeeds(old, words)
            assert 329 == pages.get("/counts")["notes"]
            assert (0, True) == (_seen(empty).refused, _seen(empty).whole)
            assert 0 != new.run(notes.migrate).status
            assert 1 == _seen(empty).refused
            _migrate(new, empty)
            pages.write(range(351, 361))
        with new.served() as pages:
            pages.write(range(341, 371))
            assert 349 == pages.get("/counts")["notes"]
        for words in notes.work[1:3]:
            _succeeds(new, words)
    assert (1, True) == (_seen(empty).refused, _seen(empty).whole)


def _migrate(release: Release, guarded: Guarded) -> None:
    """The release's migration ran as an update lets it run: permitted, and settled."""
    guard = PostgresGuard(lambda name, _: guarded.database.server.connect(name))
    guard.permit(guarded.database.name, why="the migration", minutes=5, claim=CLAIM)
    _succeeds(release, release.notes.migrate)
    guard.settle(guarded.database.name, claim=CLAIM)


def _succeeds(release: Release, words: tuple[str, ...]) -> None:
    said = release.run(words)
    assert 0 == said.status, said.output


def _seen(guarded: Guarded) -> Coverage:
    with guarded.database.connect() as connection:
        return status(connection, app_role=guarded.role.name)
