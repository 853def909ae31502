"""Text search."""

from __future__ import annotations

from typing import Final, LiteralString

from amankan.adapters.engines.postgres.catalogue.parts import name, own, owner

_PARSERS: Final[LiteralString] = (
    "select "
    + name("n.nspname", "p.prsname")
    + """, jsonb_build_array(p.prsstart::text, p.prstoken::text, p.prsend::text, p.prsheadline::text, p.prslextype::text)::text
    from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace where """
    + own("pg_ts_parser", "p.oid")
)

_TEMPLATES: Final[LiteralString] = (
    "select "
    + name("n.nspname", "t.tmplname")
    + """, jsonb_build_array(t.tmplinit::text, t.tmpllexize::text)::text
    from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace where """
    + own("pg_ts_template", "t.oid")
)

_DICTIONARIES: Final[LiteralString] = (
    "select "
    + name("n.nspname", "d.dictname")
    + """, jsonb_build_array(d.dictinitoption,
        (select format('%I.%I', o.nspname, t.tmplname) from pg_ts_template t join pg_namespace o on o.oid = t.tmplnamespace
            where t.oid = d.dicttemplate), """
    + owner("d.dictowner")
    + ")::text from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace where "
    + own("pg_ts_dict", "d.oid")
)

_CONFIGURATIONS: Final[LiteralString] = (
    "select "
    + name("n.nspname", "c.cfgname")
    + ", jsonb_build_array("
    + owner("c.cfgowner")
    + """, (select format('%I.%I', o.nspname, p.prsname) from pg_ts_parser p join pg_namespace o on o.oid = p.prsnamespace
            where p.oid = c.cfgparser),
        (select jsonb_agg(jsonb_build_array(m.maptokentype, m.mapseqno, m.mapdict::regdictionary::text)
            order by m.maptokentype, m.mapseqno) from pg_ts_config_map m where m.mapcfg = c.oid))::text
    from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace where """
    + own("pg_ts_config", "c.oid")
)

SEARCH: Final[tuple[tuple[str, LiteralString], ...]] = (
    ("text search parser", _PARSERS),
    ("text search template", _TEMPLATES),
    ("text search dictionary", _DICTIONARIES),
    ("text search configuration", _CONFIGURATIONS),
)
