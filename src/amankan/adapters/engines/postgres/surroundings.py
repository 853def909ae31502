"""What can be seen around a database before anything is done to it."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Final, LiteralString

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.maintenance import Session, connect, told
from amankan.adapters.engines.postgres.order import aged_indexes, default_differs
from amankan.errors import EngineFailed
from amankan.model.facts import OtherSession, ServerFacts
from amankan.model.sentence import say

_ABOUT: Final[LiteralString] = """
    select current_setting('server_version_num')::int / 10000, pg_is_in_recovery(), r.rolsuper,
        pg_has_role(d.datdba, 'usage'), pg_database_size(d.oid), r.rolsuper or r.rolcreatedb, d.datistemplate,
        coalesce(current_setting('file_copy_method', true) = 'clone', false)
    from pg_database d, pg_roles r where d.datname = current_database() and r.rolname = current_user
"""

_SLOTS: Final[LiteralString] = """
    select slot_name::text from pg_replication_slots where database = current_database() order by 1
"""
_PREPARED: Final[LiteralString] = "select gid from pg_prepared_xacts where database = current_database() order by 1"
# The catalogue's connection strings are for superusers only, so its columns are named.
_SUBSCRIPTIONS: Final[LiteralString] = """
    select subname::text from pg_subscription
    where subdbid = (select oid from pg_database where datname = current_database()) order by 1
"""

_SESSIONS: Final[LiteralString] = """
    select a.application_name, coalesce(a.usename, ''), coalesce(host(a.client_addr), ''),
        (select r.rolsuper from pg_roles r where r.rolname = current_user)
            or (pg_has_role(a.usesysid, 'usage') or pg_has_role('pg_signal_backend', 'usage'))
            and not (select r.rolsuper from pg_roles r where r.oid = a.usesysid)
    from pg_stat_activity a
    where a.datname = current_database() and a.usesysid is not null and a.pid <> pg_backend_pid()
    order by 2, 1, 3
"""

_SETTINGS: Final[LiteralString] = """
    select coalesce(r.rolname || ': ', '') || c.entry
    from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) as c (entry)
    where s.setdatabase = (select oid from pg_database where datname = current_database())
        and not (select rolsuper from pg_roles where rolname = current_user)
        and (s.setrole <> 0 and s.setrole <> (select oid from pg_roles where rolname = current_user)
            or coalesce((select g.context not in ('user') from pg_settings g
                where lower(g.name) = lower(split_part(c.entry, '=', 1))), true))
    order by 1
"""

_LABELS: Final[LiteralString] = """
    select l.provider from pg_shseclabel l where l.classoid = 'pg_database'::regclass
        and l.objoid = (select oid from pg_database where datname = current_database())
        and not (select rolsuper from pg_roles where rolname = current_user)
"""

_RESTRICTED: Final[LiteralString] = """
    select count(*) from pg_class where relrowsecurity and relkind in ('r', 'p') and row_security_active(oid)
"""

_PLACE: Final[LiteralString] = """
    select current_setting('data_directory'), coalesce(nullif(pg_tablespace_location(d.dattablespace), ''), ''),
        (select system_identifier::text from pg_control_system())
    from pg_database d where d.datname = current_database()
"""

_MAY_SEE: Final[LiteralString] = "select pg_has_role('pg_read_all_settings', 'usage')"


def server_facts(address: Address) -> ServerFacts:
    """
    Return what the server of `address` says of its database; reads only.

    Raises:
        EngineFailed: the server cannot be reached.
    """
    with told(f"survey {address.database}"), closing(connect(address, name="amankan")) as session:
        # Asked with rules in force: with them off the question itself would be refused.
        session.execute("set row_security = on")
        found = session.execute(_ABOUT).fetchone()
        if found is None:
            raise EngineFailed(say("cannot survey {name}: the role went away", name=address.database))
        version, standby, superuser, owner, size_bytes, creates, template, cloning = found
        differs, known = default_differs(session)
        sessions = session.execute(_SESSIONS).fetchall()
        return ServerFacts(
            version=version,
            standby=standby,
            superuser=superuser,
            owner=owner,
            size_bytes=size_bytes,
            free_bytes=_free_bytes(session),
            may_create_databases=creates and owner and not standby,
            copies_on_write=cloning,
            is_template=template,
            logical_slots=_names(session, _SLOTS),
            subscriptions=_names(session, _SUBSCRIPTIONS),
            prepared=_names(session, _PREPARED),
            sessions=tuple(OtherSession(name=name, user=user, address=place) for name, user, place, _ in sessions),
            unstoppable=tuple(sorted({user for _, user, _, stoppable in sessions if not stoppable})),
            foreign_settings=_names(session, _SETTINGS),
            foreign_labels=_names(session, _LABELS),
            restricted_tables=int(_names(session, _RESTRICTED)[0]),
            collation_differs=differs,
            collation_known=known,
            aged_indexes=len(aged_indexes(session)),
        )


def _names(session: Session, question: LiteralString) -> tuple[str, ...]:
    return tuple(str(name) for (name,) in session.execute(question))


def _free_bytes(session: Session) -> int | None:
    """Return the room where the server keeps the database, or None where this machine does not see that very folder."""
    if session.execute(_MAY_SEE).fetchone() != (True,):
        return None
    found = session.execute(_PLACE).fetchone()
    if found is None:
        return None
    folder, tablespace, system = found
    try:
        control = (Path(folder) / "global" / "pg_control").read_bytes()
        # The file begins with the server's identifier, in the byte order of its machine, which is then this one.
        if str(int.from_bytes(control[:8], "little")) != system:
            return None
        room = os.statvfs(tablespace or folder)
    except OSError:
        return None
    return room.f_bavail * room.f_frsize
