"""What belongs to a database and lies outside of it, as SQL that brings it back."""

from __future__ import annotations

import re
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.notes import read_note
from amankan.adapters.engines.postgres.session import Session, row, rows
from amankan.model.database import Making
from amankan.model.sentence import visible

_ROLES: Final[LiteralString] = """
    select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
        rolconnlimit, rolvaliduntil::text, {password}
    from {source} r where rolname !~ '^pg_' order by rolname
"""

_WORDS: Final = ("SUPERUSER", "INHERIT", "CREATEROLE", "CREATEDB", "LOGIN", "REPLICATION", "BYPASSRLS")

_MEMBERS: Final[LiteralString] = """
    select pg_get_userbyid(m.roleid), pg_get_userbyid(m.member), bool_or(m.admin_option),
        bool_or((to_jsonb(m) ->> 'inherit_option')::bool), bool_or((to_jsonb(m) ->> 'set_option')::bool)
    from pg_auth_members m where pg_get_userbyid(m.member) !~ '^pg_' group by 1, 2 order by 1, 2
"""

_SETTINGS: Final[LiteralString] = """
    select coalesce((select rolname from pg_roles r where r.oid = s.setrole), ''), unnest(s.setconfig)
    from pg_db_role_setting s
    where s.setdatabase = coalesce((select oid from pg_database where datname = %s), 0) order by 1, 2
"""

_TABLESPACES: Final[LiteralString] = """
    select spcname, pg_tablespace_location(oid) from pg_tablespace where spcname !~ '^pg_' order by spcname
"""

_DATABASE: Final[LiteralString] = """
    select pg_get_userbyid(datdba), datconnlimit, datacl is null, shobj_description(oid, 'pg_database'),
        coalesce(to_jsonb(d) ->> 'datcollversion', '')
    from pg_database d where datname = current_database()
"""

_GRANTS: Final[LiteralString] = """
    select case grantee when 0 then '' else pg_get_userbyid(grantee) end, privilege_type, is_grantable
    from pg_database d, aclexplode(d.datacl) where datname = current_database() order by 1, 2
"""

_MAKING: Final[LiteralString] = """
    select datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype,
        coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
        coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', ''),
        coalesce(to_jsonb(d) ->> 'daticurules', '')
    from pg_database d where datname = current_database()
"""

_PROVIDERS: Final = {"c": "libc", "i": "icu", "b": "builtin"}

# Settings whose value is a list of names, stored with each name quoted for itself.
# Source: PostgreSQL source code, variable_is_guc_list_quote().
_LISTS: Final = frozenset(
    {"local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries"}
    | {"temp_tablespaces", "unix_socket_directories"}
)
_ITEM: Final = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^",\s]+))\s*(?:,|$)')

# The database that psql is connected to, whatever its name is.
_HERE: Final = sql.SQL(':"DBNAME"')


def roles_sql(session: Session) -> bytes:
    """
    Return SQL for `psql` that brings the cluster's roles into one where some may be there already.

    A role that is there stays as it is. Passwords are among it, as the server keeps them, where this role may read them.
    """
    lines: list[sql.Composable] = []
    lines.append(sql.SQL("CREATE TEMP TABLE amankan_present AS SELECT rolname FROM pg_catalog.pg_roles;"))
    superuser = row(session, "select rolsuper from pg_roles where rolname = current_user")[0]
    words = ("rolpassword", "pg_authid") if superuser else ("null", "pg_roles")
    question = sql.SQL(_ROLES).format(password=sql.SQL(words[0]), source=sql.SQL(words[1]))
    for name, *attributes in session.execute(question).fetchall():
        lines.append(_if_new(name, _create(name, attributes)))
    for name, setting in rows(session, _SETTINGS, ""):
        whose = sql.SQL("ALTER ROLE {} ").format(sql.Identifier(name)) if name else sql.SQL("ALTER ROLE ALL ")
        lines.append(_if_new(name, whose + _set(setting)))
    for role, member, *options in rows(session, _MEMBERS):
        lines.append(_if_new(member, _grant(role, member, options=options)))
    notes = [f"-- tablespace {visible(name)} at {visible(place)}" for name, place in rows(session, _TABLESPACES)]
    if not superuser:
        notes.append("-- passwords of roles are not here: the role that made this backup may not read them")
    return _script(session, lines, notes=notes)


def settings_sql(session: Session) -> bytes:
    """Return SQL for `psql`, connected to the restored database, that brings back what is said of the database itself."""
    owner, limit, by_rule, comment, version = row(session, _DATABASE)
    lines: list[sql.Composable] = [_alter(sql.SQL("OWNER TO {};").format(sql.Identifier(owner)))]
    lines.append(_alter(sql.SQL("CONNECTION LIMIT {};").format(sql.Literal(limit))))
    # What we noted there ourselves belongs to this place and this run, not to a copy.
    if text := read_note(comment, place="").text:
        lines.append(sql.SQL("COMMENT ON DATABASE {} IS {};").format(_HERE, sql.Literal(text)))
    if not by_rule:
        for whom in (sql.SQL("PUBLIC"), sql.Identifier(owner)):
            lines.append(sql.SQL("REVOKE ALL ON DATABASE {} FROM {};").format(_HERE, whom))
        for grantee, privilege, further in rows(session, _GRANTS):
            whom = sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC")
            ending = sql.SQL(" WITH GRANT OPTION;" if further else ";")
            lines.append(sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(privilege), _HERE, whom) + ending)
    for name, setting in rows(session, _SETTINGS, session.info.dbname):
        if name:
            whose = sql.SQL("ALTER ROLE {} IN DATABASE {} ").format(sql.Identifier(name), _HERE)
            lines.append(whose + _set(setting))
        else:
            lines.append(_alter(_set(setting)))
    notes = [f"-- collation version of the original: {visible(version)}"] if version else []
    return _script(session, lines, notes=notes)


def making_of(session: Session) -> Making:
    """Return what CREATE DATABASE must be told so that a dump of this database fits."""
    name, owner, encoding, collate, ctype, provider, locale, rules = row(session, _MAKING)
    return Making(
        name=name,
        owner=owner,
        encoding=encoding,
        provider=_PROVIDERS[provider],
        collate=collate,
        ctype=ctype,
        locale=locale,
        rules=rules,
    )


def _create(name: str, attributes: list[object]) -> sql.Composed:
    *flags, limit, until, password = attributes
    words = [word if flag else f"NO{word}" for word, flag in zip(_WORDS, flags, strict=True)]
    parts = [sql.SQL("CREATE ROLE {} ").format(sql.Identifier(name)), sql.SQL(" ".join(words))]
    parts.append(sql.SQL(" CONNECTION LIMIT {}").format(sql.Literal(limit)))
    if until is not None:
        parts.append(sql.SQL(" VALID UNTIL {}").format(sql.Literal(until)))
    if password is not None:
        parts.append(sql.SQL(" PASSWORD {}").format(sql.Literal(password)))
    return sql.Composed([*parts, sql.SQL(";")])


def _grant(role: str, member: str, *, options: list[bool | None]) -> sql.Composed:
    admin, inherit, may_set = options
    words = sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(member))
    if inherit is None:
        return words + sql.SQL(" WITH ADMIN OPTION;" if admin else ";")
    return words + sql.SQL(" WITH ADMIN {}, INHERIT {}, SET {};").format(
        *(sql.SQL("TRUE" if option else "FALSE") for option in (admin, inherit, may_set))
    )


def _set(setting: str) -> sql.Composed:
    name, _, value = setting.partition("=")
    variable = sql.SQL(".").join(sql.Identifier(part) for part in name.split("."))
    if name.lower() in _LISTS:
        items = [(quoted or plain).replace('""', '"') for quoted, plain in _ITEM.findall(value)]
        literal = sql.SQL(", ").join(map(sql.Literal, items)) if items else sql.Literal("")
        return sql.SQL("SET {} TO {};").format(variable, literal)
    return sql.SQL("SET {} TO {};").format(variable, sql.Literal(value))


def _alter(change: sql.Composable) -> sql.Composed:
    return sql.SQL("ALTER DATABASE {} ").format(_HERE) + change


def _if_new(role: str, statement: sql.Composable) -> sql.Composed:
    """Return a block that runs the statement only where the role was not there before this script."""
    condition = sql.SQL("NOT EXISTS (SELECT FROM pg_temp.amankan_present WHERE rolname = {})").format(sql.Literal(role))
    block = sql.SQL("BEGIN IF ") + condition + sql.SQL(" THEN ") + statement + sql.SQL(" END IF; END")
    return sql.SQL("DO {};").format(sql.Literal(block.as_string(None)))


def _script(session: Session, lines: list[sql.Composable], *, notes: list[str]) -> bytes:
    written = [line.as_string(session) for line in lines]
    return "\n".join([*notes, "SET client_encoding TO 'UTF8';", *written, ""]).encode()
