"""Every object of a schema with a definition that people can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, LiteralString

from amankan.adapters.engines.postgres.catalogue import questions_for
from amankan.adapters.engines.postgres.catalogue.parts import acl, name, own, words
from amankan.adapters.engines.postgres.catalogue.relations import OPTIONS
from amankan.adapters.engines.postgres.session import Session, rows
from amankan.model.impact import SchemaObject

# Of which the column list of the catalogue says more than people want: the place among the others, the rights of the rule.
_COLUMNS: Final[LiteralString] = (
    "select format('%s.%I', "
    + name("n.nspname", "c.relname")
    + """, a.attname), c.relkind, format_type(a.atttypid, a.atttypmod), json_build_object(
        'collate', case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
        'not null', a.attnotnull,
        'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
        'generated', case when a.attgenerated <> '' then
            pg_get_expr(d.adbin, d.adrelid) || case a.attgenerated when 's' then ' stored' else ' virtual' end end,
        'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
        'storage', case when a.attstorage <> t.typstorage then a.attstorage::text end,
        'compression', nullif(to_jsonb(a) ->> 'attcompression', ''),
        'statistics', nullif(to_jsonb(a) ->> 'attstattarget', '-1'),
        'options', """
    + OPTIONS
    + ", 'foreign options', "
    + words("a.attfdwoptions")
    + ", 'rights', case when a.attacl is not null then "
    + acl("a.attacl", "c", whose="c.relowner")
    + """ end) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_type t on t.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and c.relpersistence <> 't' and """
    + own("pg_class", "c.oid")
)

# Kinds whose first part is the statement of the database itself, and the rest as it usually is.
_STATED: Final[dict[str, tuple[Any, ...]]] = {
    "index": (False, False, True, None, None),
    "trigger": ("O",),
    "rule": ("O",),
    "statistics": (None,),
}

_LABELS: Final[dict[str, tuple[str, ...]]] = {
    "schema": ("owner", "rights"),
    "table": (
        *("kind", "persistence", "owner", "rights", "options", "method", "partition by", "partition", "of type"),
        *("row security", "forced row security", "replica identity", "populated", "inherits"),
    ),
    "sequence": (
        *("persistence", "owner", "rights", "as", "start", "increment", "least", "most", "cache", "cycle", "owned by"),
    ),
    "function": ("kind", "owner", "rights", "definition", "aggregate"),
    "type": ("kind", "owner", "rights", "domain", "enum", "range", "base type"),
    "extension": ("version", "schema"),
}

_RELATIONS: Final = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "c": "composite type",
}
_TYPES: Final = {"b": "base type", "d": "domain", "e": "enum", "r": "range", "c": "composite type"}
_WORDED: Final = {
    "persistence": {"p": None, "u": "unlogged"},
    "replica identity": {"d": None, "n": "nothing", "f": "full", "i": "index"},
}


def schema_objects(session: Session) -> tuple[SchemaObject, ...]:
    """
    Return every object of the database but the values of its sequences, sorted by kind and name.

    Two definitions are equal only where the objects are, but for the order of a table's columns.

    Cost: one question for each kind of object; reads the catalogue only.
    """
    found = list(_columns(session))
    for kind, question in questions_for(session.info.server_version // 10000):
        if kind != "column":
            found += [each for object_, text in rows(session, question) for each in _object(kind, object_, text=text or "")]
    return tuple(sorted(found, key=lambda each: (each.kind, each.name, each.definition)))


def _columns(session: Session) -> Iterator[SchemaObject]:
    for object_, relation, type_, parts in rows(session, _COLUMNS):
        definition = " ".join(
            [str(type_), *(f"{label} {value}".removesuffix(" True") for label, value in _told(parts.items()))]
        )
        # What a view shows is in its own definition, but for what is said of a single column.
        if relation not in "vm" or definition != type_:
            yield SchemaObject(name=object_, kind="column", definition=definition)


def _told(parts: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is neither missing nor false; every part has a label, so that nothing else reads the same."""
    for label, value in parts:
        shown = _WORDED.get(label, {}).get(value, value) if isinstance(value, str) else value
        if shown is not None and shown is not False:
            yield label, shown if isinstance(shown, (str, bool)) else json.dumps(shown, ensure_ascii=False, sort_keys=True)


def _object(kind: str, object_: str, *, text: str) -> Iterator[SchemaObject]:
    if kind == "constraint":
        definition, sort = json.loads(text)
        # That a column is not null is told of the column; newer servers keep a constraint for it as well.
        if sort != "n" or definition.endswith(("NO INHERIT", "NOT VALID")):
            yield SchemaObject(name=object_, kind=kind, definition=definition)
    elif kind in _STATED:
        definition, *rest = json.loads(text)
        usual = tuple(rest) == _STATED[kind]
        more = "" if usual else " " + json.dumps(rest, ensure_ascii=False)
        yield SchemaObject(name=object_, kind=kind, definition=f"{definition}{more}")
    elif kind in _LABELS:
        parts = json.loads(text)
        labelled = dict(zip(_LABELS[kind], parts, strict=True))
        sort = labelled.pop("kind", None)
        shown_kind = {"table": _RELATIONS, "type": _TYPES}.get(kind, {}).get(sort, kind)
        if kind == "function":
            labelled["kind"] = sort
        definition = "; ".join(f"{label} {value}" for label, value in _told(labelled.items()))
        # A view stands once with its rights and once with its query.
        shown_kind = f"rights of {shown_kind}" if shown_kind in {"view", "materialized view"} else shown_kind
        yield SchemaObject(name=object_, kind=shown_kind, definition=definition)
    else:
        yield SchemaObject(name=object_, kind=kind, definition=text)
