"""Roles come back as they were, whatever their names are made of, and what a user dropped stays away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString

import pytest
from psycopg import sql
from tests.kit.postgres.database import Database
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.server import Server
from tests.real.postgres.place import address_of, dump_to, prove, tools_of

from amankan.adapters.engines.postgres.address import Address, parse_address
from amankan.adapters.engines.postgres.cluster import roles_sql
from amankan.adapters.engines.postgres.script import run_script
from amankan.adapters.engines.postgres.session import connected, rows
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.errors import EngineFailed
from amankan.model.fingerprint import compare
from amankan.model.secret import Secret

pytestmark = pytest.mark.real

COMMENTS = "select rolname, shobj_description(oid, 'pg_authid') from pg_roles where rolname !~ '^pg_' order by 1"
MEMBERS = """
    select roleid::regrole::text, member::regrole::text, grantor::regrole::text, admin_option,
        to_jsonb(m) -> 'inherit_option', to_jsonb(m) -> 'set_option'
    from pg_auth_members m where member >= 16384 order by 1, 2, 3
"""
PARAMETERS = """
    select parname, grantee::regrole::text, privilege_type, is_grantable
    from pg_parameter_acl, aclexplode(paracl) where grantee <> 10 order by 1, 2, 3
"""

SAID = """
    select tableowner from pg_tables where tablename in ('t', 'u')
    union all select pg_get_userbyid(datdba) from pg_database where datname = current_database()
    union all select datacl::text from pg_database where datname = current_database()
    union all select pg_get_userbyid(setrole) || ' ' || unnest(setconfig) from pg_db_role_setting
    union all select rolname || ': ' || shobj_description(oid, 'pg_authid') from pg_roles where rolname !~ '^pg_'
    order by 1
"""

# Made from a database with LATIN1, so that its one letter is one byte there.
NAME: Final = "r\u00e9"


@contextmanager
def moved(source: Address, servers: ThrowawayServers, *, server: Server) -> Iterator[Address]:
    """Lend a new server with the roles of another."""
    with connected(source) as session:
        script = roles_sql(session)
    target = servers.make("into", tools_of(server), superuser="chief")
    run_script(target, tools_of(server), script=script)
    yield target
    servers.remove("into")


@contextmanager
def latin(server: Server) -> Iterator[Database]:
    """Lend a database with LATIN1 and a role whose name is no UTF-8; both are gone afterwards."""
    with server.connect() as session:
        session.execute("create database latin template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'")
    with Database(server=server, name="latin") as database:
        execute(database, f'create role "{NAME}" login')
        try:
            yield database
        finally:
            execute(database, f'alter database latin owner to postgres; drop owned by "{NAME}"; drop role "{NAME}"')


def execute(database: Database, script: LiteralString) -> None:
    """Run a script that is written in UTF-8, whatever the database's encoding is."""
    with connected(address_of(database)) as session:
        session.execute(script)


def test_what_every_database_has(database: Database, servers: ThrowawayServers, tmp_path: Path) -> None:
    """What a new database has and the original lacks is not there after a restore either."""
    database.execute("drop extension plpgsql; drop schema public; create schema app; create table app.t as select 1 as n")
    dumped = dump_to(tmp_path / "a", database)
    found = prove(servers, "bare", archive=tmp_path / "a", dumped=dumped, tools=tools_of(database.server))
    servers.remove("bare")
    assert not compare(dumped[1].fingerprint, found)


@pytest.mark.parametrize("dropped", ["extension plpgsql", "schema public"])
def test_one_of_them(any_database: Database, servers: ThrowawayServers, tmp_path: Path, dropped: str) -> None:
    """Only what the original lacks is dropped."""
    any_database.execute(f"drop {dropped}; create schema app")
    dumped = dump_to(tmp_path / "a", any_database)
    found = prove(servers, "one", archive=tmp_path / "a", dumped=dumped, tools=tools_of(any_database.server))
    servers.remove("one")
    assert not compare(dumped[1].fingerprint, found)


def test_what_is_said_of_roles(postgres: Server, servers: ThrowawayServers) -> None:
    """Comments of roles, who granted a membership and how, and rights to settings are back."""
    source = servers.make("from", tools_of(postgres), superuser="boss")
    with connected(source) as session:
        session.execute('create role giver createrole; create role taker; create role team; create role "o\'p"')
        session.execute("comment on role taker is 'it''s \\ ours'; grant team to giver with admin option")
        session.execute('set role giver; grant team to taker; reset role; grant team to "o\'p"')
        if postgres.version >= 16:
            session.execute("grant team to taker with inherit false, set false, admin true")
        if postgres.version >= 15:
            session.execute("grant set, alter system on parameter log_statement to taker with grant option")
            session.execute('grant set on parameter my.own to "o\'p"; grant set on parameter log_duration to public')
        questions = [COMMENTS, MEMBERS] + [PARAMETERS] * (postgres.version >= 15)
        before = [rows(session, question) for question in questions]
    with moved(source, servers, server=postgres) as target, connected(target) as session:
        after = [rows(session, question) for question in questions]
    servers.remove("from")
    there, here = (set(each[0]) - {("boss", None), ("chief", None)} for each in (before, after))
    assert there == here
    assert [[tuple("chief" if word == "boss" else word for word in line) for line in each] for each in before[1:]] == after[1:]


def test_grants_that_another_server_refuses(postgres_servers: Servers, servers: ThrowawayServers) -> None:
    """A grantor who may not grant, and a setting that nobody knows, do not keep roles from coming back."""
    old, new = postgres_servers.version(15), postgres_servers.version(17)
    source = servers.make("from", tools_of(old), superuser="boss")
    with connected(source) as session:
        session.execute("create role other superuser; create role taker; create role team")
        session.execute("set role other; grant team to taker; reset role; grant set on parameter db_user_namespace to taker")
    with moved(source, servers, server=new) as target, connected(target) as session:
        assert [("team", "taker")] == [line[:2] for line in rows(session, MEMBERS)]
    servers.remove("from")


def test_a_name_that_is_no_utf8(postgres: Server, servers: ThrowawayServers, tmp_path: Path) -> None:
    """A database with LATIN1 is proved whose table, membership and settings belong to such a role, and to one with UTF-8."""
    other = postgres.role("ü")
    with latin(postgres) as database:
        execute(
            database, f'create table public.t (n int); alter table public.t owner to "{NAME}"; create table public.u (n int)'
        )
        execute(database, f'alter database latin owner to "{NAME}"; comment on role "{NAME}" is \'{NAME}\'')
        execute(database, f'alter role "{NAME}" in database latin set my.own to "à"')
        raw = other.name.encode().decode("latin-1")
        with connected(address_of(database)) as session:
            role = sql.Identifier(raw)
            session.execute(
                sql.SQL("alter table public.u owner to {}; grant connect on database latin to {}").format(role, role)
            )
        dumped = dump_to(tmp_path / "a", database)
        found = prove(servers, "latin", archive=tmp_path / "a", dumped=dumped, tools=tools_of(postgres))
        with connected(address_of(database)) as session:
            before = rows(session, SAID)
        with connected(servers.address("latin").at("latin")) as session:
            after = rows(session, SAID)
            left = rows(session, "select datname from pg_database where datname like 'amankan%%'")
        servers.remove("latin")
        with connected(address_of(database)) as session:
            session.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(raw)))
    assert not compare(dumped[1].fingerprint, found)
    assert before == after
    assert not left


def test_others_names_do_not_hurt(
    any_postgres: Server, any_database: Database, servers: ThrowawayServers, tmp_path: Path
) -> None:
    """A role of another database, whose name is no text here, stops no backup; a note tells that it is not there."""
    with latin(any_postgres) as database:
        execute(database, f"alter role \"{NAME}\" in database {any_database.name} set work_mem to '5MB'")
        execute(database, f'create role team; create role taker; grant team to "{NAME}" with admin option')
        execute(database, f'set role "{NAME}"; grant team to taker')
        any_database.execute("create table t as select 1 as n")
        dumped = dump_to(tmp_path / "a", any_database)
        found = prove(servers, "utf8", archive=tmp_path / "a", dumped=dumped, tools=tools_of(any_postgres))
        with connected(servers.address("utf8")) as session:
            assert ["taker"] == [line[1] for line in rows(session, MEMBERS) if line[0] == "team"]
        execute(database, f'drop owned by "{NAME}", taker; drop role team, taker')
    servers.remove("utf8")
    assert not compare(dumped[1].fingerprint, found)
    assert "-- left out, it is no text in UTF8: something of role r\\xe9" in dumped[0].globals.decode().splitlines()


def test_a_needed_name_is_told(any_postgres: Server, any_database: Database, tmp_path: Path) -> None:
    """Where something here belongs to a role whose name is no text here, the backup names the role."""
    with latin(any_postgres) as database:
        number = database.value("select oid from pg_roles where ascii(rolname::text) = 114 and length(rolname::text) = 2")
        any_database.execute("create table t (n int)")
        any_database.execute(
            f"set allow_system_table_mods to on; update pg_class set relowner = {number} where relname = 't';"
            " insert into pg_shdepend select d.oid, 'pg_class'::regclass, 't'::regclass, 0, 'pg_authid'::regclass,"
            f" {number}, 'o' from pg_database d where datname = current_database()"
        )
        with pytest.raises(EngineFailed, match=r"names of its roles are no text in UTF8: r\\xe9"):
            dump_to(tmp_path / "a", any_database)
        any_database.execute(
            f"set allow_system_table_mods to on; delete from pg_shdepend where refobjid = {number};"
            " update pg_class set relowner = 10 where relname = 't'"
        )


def test_bytes_that_are_no_text(any_postgres: Server) -> None:
    """Whatever reads such a name as text fails with an error of ours, which shows it."""
    with (
        latin(any_postgres),
        pytest.raises(EngineFailed, match=r"cannot use the database postgres: r\\xe9 is no text in its encoding"),
        connected(parse_address(Secret(any_postgres.admin_url))) as session,
    ):
        rows(session, "select rolname from pg_roles")
