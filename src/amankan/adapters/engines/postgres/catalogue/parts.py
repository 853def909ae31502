"""Parts that many questions have in common."""

from __future__ import annotations

from typing import LiteralString


def own(catalogue: LiteralString, oid: LiteralString, *, schema: LiteralString = "n.nspname") -> LiteralString:
    """Return the condition that an object is the database's own: not of the system, not made by an extension."""
    return schema + " !~ '^pg_' and " + schema + " <> 'information_schema' and " + unextended(catalogue, oid)


def unextended(catalogue: LiteralString, oid: LiteralString) -> LiteralString:
    """Return the condition that an object without a schema is neither of the system nor made by an extension."""
    return (
        " not exists (select from pg_depend e where e.classid = '"
        + catalogue
        + "'::regclass and e.objid = "
        + oid
        + " and e.deptype = 'e')"
    )


def acl(items: LiteralString, kind: LiteralString, *, whose: LiteralString) -> LiteralString:
    """Return the expression for privileges as text; those that are not written out are those of the rule."""
    return (
        "(select coalesce(string_agg(t, ',' order by t collate \"C\"), '') from (select format('%s=%s%s/%s', case grantee "
        "when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end, privilege_type, "
        "case when is_grantable then '*' else '' end, quote_ident(pg_get_userbyid(grantor))) as t from aclexplode(coalesce("
        + items
        + ", acldefault('"
        + kind
        + "', "
        + whose
        + ")))) a)"
    )


def words(array: LiteralString) -> LiteralString:
    """Return the expression for an array of texts whose order means nothing."""
    return "(select string_agg(w, ',' order by w collate \"C\") from unnest(" + array + ") w)"


def name(schema: LiteralString, object_: LiteralString) -> LiteralString:
    """Return the expression for a qualified name."""
    return "format('%I.%I', " + schema + ", " + object_ + ")"


def owner(oid: LiteralString) -> LiteralString:
    """Return the expression for a role's name."""
    return "pg_get_userbyid(" + oid + ")"
