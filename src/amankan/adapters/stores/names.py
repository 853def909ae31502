"""Names of objects: relative, with `/`, the same on every kind of place."""

from __future__ import annotations

from amankan.errors import StoreFailed
from amankan.model.sentence import say

# The shortest limit of the places that are known: a file name on most Linux file systems.
MOST_BYTES_OF_WORD = 200


def words_of(name: str) -> tuple[str, ...]:
    """Return the folders and the last word of a name; StoreFailed for one that could lead elsewhere or hide."""
    words = tuple(name.split("/"))
    if not all(_plain(word) for word in words):
        raise StoreFailed(say("cannot use {name} as the name of an object", name=name))
    return words


def _plain(word: str) -> bool:
    short = 0 < len(word.encode("utf-8", "replace")) <= MOST_BYTES_OF_WORD
    return short and not word.startswith(".") and word.isprintable() and "\\" not in word
