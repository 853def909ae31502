"""Functions, languages, extensions, event triggers, and who may do what by rule."""

from __future__ import annotations

from typing import Final, LiteralString

from amankan.adapters.engines.postgres.catalogue.parts import acl, own, owner, unextended, words

_FUNCTIONS: Final[LiteralString] = (
    """select p.oid::regprocedure::text, jsonb_build_array(p.prokind, """
    + owner("p.proowner")
    + ", "
    + acl("p.proacl", "f", whose="p.proowner")
    + """, case when p.prokind <> 'a' then pg_get_functiondef(p.oid) end,
        case when p.prokind = 'a' then jsonb_build_array(pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
            p.proparallel, (select to_jsonb(a) - array['aggfnoid', 'aggsortop', 'aggtranstype', 'aggmtranstype']
                || jsonb_build_object('transition', format_type(a.aggtranstype, null), 'moving',
                    format_type(nullif(a.aggmtranstype, 0), null), 'sort',
                    case when a.aggsortop <> 0 then a.aggsortop::regoperator::text end)
                from pg_aggregate a where a.aggfnoid = p.oid)) end
    )::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace where """
    + own("pg_proc", "p.oid")
)

_LANGUAGES: Final[LiteralString] = (
    "select format('%I', l.lanname), jsonb_build_array("
    + owner("l.lanowner")
    + ", "
    + acl("l.lanacl", "l", whose="l.lanowner")
    + """, l.lanpltrusted, l.lanplcallfoid::regproc::text, l.laninline::regproc::text, l.lanvalidator::regproc::text)::text
    from pg_language l where l.lanispl and """
    + unextended("pg_language", "l.oid")
)

_EXTENSIONS: Final[LiteralString] = """
    select format('%I', e.extname), jsonb_build_array(e.extversion, n.nspname)::text
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
"""

_EVENT_TRIGGERS: Final[LiteralString] = (
    "select format('%I', t.evtname), jsonb_build_array("
    + owner("t.evtowner")
    + ", t.evtevent, t.evtfoid::regprocedure::text, t.evtenabled, "
    + words("t.evttags")
    + ")::text from pg_event_trigger t where "
    + unextended("pg_event_trigger", "t.oid")
)

_TRANSFORMS: Final[LiteralString] = """select format('%s for %I', format_type(t.trftype, null), l.lanname),
        jsonb_build_array(t.trffromsql::text, t.trftosql::text)::text
    from pg_transform t join pg_language l on l.oid = t.trflang where """ + unextended("pg_transform", "t.oid")

_METHODS: Final[LiteralString] = (
    "select format('%I', m.amname), jsonb_build_array(m.amtype, m.amhandler::text)::text from pg_am m where m.oid >= 16384 and "
    + unextended("pg_am", "m.oid")
)

_DEFAULT_PRIVILEGES: Final[LiteralString] = (
    """select format('%s of %I in %s', d.defaclobjtype, """
    + owner("d.defaclrole")
    + """, coalesce((select quote_ident(nspname) from pg_namespace n where n.oid = d.defaclnamespace), 'all')), """
    + acl("d.defaclacl", "r", whose="d.defaclrole")
    + " from pg_default_acl d"
)

_COMMENTS: Final[LiteralString] = """
    select format('%s %s', i.type, i.identity), d.description
    from pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    where (d.objoid >= 16384 or (d.classoid = 'pg_namespace'::regclass and d.objoid = 2200))
    and i.identity !~ '^pg_toast'
    and not exists (select from pg_depend e where e.classid = d.classoid and e.objid = d.objoid and e.deptype = 'e')
"""

_LABELS: Final[LiteralString] = """
    select format('%s %s by %s', i.type, i.identity, l.provider), l.label
    from pg_seclabel l, pg_identify_object(l.classoid, l.objoid, l.objsubid) i
"""

_LARGE_OBJECTS: Final[LiteralString] = (
    "select l.oid::text, jsonb_build_array("
    + owner("l.lomowner")
    + ", "
    + acl("l.lomacl", "L", whose="l.lomowner")
    + ")::text from pg_largeobject_metadata l"
)

CODE: Final[tuple[tuple[str, LiteralString], ...]] = (
    ("function", _FUNCTIONS),
    ("language", _LANGUAGES),
    ("extension", _EXTENSIONS),
    ("event trigger", _EVENT_TRIGGERS),
    ("transform", _TRANSFORMS),
    ("access method", _METHODS),
    ("default privileges", _DEFAULT_PRIVILEGES),
    ("comment", _COMMENTS),
    ("security label", _LABELS),
    ("large object", _LARGE_OBJECTS),
)
