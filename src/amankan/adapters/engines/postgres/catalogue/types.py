"""Types and what makes them comparable and convertible."""

from __future__ import annotations

from typing import Final, LiteralString

from amankan.adapters.engines.postgres.catalogue.parts import acl, name, own, owner, unextended

_TYPES: Final[LiteralString] = (
    "select "
    + name("n.nspname", "t.typname")
    + ", jsonb_build_array(t.typtype, "
    + owner("t.typowner")
    + ", "
    + acl("t.typacl", "T", whose="t.typowner")
    + """, case when t.typtype = 'd' then jsonb_build_array(format_type(t.typbasetype, t.typtypmod), t.typnotnull,
            coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault), t.typcollation::regcollation::text) end,
        case when t.typtype = 'e' then
            (select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) end,
        case when t.typtype = 'r' then (select jsonb_build_array(format_type(r.rngsubtype, null),
            r.rngcollation::regcollation::text, r.rngsubopc::int in (select oid::int from pg_opclass where opcdefault),
            (select format('%I.%I', o.nspname, p.opcname) from pg_opclass p join pg_namespace o on o.oid = p.opcnamespace
                where p.oid = r.rngsubopc),
            r.rngcanonical::text, r.rngsubdiff::text, r.rngmultitypid::regtype::text)
            from pg_range r where r.rngtypid = t.oid) end,
        case when t.typtype = 'b' then jsonb_build_array(t.typlen, t.typbyval, t.typcategory, t.typispreferred, t.typdelim,
            format_type(nullif(t.typelem, 0), null), t.typinput::text, t.typoutput::text, t.typreceive::text,
            t.typsend::text, t.typmodin::text, t.typmodout::text, t.typanalyze::text, t.typalign, t.typstorage,
            t.typcollation::regcollation::text, t.typdefault) end
    )::text from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where t.typtype in ('b', 'd', 'e', 'r', 'c') and (t.typtype <> 'c' or exists (
        select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
    and not exists (select from pg_type a where a.typarray = t.oid) and """
    + own("pg_type", "t.oid")
)

_DOMAIN_CONSTRAINTS: Final[LiteralString] = """select format('%I on %s', k.conname, t.oid::regtype), pg_get_constraintdef(k.oid)
    from pg_constraint k join pg_type t on t.oid = k.contypid join pg_namespace n on n.oid = t.typnamespace where """ + own(
    "pg_type", "t.oid"
)

_COLLATIONS: Final[LiteralString] = (
    "select "
    + name("n.nspname", "c.collname")
    + ", (to_jsonb(c) - array['oid', 'collnamespace', 'collowner', 'collversion', 'collencoding']"
    + " || jsonb_build_object('owner', "
    + owner("c.collowner")
    + "))::text from pg_collation c join pg_namespace n on n.oid = c.collnamespace where "
    + own("pg_collation", "c.oid")
)

_OPERATORS: Final[LiteralString] = (
    """select o.oid::regoperator::text, jsonb_build_array(format_type(o.oprresult, null), o.oprcode::text,
        case when o.oprcom <> 0 then o.oprcom::regoperator::text end,
        case when o.oprnegate <> 0 then o.oprnegate::regoperator::text end,
        o.oprrest::text, o.oprjoin::text, o.oprcanmerge, o.oprcanhash, """
    + owner("o.oprowner")
    + ")::text from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oprcode <> 0 and "
    + own("pg_operator", "o.oid")
)

_CLASSES: Final[LiteralString] = (
    "select format('%I.%I using %I', n.nspname, c.opcname, m.amname), jsonb_build_array("
    + owner("c.opcowner")
    + """, format_type(c.opcintype, null), c.opcdefault, format_type(nullif(c.opckeytype, 0), null),
        (select format('%I.%I', o.nspname, f.opfname) from pg_opfamily f join pg_namespace o on o.oid = f.opfnamespace
            where f.oid = c.opcfamily))::text
    from pg_opclass c join pg_namespace n on n.oid = c.opcnamespace join pg_am m on m.oid = c.opcmethod where """
    + own("pg_opclass", "c.oid")
)

_FAMILIES: Final[LiteralString] = (
    "select format('%I.%I using %I', n.nspname, f.opfname, m.amname), jsonb_build_array("
    + owner("f.opfowner")
    + """, (select jsonb_agg(jsonb_build_array(o.amopstrategy, o.amopopr::regoperator::text, o.amoppurpose)
            order by o.amopstrategy, o.amopopr::regoperator::text collate "C") from pg_amop o where o.amopfamily = f.oid),
        (select jsonb_agg(jsonb_build_array(p.amprocnum, p.amproc::regprocedure::text, format_type(p.amproclefttype, null),
            format_type(p.amprocrighttype, null)) order by p.amprocnum, p.amproc::regprocedure::text collate "C",
            format_type(p.amproclefttype, null) collate "C", format_type(p.amprocrighttype, null) collate "C")
            from pg_amproc p where p.amprocfamily = f.oid))::text
    from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace join pg_am m on m.oid = f.opfmethod where """
    + own("pg_opfamily", "f.oid")
)

_CASTS: Final[LiteralString] = """select format('%s as %s', format_type(c.castsource, null), format_type(c.casttarget, null)),
        jsonb_build_array(case when c.castfunc <> 0 then c.castfunc::regprocedure::text end, c.castcontext,
            c.castmethod)::text
    from pg_cast c where c.oid >= 16384 and """ + unextended("pg_cast", "c.oid")

_CONVERSIONS: Final[LiteralString] = (
    "select "
    + name("n.nspname", "c.conname")
    + """, jsonb_build_array(pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc::text,
        c.condefault, """
    + owner("c.conowner")
    + ")::text from pg_conversion c join pg_namespace n on n.oid = c.connamespace where "
    + own("pg_conversion", "c.oid")
)

TYPES: Final[tuple[tuple[str, LiteralString], ...]] = (
    ("type", _TYPES),
    ("domain constraint", _DOMAIN_CONSTRAINTS),
    ("collation", _COLLATIONS),
    ("operator", _OPERATORS),
    ("operator class", _CLASSES),
    ("operator family", _FAMILIES),
    ("cast", _CASTS),
    ("conversion", _CONVERSIONS),
)
