"""What lies outside of a database comes back with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg import sql
from tests.kit.postgres.server import Server
from tests.kit.postgres.zoo import load_zoo
from tests.real.postgres.place import address_of, dump_to, prove, tools_of

from amankan.adapters.engines.postgres.cluster import making_of, roles_sql, settings_sql
from amankan.adapters.engines.postgres.script import run_script
from amankan.adapters.engines.postgres.session import connected, rows
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers

pytestmark = pytest.mark.real

HOSTILE = ['a"b', "a'b", "a;drop table t;--", "a\tb", "$do$", "\\x", "%s {0}", "Über"]


def test_everything_comes_back(postgres: Server, servers: ThrowawayServers, tmp_path: Path) -> None:
    """Roles with passwords, memberships and settings, and all that is said of the database, are the same afterwards."""
    with postgres.database() as database:
        load_zoo(database)
        dumped = dump_to(tmp_path / "a", database)
        with connected(address_of(database)) as session:
            before = (roles_sql(session), settings_sql(session), making_of(session))
        prove(servers, "whole", archive=tmp_path / "a", dumped=dumped, tools=tools_of(postgres))
        with connected(servers.address("whole").at(database.name)) as session:
            after = (roles_sql(session), settings_sql(session), making_of(session))
    servers.remove("whole")
    assert _without_notes(before[0]) == _without_notes(after[0])
    assert before[1:] == after[1:]


def test_hostile_names(any_postgres: Server, servers: ThrowawayServers) -> None:
    """Roles whose names and settings try to break out of the SQL come back as they are."""
    tools = tools_of(any_postgres)
    source = servers.make("from", tools, superuser="boss")
    with connected(source) as session:
        for name in HOSTILE:
            role = sql.Identifier(name)
            session.execute(sql.SQL("create role {} login password {}").format(role, sql.Literal(name)))
            session.execute(sql.SQL("alter role {} set search_path to {}, public").format(role, sql.Literal(name)))
            session.execute(sql.SQL("alter role {} set zoo.x to {}").format(role, sql.Literal(name)))
        for name in HOSTILE[1:]:
            words = sql.SQL("grant {} to {} with admin option")
            session.execute(words.format(sql.Identifier(HOSTILE[0]), sql.Identifier(name)))
        script = roles_sql(session)
    target = servers.make("into", tools, superuser="boss")
    run_script(target, tools, script=script)
    with connected(target) as session:
        assert script == roles_sql(session)
    servers.remove("from")
    servers.remove("into")


def test_present_roles_stay(any_postgres: Server, servers: ThrowawayServers) -> None:
    """A role that is there already keeps its password, rights and settings."""
    tools = tools_of(any_postgres)
    address = servers.make("present", tools, superuser="boss")
    with connected(address) as session:
        session.execute("create role app superuser password 'old'; alter role app set work_mem = '7MB'; create role other")
        script = roles_sql(session)
        session.execute("alter role app nosuperuser password 'new'; alter role app reset all; drop role other")
        question = """
            select a.rolpassword, a.rolsuper, r.rolconfig from pg_authid a join pg_roles r on r.oid = a.oid
            where a.rolname = 'app'
        """
        before = rows(session, question)
        run_script(address, tools, script=script)
        assert before == rows(session, question)
        assert [("other",)] == rows(session, "select rolname from pg_roles where rolname = 'other'")
    servers.remove("present")


def test_without_passwords(any_postgres: Server) -> None:
    """Where the role may not read passwords the roles come without, and it is said."""
    with any_postgres.database() as database:
        role = any_postgres.role()
        with connected(address_of(database, role)) as session:
            script = roles_sql(session).decode()
    assert "SCRAM" not in script
    assert "-- passwords of roles are not here" in script


def _without_notes(script: bytes) -> list[bytes]:
    """Return the statements but for the first superuser, who is there already, and without notes of tablespaces."""
    return [line for line in script.splitlines() if not line.startswith(b"--") and b'CREATE ROLE "postgres"' not in line]
