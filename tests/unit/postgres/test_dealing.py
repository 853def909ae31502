"""Which rows are dealt out to several sessions."""

from __future__ import annotations

import pytest

from amankan.adapters.engines.postgres.archive.toc import Entry, Toc
from amankan.adapters.engines.postgres.dealing import dealt

PLAIN = b"CREATE TABLE public.a (\n    place public.geometry(Point,4326),\n    CONSTRAINT c CHECK ((length(x) > 3))\n);\n"


def entry(number: int, kind: str, tag: bytes, *, definition: bytes = b"") -> Entry:
    """Return an entry of the schema public."""
    has_data = kind == "TABLE DATA"
    return Entry(number=number, kind=kind, namespace=b"public", tag=tag, definition=definition, copy=b"", has_data=has_data)


def chosen(*more: Entry, table: bytes = PLAIN) -> frozenset[int]:
    """Return what is dealt of an archive with a table of its own and one of an extension."""
    own = (entry(1, "TABLE", b"a", definition=table), entry(2, "TABLE DATA", b"a"), entry(3, "TABLE DATA", b"of_extension"))
    toc = Toc(raw=b"", version=(1, 16), database=b"", server_version="", tool_version="", entries=(*own, *more))
    return dealt(toc)


def test_own_tables_alone() -> None:
    """Rows of a table that the archive makes are dealt out, those of an extension's table are not."""
    assert {2} == chosen()
    assert {2} == chosen(entry(4, "FUNCTION", b"geometry_of(integer)"))


@pytest.mark.parametrize(
    "told",
    [
        b"CREATE TABLE public.a (\n    CONSTRAINT c CHECK (public.known(x))\n);",
        b'CREATE TABLE public.a (\n    CONSTRAINT c CHECK ((\'a\n\'::text <> "S"."known"(x)))\n);',
        b"CREATE TABLE public.a (\n    y integer GENERATED ALWAYS AS (public.known(x)) STORED\n);",
    ],
)
def test_a_call_keeps_the_order(told: bytes) -> None:
    """Where a condition or a computed column calls a function of the database's own, nothing is dealt out."""
    assert not chosen(entry(4, "FUNCTION", b"known(integer)"), table=told)
    assert {2} == chosen(table=told), "a function of an extension reads no table"


def test_domains_and_operators() -> None:
    """So it is for a condition of a domain, and for an operator of the database's own."""
    domain = entry(5, "DOMAIN", b"d", definition=b"CREATE DOMAIN public.d AS text\n\tCONSTRAINT c CHECK (public.known(VALUE));")
    assert not chosen(entry(4, "FUNCTION", b"known(text)"), domain)
    told = b"CREATE TABLE public.a (\n    CONSTRAINT c CHECK ((x OPERATOR(public.=) 'a'::text))\n);"
    assert {2} == chosen(table=told)
    assert not chosen(entry(4, "OPERATOR", b"="), table=told)
