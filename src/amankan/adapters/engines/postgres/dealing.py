"""Which rows of an archive may come into a database by several sessions at once."""

from __future__ import annotations

import re
from typing import Final

from amankan.adapters.engines.postgres.archive.toc import DOMAIN, FUNCTION, OPERATOR, TABLE, TABLE_DATA, Toc

# What is computed for each row that comes in: conditions stand at the end of a definition, a computed column in its line.
_CHECKED: Final = re.compile(rb"\bCHECK \(.*", re.DOTALL)
_COMPUTED: Final = re.compile(rb"\bGENERATED ALWAYS AS \(.*")

# What pg_dump writes of a call of a function or an operator that does not come with the server: with its schema.
_CALL: Final = re.compile(rb"""\.("(?:[^"]|"")+"|[^\W\d][\w$]*)\(""")
_OPERATOR: Final = b"OPERATOR("


def dealt(toc: Toc) -> frozenset[int]:
    """
    Return the entries whose rows may be dealt out to several sessions, by number.

    None at all where a row may be refused, or come out otherwise, for what is there already: where a condition or a computed
    column calls a function of the database's own, which may read any table. Never those of an extension's table: its keys
    and triggers are there before its rows.
    """
    if _leaning(toc):
        return frozenset()
    own = {(entry.namespace, entry.tag) for entry in toc.entries if entry.kind == TABLE}
    return frozenset(entry.number for entry in toc.entries if entry.kind == TABLE_DATA and (entry.namespace, entry.tag) in own)


def _leaning(toc: Toc) -> bool:
    # The name that a function's entry has is followed by its parameters, and is not quoted.
    functions = {entry.tag.partition(b"(")[0] for entry in toc.entries if entry.kind == FUNCTION}
    operators = bool(toc.of(OPERATOR))
    for entry in toc.entries:
        if entry.kind not in {TABLE, DOMAIN}:
            continue
        told = b"\n".join((*_CHECKED.findall(entry.definition), *_COMPUTED.findall(entry.definition)))
        called = {name.strip(b'"').replace(b'""', b'"') for name in _CALL.findall(told)}
        if called & functions or (operators and _OPERATOR in told):
            return True
    return False
