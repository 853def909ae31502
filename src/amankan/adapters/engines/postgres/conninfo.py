"""A `key=value` connection string taken apart, and values written for one."""

from __future__ import annotations

import re

from amankan.adapters.engines.postgres.unreadable import Unreadable, said_twice
from amankan.model.sentence import phrase

_QUOTE_HINT = phrase("write it as NAME='VALUE', with \\' for a quote and \\\\ for a backslash in the value")

# One setting: a name, an equals sign with spaces around it or not, a value in quotes or up to the next space.
_SETTING = re.compile(
    r"\s*([A-Za-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?(?=\s|$))", re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def split_conninfo(text: str) -> dict[str, str]:
    """
    Return the keywords and values of a connection string.

    Raises:
        Unreadable: it cannot be read as one, or says something twice.
    Source: PostgreSQL manual, "Keyword/Value Connection Strings".
    """
    words: dict[str, str] = {}
    position = 0
    end = len(text.rstrip())
    while position < end:
        found = _SETTING.match(text, position)
        if found is None:
            raise Unreadable("it is no connection string from character {position} on", _QUOTE_HINT, position=position + 1)
        name, quoted, plain = found.groups()
        if name in words:
            raise said_twice(name)
        words[name] = _ESCAPED.sub(r"\1", quoted if quoted is not None else plain or "")
        position = found.end()
    return words


def quote_value(value: str) -> str:
    """Return a value as it stands in a connection string, whatever it holds."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
