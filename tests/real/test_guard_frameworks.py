"""The real destructive commands of the frameworks, against a guarded database that holds rows: each leaves every row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.kit.framework import Project, project
from tests.kit.guarded import Guarded, run
from tests.kit.postgres.fixtures import Servers
from tests.kit.tools import TOOLS, Tool

from amankan.adapters.guards.postgres.install import install
from amankan.adapters.guards.postgres.leave import permit, revoke
from amankan.adapters.guards.postgres.ring import refusals
from amankan.model.guard import Leave, Level

pytestmark = pytest.mark.real

# As the owner of its tables, which is how apps run; as the superuser of the usual Compose file; and after the split.
CASES: tuple[tuple[int, Level, bool], ...] = ((15, "limit", False), (18, "limit", True), (18, "deny", False))
SIGNS = ("cannot run ", "permission denied", "must be owner", "cannot drop a template database")


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}{'-superuser' if case[2] else ''}")
def case(request: pytest.FixtureRequest) -> tuple[int, Level, bool]:
    """A version of the server, a level of the guard, and whether the app's role is a superuser."""
    version, level, superuser = request.param
    return version, level, superuser


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_commands_leave_every_row(case: tuple[int, Level, bool], tool: Tool, postgres_servers: Servers) -> None:
    """A command that would destroy is refused and says so, and everything in the database is as before."""
    version, level, superuser = case
    with _filled(tool, postgres_servers.version(version), superuser=superuser) as (guarded, made):
        with guarded.database.connect() as connection:
            install(connection, level, app_role=guarded.role.name)
        before = _contents(guarded)
        assert len(before) >= 2
        for words in tool.destroy + (tool.destroy_before_18 if version < 18 else ()):
            refused = _refused(guarded)
            said = made.run(words, **dict(tool.settings))
            assert before == _contents(guarded), f"{words} changed the database:\n{said.output}"
            # Some tools keep the server's answer to themselves; the guard's own record has it.
            told = any(sign in said.output for sign in SIGNS) or _refused(guarded) > refused
            assert told, f"{words}: {said.status}\n{said.output}"


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.back], ids=lambda tool: tool.name)
def test_migration_back_under_a_permit(tool: Tool, postgres_servers: Servers) -> None:
    """A migration back, refused before, passes under a permit, and is refused again when the permit is gone."""
    with (
        _filled(tool, postgres_servers.version(18), superuser=False) as (guarded, made),
        guarded.database.connect() as connection,
    ):
        install(connection, "limit", app_role=guarded.role.name)
        before = _contents(guarded)
        given = permit(connection, Leave(why="the rollback of a release", minutes=5))
        said = made.run(tool.back)
        assert 0 == said.status, said.output
        assert before != _contents(guarded)
        revoke(connection, given)
        for words in tool.make:
            said = made.run(words)
            assert 0 == said.status, said.output
        after = _contents(guarded)
        assert 0 != made.run(tool.back).status
        assert after == _contents(guarded)


@contextmanager
def _filled(tool: Tool, server: Any, *, superuser: bool) -> Iterator[tuple[Guarded, Project]]:
    """A database with the tool's tables, made by the tool itself as the app's role, and rows in them."""
    database, role = server.database(), server.role()
    guarded = Guarded(database=database, role=role, level="limit")
    try:
        names = {"database": sql.Identifier(database.name), "role": sql.Identifier(role.name)}
        with database.connect() as connection:
            connection.execute(sql.SQL("alter database {database} owner to {role}").format(**names))
            connection.execute(sql.SQL("alter schema public owner to {role}").format(**names))
            if superuser:
                connection.execute(sql.SQL("alter role {role} superuser").format(**names))
        with project(tool.name, database.url_for(role) + tool.address) as made:
            for words in tool.make:
                said = made.run(words)
                assert 0 == said.status, said.output
            with guarded.connect() as connection:
                run(connection, tool.rows)
            yield guarded, made
    finally:
        guarded.close()


def _refused(guarded: Guarded) -> int:
    with guarded.database.connect() as connection:
        return refusals(connection)[0]


def _contents(guarded: Guarded) -> dict[str, list[str]]:
    """Return every row of every table of the app, as text, with the names of its columns."""
    with guarded.database.connect() as connection:
        tables = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg_%' AND n.nspname NOT IN"
            " ('information_schema', 'amankan_guard') ORDER BY 1"
        ).fetchall()
        return {name: _rows(connection, name) for (name,) in tables}


def _rows(connection: psycopg.Connection[Any], table: str) -> list[str]:
    question = sql.SQL("SELECT row_to_json(t)::text FROM {} AS t ORDER BY 1").format(sql.SQL(table))
    return [row[0] for row in connection.execute(question)]
