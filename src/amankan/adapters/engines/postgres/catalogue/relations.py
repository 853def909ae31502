"""Schemas, tables, their columns, and what hangs on them."""

from __future__ import annotations

from typing import Final, LiteralString

from amankan.adapters.engines.postgres.catalogue.parts import acl, name, own, owner, words

_OF: Final[LiteralString] = " join pg_namespace n on n.oid = c.relnamespace "
_TABLE: Final[LiteralString] = name("n.nspname", "c.relname")
_OWN: Final[LiteralString] = " c.relpersistence <> 't' and " + own("pg_class", "c.oid")

# A child lists the columns of its parents first once it was restored, so there the order of columns means nothing.
_CHILD: Final[LiteralString] = (
    "exists (select from pg_inherits i where i.inhrelid = c.oid and not c.relispartition) and c.relkind <> 'p'"
)

# Some builds of the server note a number of their own among the options of a column, which no dump brings back.
OPTIONS: Final[LiteralString] = (
    "(select string_agg(w, ',' order by w collate \"C\") from unnest(a.attoptions) w where w !~ '^pg_attver=')"
)

_SCHEMAS: Final[LiteralString] = (
    "select format('%I', n.nspname), jsonb_build_array("
    + owner("n.nspowner")
    + ", "
    + acl("n.nspacl", "n", whose="n.nspowner")
    + ")::text from pg_namespace n where "
    + own("pg_namespace", "n.oid")
)

_TABLES: Final[LiteralString] = (
    "select "
    + _TABLE
    + """, jsonb_build_array(c.relkind, c.relpersistence, """
    + owner("c.relowner")
    + ", "
    + acl("c.relacl", "r", whose="c.relowner")
    + ", "
    + words("c.reloptions")
    + """,
        (select amname from pg_am a where a.oid = c.relam), pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
        case when c.reloftype <> 0 then format_type(c.reloftype, null) end,
        c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
        case c.relkind when 'm' then c.relispopulated end,
        (select jsonb_agg(i.inhparent::regclass::text order by i.inhseqno) from pg_inherits i where i.inhrelid = c.oid)
    )::text from pg_class c"""
    + _OF
    + "where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and "
    + _OWN
)

_COLUMNS: Final[LiteralString] = (
    "select format('%s.%I', "
    + _TABLE
    + """, a.attname), jsonb_build_array(
        case when """
    + _CHILD
    + """ then 0 else row_number() over (partition by c.oid order by a.attnum) end,
        format_type(a.atttypid, a.atttypmod),
        (select format('%I.%I', o.nspname, l.collname) from pg_collation l join pg_namespace o on o.oid = l.collnamespace
            where l.oid = a.attcollation),
        a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attstorage,
        to_jsonb(a) ->> 'attcompression', nullif(to_jsonb(a) ->> 'attstattarget', '-1'), """
    + OPTIONS
    + ", "
    + words("a.attfdwoptions")
    + ", "
    + acl("a.attacl", "c", whose="c.relowner")
    + """)::text from pg_class c"""
    + _OF
    + """join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and """
    + _OWN
)

_SEQUENCES: Final[LiteralString] = (
    "select "
    + _TABLE
    + """, jsonb_build_array(c.relpersistence, """
    + owner("c.relowner")
    + ", "
    + acl("c.relacl", "s", whose="c.relowner")
    + """, format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
        (select format('%s.%I', d.refobjid::regclass, a.attname) from pg_depend d
            join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
            and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0)
    )::text from pg_class c join pg_sequence s on s.seqrelid = c.oid"""
    + _OF
    + "where "
    + _OWN
)

_VIEWS: Final[LiteralString] = (
    "select " + _TABLE + ", pg_get_viewdef(c.oid) from pg_class c" + _OF + "where c.relkind in ('v', 'm') and " + _OWN
)

# What could not be built to its end holds no rows and is not dumped; that of a whole of partitions waits for its parts, and is.
_INDEXES: Final[LiteralString] = (
    "select "
    + name("n.nspname", "x.relname")
    + """, jsonb_build_array(pg_get_indexdef(x.oid), i.indisclustered, i.indisreplident, i.indisvalid,
        (select p.inhparent::regclass::text from pg_inherits p where p.inhrelid = x.oid),
        (select jsonb_agg(jsonb_build_array(a.attnum, a.attstattarget)) from pg_attribute a
            where a.attrelid = x.oid and a.attstattarget >= 0)
    )::text from pg_class c"""
    + _OF
    + "join pg_index i on i.indrelid = c.oid join pg_class x on x.oid = i.indexrelid where c.relkind in ('r', 'p', 'm')"
    + " and (i.indisvalid or c.relkind = 'p') and i.indisready and "
    + _OWN
)

# A partition that was attached by a restore names its NOT NULL constraints by another rule than one that was made as such.
# Foreign keys of and to partitions that follow from one of the whole are made anew, under names that depend on the order;
# what they may have of their own is that their rows were looked at already.
_CONSTRAINTS: Final[LiteralString] = (
    "select format('%I on %s', case k.contype when 'n' then pg_get_constraintdef(k.oid) else k.conname end, "
    + _TABLE
    + """), jsonb_build_array(pg_get_constraintdef(k.oid), k.contype)::text
    from pg_constraint k join pg_class c on c.oid = k.conrelid left join pg_constraint u on u.oid = k.conparentid"""
    + _OF
    + """where (k.contype <> 'f' or k.conparentid = 0
        or (k.confrelid = u.confrelid and k.convalidated <> u.convalidated)) and """
    + _OWN
)

_TRIGGERS: Final[LiteralString] = (
    "select format('%I on %s', t.tgname, "
    + _TABLE
    + """), jsonb_build_array(pg_get_triggerdef(t.oid), t.tgenabled)::text
    from pg_trigger t join pg_class c on c.oid = t.tgrelid"""
    + _OF
    + "where not t.tgisinternal and "
    + _OWN
)

_RULES: Final[LiteralString] = (
    "select format('%I on %s', r.rulename, "
    + _TABLE
    + """), jsonb_build_array(pg_get_ruledef(r.oid), r.ev_enabled)::text
    from pg_rewrite r join pg_class c on c.oid = r.ev_class"""
    + _OF
    + "where r.rulename <> '_RETURN' and "
    + _OWN
)

_POLICIES: Final[LiteralString] = (
    "select format('%I on %s', p.polname, "
    + _TABLE
    + """), jsonb_build_array(p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
        pg_get_expr(p.polwithcheck, p.polrelid),
        (select jsonb_agg(r order by r collate "C") from
            (select case o when 0 then 'public' else pg_get_userbyid(o) end::text as r from unnest(p.polroles) o) s)
    )::text from pg_policy p join pg_class c on c.oid = p.polrelid"""
    + _OF
    + "where "
    + _OWN
)

_STATISTICS: Final[LiteralString] = (
    "select "
    + name("n.nspname", "x.stxname")
    + ", jsonb_build_array(pg_get_statisticsobjdef(x.oid), nullif(to_jsonb(x) ->> 'stxstattarget', '-1'), "
    + owner("x.stxowner")
    + ")::text from pg_statistic_ext x join pg_namespace n on n.oid = x.stxnamespace where "
    + own("pg_statistic_ext", "x.oid")
)

RELATIONS: Final[tuple[tuple[str, LiteralString], ...]] = (
    ("schema", _SCHEMAS),
    ("table", _TABLES),
    ("column", _COLUMNS),
    ("sequence", _SEQUENCES),
    ("view", _VIEWS),
    ("index", _INDEXES),
    ("constraint", _CONSTRAINTS),
    ("trigger", _TRIGGERS),
    ("rule", _RULES),
    ("policy", _POLICIES),
    ("statistics", _STATISTICS),
)
