"""What is said of a database outside of it, and so does not come along when its files are copied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.maintenance import Session, identifier
from amankan.errors import EngineFailed
from amankan.model.sentence import say

_LIMIT: Final[LiteralString] = (
    "select datconnlimit, datacl is null, pg_get_userbyid(datdba) from pg_database where datname = %s"
)

_GRANTS: Final[LiteralString] = """
    select case grantee when 0 then '' else pg_get_userbyid(grantee) end, privilege_type, bool_or(is_grantable)
    from pg_database d, aclexplode(d.datacl) where datname = %s group by 1, 2 order by 1, 2
"""

_SETTINGS: Final[LiteralString] = """
    select coalesce(r.rolname, ''), unnest(s.setconfig) from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole
    where s.setdatabase = (select oid from pg_database where datname = %s) order by 1, 2
"""

_LABELS: Final[LiteralString] = """
    select l.provider, l.label from pg_shseclabel l join pg_database d on d.oid = l.objoid
    where l.classoid = 'pg_database'::regclass and d.datname = %s order by 1
"""

# Settings whose value is a list of names, stored with each name quoted for itself.
# Source: PostgreSQL source code, variable_is_guc_list_quote().
_LISTS: Final = frozenset(
    {"local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries"}
    | {"temp_tablespaces", "unix_socket_directories"}
)
_ITEM: Final = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^",\s]+))\s*(?:,|$)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """
    Connection limit, grants (role or empty for everybody, privilege, grantable), settings and security labels.

    `by_rule` tells that nothing was ever granted or revoked.
    """

    owner: str
    limit: int
    by_rule: bool
    grants: tuple[tuple[str, str, bool], ...]
    settings: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]


def belongings(session: Session, database: str) -> Belongings:
    """Return what belongs to a database; EngineFailed where there is none of that name."""
    found = session.execute(_LIMIT, [database]).fetchone()
    if found is None:
        raise EngineFailed(say("cannot find database {name}", name=database))
    limit, by_rule, owner = found
    return Belongings(
        owner=owner,
        limit=limit,
        by_rule=by_rule,
        grants=tuple(session.execute(_GRANTS, [database]).fetchall()),
        settings=tuple(session.execute(_SETTINGS, [database]).fetchall()),
        labels=tuple(session.execute(_LABELS, [database]).fetchall()),
    )


def bring(session: Session, ours: Belongings, *, to: str) -> None:
    """
    All belongings are those of the new database `to` too, which was seen; in the caller's transaction.

    Raises:
        EngineFailed: something would not come along; it is named.
    """
    for statement in _statements(ours, to):
        session.execute(statement)
    theirs = belongings(session, to)
    for what in ("owner", "limit", "by_rule", "grants", "settings", "labels"):
        if getattr(ours, what) != getattr(theirs, what):
            raise EngineFailed(say("cannot bring the {what} of the original to {name}", what=what, name=to))


def _statements(ours: Belongings, target: str) -> list[sql.Composed]:
    name = identifier(target)
    made = [sql.SQL("alter database {} connection limit {}").format(name, sql.Literal(ours.limit))]
    if not ours.by_rule:
        for whom in (sql.SQL("public"), sql.Identifier(ours.owner)):
            made.append(sql.SQL("revoke all on database {} from {}").format(name, whom))
    for grantee, privilege, further in ours.grants:
        role = sql.Identifier(grantee) if grantee else sql.SQL("public")
        ending = sql.SQL(" with grant option" if further else "")
        # The word comes from the server's own list of privileges, and a name made of it would not be one.
        made.append(sql.SQL("grant {} on database {} to {}").format(sql.SQL(privilege), name, role) + ending)
    for role_name, setting in ours.settings:
        whose = sql.SQL("alter role {} in database {}").format(sql.Identifier(role_name), name)
        made.append((whose if role_name else sql.SQL("alter database {}").format(name)) + _set(setting))
    for provider, label in ours.labels:
        words = sql.SQL("security label for {} on database {} is {}")
        made.append(words.format(sql.Identifier(provider), name, sql.Literal(label)))
    return made


def _set(setting: str) -> sql.Composed:
    name, _, value = setting.partition("=")
    variable = sql.SQL(".").join(sql.Identifier(part) for part in name.split("."))
    if name.lower() not in _LISTS:
        return sql.SQL(" set {} to {}").format(variable, sql.Literal(value))
    items = [quoted.replace('""', '"') or plain for quoted, plain in _ITEM.findall(value)]
    literals = sql.SQL(", ").join(map(sql.Literal, items)) if items else sql.Literal("")
    return sql.SQL(" set {} to {}").format(variable, literals)
