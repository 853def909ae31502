"""What belongs to a database and lies outside of it, as SQL that brings it back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.bytewise import Lines, bytewise, holds_utf8, raw_rows, script, shown, text_of
from amankan.adapters.engines.postgres.notes import read_note
from amankan.adapters.engines.postgres.session import Session, row
from amankan.model.database import Making

_ROLES: Final[LiteralString] = """
    select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
        rolconnlimit, rolvaliduntil::text, {password}
    from {source} r where rolname !~ '^pg_' order by rolname
"""

_WORDS: Final = ("SUPERUSER", "INHERIT", "CREATEROLE", "CREATEDB", "LOGIN", "REPLICATION", "BYPASSRLS")

_MEMBERS: Final[LiteralString] = """
    select pg_get_userbyid(m.roleid), pg_get_userbyid(m.member), coalesce(g.rolname, ''), m.admin_option,
        (to_jsonb(m) ->> 'inherit_option')::bool, (to_jsonb(m) ->> 'set_option')::bool
    from pg_auth_members m left join pg_roles g on g.oid = m.grantor and g.oid <> 10
    where pg_get_userbyid(m.member) !~ '^pg_' order by 1, 2, 3
"""

_COMMENTS: Final[LiteralString] = """
    select rolname, shobj_description(oid, 'pg_authid') from pg_roles
    where rolname !~ '^pg_' and shobj_description(oid, 'pg_authid') is not null order by 1
"""

# From 15 on. What the first superuser may do is no grant.
_PARAMETERS: Final[LiteralString] = """
    select p.parname, case a.grantee when 0 then '' else pg_get_userbyid(a.grantee) end, a.privilege_type,
        bool_or(a.is_grantable)
    from pg_parameter_acl p, aclexplode(p.paracl) a where a.grantee <> 10 group by 1, 2, 3 order by 1, 2, 3
"""

_SETTINGS: Final[LiteralString] = """
    select coalesce((select rolname from pg_roles r where r.oid = s.setrole), ''), unnest(s.setconfig)
    from pg_db_role_setting s
    where s.setdatabase = case when %s then (select oid from pg_database where datname = current_database()) else 0 end
    order by 1, 2
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
        coalesce(to_jsonb(d) ->> 'daticurules', ''),
        exists (select from pg_extension where extname = 'plpgsql'), exists (select from pg_namespace where nspname = 'public')
    from pg_database d where datname = current_database()
"""

_PROVIDERS: Final = {"c": "libc", "i": "icu", "b": "builtin"}

# Settings whose value is a list of names, stored with each name quoted for itself.
# Source: PostgreSQL source code, variable_is_guc_list_quote().
_LISTS: Final = frozenset(
    {"local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries"}
    | {"temp_tablespaces", "unix_socket_directories"}
)
_ITEM: Final = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^",\s]+))\s*(?:,|$)', re.ASCII)

# The database that psql is connected to, whatever its name is.
_HERE: Final = sql.SQL(':"DBNAME"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One grant of a role; the last two options exist from 16 on. Without a grantor it is the first superuser's."""

    role: str
    member: str
    grantor: str
    admin: bool
    inherit: bool | None
    may_set: bool | None


def roles_sql(session: Session) -> bytes:
    """
    Return SQL for `psql` that brings the cluster's roles into one where some may be there already.

    A role that is there stays as it is. Passwords are among it, as the server keeps them, where this role may read them.
    """
    lines: Lines = [("", sql.SQL("CREATE TEMP TABLE amankan_present AS SELECT rolname FROM pg_catalog.pg_roles;"))]
    superuser = row(session, "select rolsuper from pg_roles where rolname = current_user")[0]
    words = ("rolpassword", "pg_authid") if superuser else ("null", "pg_roles")
    with bytewise(session):
        for role, statement in (*_roles(session, words), *_memberships(session), *_parameters(session)):
            lines.append((role, _if_new(role, statement)))
        places = raw_rows(session, _TABLESPACES)
    notes = [f"-- tablespace {shown(name)} at {shown(place)}" for name, place in places]
    if not superuser:
        notes.append("-- passwords of roles are not here: the role that made this backup may not read them")
    return script(session, lines, notes=notes, anywhere=True)


def settings_sql(session: Session) -> bytes:
    """Return SQL for `psql`, connected to the restored database, that brings back what is said of the database itself."""
    with bytewise(session):
        owner, limit, by_rule, comment, version = raw_rows(session, _DATABASE)[0]
        grants, settings = raw_rows(session, _GRANTS), raw_rows(session, _SETTINGS, True)
    lines: Lines = [(owner, _alter(sql.SQL("OWNER TO {};").format(sql.Identifier(owner))))]
    lines.append(("", _alter(sql.SQL("CONNECTION LIMIT {};").format(sql.Literal(limit)))))
    # What we noted there ourselves belongs to this place and this run, not to a copy.
    if text := read_note(comment, place="").text:
        lines.append(("", sql.SQL("COMMENT ON DATABASE {} IS {};").format(_HERE, sql.Literal(text))))
    if not by_rule:
        for name in ("", owner):
            lines.append((name, sql.SQL("REVOKE ALL ON DATABASE {} FROM {};").format(_HERE, _whom(name))))
        for grantee, privilege, further in grants:
            ending = sql.SQL(" WITH GRANT OPTION;" if further else ";")
            words = sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(privilege), _HERE, _whom(grantee))
            lines.append((grantee, words + ending))
    for name, setting in settings:
        whose = sql.SQL("ALTER ROLE {} IN DATABASE {} ").format(sql.Identifier(name), _HERE)
        lines.append((name, whose + _set(setting) if name else _alter(_set(setting))))
    notes = [f"-- collation version of the original: {shown(version)}"] if version else []
    return script(session, lines, notes=notes)


def making_of(session: Session) -> Making:
    """
    Return what CREATE DATABASE must be told so that a dump of this database fits.

    An owner whose name is no UTF-8 is not among it: only the settings, which run in the database itself, can name it.
    """
    with bytewise(session):
        *found, extension, schema = raw_rows(session, _MAKING)[0]
    name, owner, encoding, collate, ctype, provider, locale, rules = (text_of(each) or "" for each in found)
    present = (("extension plpgsql", extension), ("schema public", schema))
    return Making(
        name=name,
        owner=owner,
        encoding=encoding,
        provider=_PROVIDERS[provider],
        collate=collate,
        ctype=ctype,
        locale=locale,
        rules=rules,
        without=tuple(word for word, there in present if not there),
    )


def _roles(session: Session, words: tuple[LiteralString, LiteralString]) -> Lines:
    """Return what makes the roles, and says of each what the server knows but its passwords where they are closed."""
    question = sql.SQL(_ROLES).format(password=sql.SQL(words[0]), source=sql.SQL(words[1]))
    lines: Lines = [(name, _create(name, attributes)) for name, *attributes in raw_rows(session, question)]
    for name, comment in raw_rows(session, _COMMENTS):
        lines.append((name, sql.SQL("COMMENT ON ROLE {} IS {};").format(sql.Identifier(name), sql.Literal(comment))))
    for name, setting in raw_rows(session, _SETTINGS, False):
        whose = sql.SQL("ALTER ROLE {} ").format(sql.Identifier(name)) if name else sql.SQL("ALTER ROLE ALL ")
        lines.append((name, whose + _set(setting)))
    return lines


def _memberships(session: Session) -> Lines:
    """Return the grants of roles, each after the one by which its grantor may make it."""
    # A membership is worth more than the name of who granted it: one that cannot be written here is passed over.
    everything = not holds_utf8(session)
    waiting = [
        Membership(
            role=role,
            member=member,
            grantor=grantor if everything or text_of(grantor) else "",
            admin=admin,
            inherit=inherit,
            may_set=may_set,
        )
        for role, member, grantor, admin, inherit, may_set in raw_rows(session, _MEMBERS)
    ]
    lines: Lines = []
    may_grant: set[tuple[str, str]] = set()
    while waiting:
        # Before 16 whoever was a superuser stands there as the grantor, with a right of its own or without.
        ready = [each for each in waiting if not each.grantor or (each.role, each.grantor) in may_grant] or waiting
        lines += [(each.member, _grant(each)) for each in ready]
        may_grant |= {(each.role, each.member) for each in ready if each.admin}
        waiting = [each for each in waiting if each not in ready]
    return lines


def _parameters(session: Session) -> Lines:
    """Return the rights to settings of the server."""
    if session.info.server_version < 150000:
        return []
    lines: Lines = []
    for name, grantee, privilege, further in raw_rows(session, _PARAMETERS):
        ending = sql.SQL(" WITH GRANT OPTION;" if further else ";")
        words = sql.SQL("GRANT {} ON PARAMETER {} TO {}").format(sql.SQL(privilege), sql.Identifier(name), _whom(grantee))
        # Another server may not know the setting, and only a superuser may give this right away.
        lines.append((grantee, _unless_refused(words + ending, instead=sql.SQL("NULL;"))))
    return lines


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


def _grant(each: Membership) -> sql.Composed:
    words = sql.SQL("GRANT {} TO {}").format(sql.Identifier(each.role), sql.Identifier(each.member))
    if each.inherit is None:
        words += sql.SQL(" WITH ADMIN OPTION" if each.admin else "")
    else:
        words += sql.SQL(" WITH ADMIN {}, INHERIT {}, SET {}").format(
            *(sql.SQL("TRUE" if option else "FALSE") for option in (each.admin, each.inherit, each.may_set))
        )
    if not each.grantor:
        return words + sql.SQL(";")
    by = sql.SQL(" GRANTED BY {};").format(sql.Identifier(each.grantor))
    return _unless_refused(words + by, instead=words + sql.SQL(";"))


def _unless_refused(statement: sql.Composable, *, instead: sql.Composable) -> sql.Composed:
    """Return a block that does the other thing where the server does not know who or what is meant, or does not allow it."""
    refusals = sql.SQL("insufficient_privilege OR undefined_object OR invalid_grant_operation")
    return sql.SQL("BEGIN {} EXCEPTION WHEN {} THEN {} END;").format(statement, refusals, instead)


def _whom(name: str) -> sql.Composable:
    return sql.Identifier(name) if name else sql.SQL("PUBLIC")


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
