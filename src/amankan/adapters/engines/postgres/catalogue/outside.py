"""What reaches out of the database: foreign servers and replication."""

from __future__ import annotations

from typing import Final, LiteralString

from amankan.adapters.engines.postgres.catalogue.parts import acl, own, owner, unextended, words

_WRAPPERS: Final[LiteralString] = (
    "select format('%I', w.fdwname), jsonb_build_array("
    + owner("w.fdwowner")
    + ", "
    + acl("w.fdwacl", "F", whose="w.fdwowner")
    + ", w.fdwhandler::regproc::text, w.fdwvalidator::regproc::text, "
    + words("w.fdwoptions")
    + ")::text from pg_foreign_data_wrapper w where "
    + unextended("pg_foreign_data_wrapper", "w.oid")
)

_SERVERS: Final[LiteralString] = (
    "select format('%I', s.srvname), jsonb_build_array("
    + owner("s.srvowner")
    + ", "
    + acl("s.srvacl", "S", whose="s.srvowner")
    + ", (select fdwname from pg_foreign_data_wrapper w where w.oid = s.srvfdw), s.srvtype, s.srvversion, "
    + words("s.srvoptions")
    + ")::text from pg_foreign_server s where "
    + unextended("pg_foreign_server", "s.oid")
)

_MAPPINGS: Final[LiteralString] = (
    "select format('%I on %I', m.usename, m.srvname), " + words("m.umoptions") + " from pg_user_mappings m"
)

_FOREIGN_TABLES: Final[LiteralString] = (
    "select format('%I.%I', n.nspname, c.relname), jsonb_build_array(s.srvname, "
    + words("f.ftoptions")
    + """)::text from pg_foreign_table f join pg_class c on c.oid = f.ftrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_foreign_server s on s.oid = f.ftserver where """
    + own("pg_class", "c.oid")
)

_PUBLICATIONS: Final[LiteralString] = (
    "select format('%I', p.pubname), (to_jsonb(p) - array['oid', 'pubowner'] || jsonb_build_object('owner', "
    + owner("p.pubowner")
    + """))::text from pg_publication p"""
)

_PUBLISHED: Final[LiteralString] = """
    select format('%s in %I', r.prrelid::regclass, p.pubname), ''
    from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
"""

_PUBLISHED_PARTS: Final[LiteralString] = """
    select format('%s in %I', r.prrelid::regclass, p.pubname), jsonb_build_array(pg_get_expr(r.prqual, r.prrelid),
        (select jsonb_agg(a.attname order by a.attnum) from pg_attribute a where a.attrelid = r.prrelid
            and a.attnum = any(r.prattrs)))::text
    from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
"""

_PUBLISHED_SCHEMAS: Final[LiteralString] = """
    select format('%I in %I', n.nspname, p.pubname), '' from pg_publication_namespace s
    join pg_publication p on p.oid = s.pnpubid join pg_namespace n on n.oid = s.pnnspid
"""

_SUBSCRIPTIONS: Final[LiteralString] = (
    """select format('%I', s.subname), jsonb_build_array("""
    + owner("s.subowner")
    + """, s.subslotname, s.subsynccommit, s.subpublications)::text from pg_subscription s
    where s.subdbid = (select oid from pg_database where datname = current_database())"""
)

OUTSIDE: Final[tuple[tuple[str, LiteralString], ...]] = (
    ("foreign data wrapper", _WRAPPERS),
    ("foreign server", _SERVERS),
    ("user mapping", _MAPPINGS),
    ("foreign table", _FOREIGN_TABLES),
    ("publication", _PUBLICATIONS),
    ("published table", _PUBLISHED),
    ("subscription", _SUBSCRIPTIONS),
)

# What can only be asked of a server from this version on.
SINCE: Final[tuple[tuple[int, str, LiteralString], ...]] = (
    (15, "parts of published table", _PUBLISHED_PARTS),
    (15, "published schema", _PUBLISHED_SCHEMAS),
)
