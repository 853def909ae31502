"""One table of a configuration, read key by key; whatever nobody asked for is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from amankan.model.sentence import Sentence, say

# Longer texts than any that makes sense; a value is never shown, so a secret in the wrong place is not either.
MOST_CHARACTERS: Final = 4096


class Table:
    """
    A table at a path, and the faults found in it and below it.

    Each verb returns something of the right type, also where a fault was found, so that all faults are found at once.
    """

    def __init__(self, content: Mapping[str, Any], path: str, *, faults: list[Sentence]) -> None:
        """Begin with nothing asked for."""
        self._content, self.path, self._faults = content, path, faults
        self._asked: set[str] = set()

    def fault(self, key: str, why: Sentence) -> None:
        """`why` is a fault of the value at `key`."""
        self._faults.append(say("{path}: {why}", path=self._below(key), why=why))

    def has(self, key: str) -> bool:
        """Tell whether the key is there, and expect it."""
        self._asked.add(key)
        return key in self._content

    def text(self, key: str, *, usual: str | None = None) -> str:
        """Return a text that is not empty; `usual` where there is none, a fault where there is no usual one."""
        if usual is not None and not self.has(key):
            return usual
        return self.checked_text(key, self._content[key]) if self.require(key) else ""

    def checked_text(self, key: str, value: object) -> str:
        """Return `value` where it is a text that can be meant, or nothing with a fault."""
        if not isinstance(value, str):
            self.fault(key, say("should be text"))
        elif not value.strip():
            self.fault(key, say("should not be empty"))
        elif len(value) > MOST_CHARACTERS:
            self.fault(key, say("is longer than {most} characters", most=MOST_CHARACTERS))
        elif not value.isprintable():
            place = next(place for place, character in enumerate(value) if not character.isprintable())
            self.fault(key, say("has a character at place {place} that cannot be seen", place=place + 1))
        else:
            return value
        return ""

    def whole(self, key: str, *, usual: int, least: int, most: int) -> int:
        """Return a whole number between two bounds."""
        value = self._content[key] if self.has(key) else usual
        return self.checked_whole(key, value, least=least, most=most)

    def checked_whole(self, key: str, value: object, *, least: int, most: int) -> int:
        """Return `value` where it is a whole number between two bounds, or the lower one with a fault."""
        if not isinstance(value, int) or isinstance(value, bool):
            self.fault(key, say("should be a whole number"))
            return least
        if not least <= value <= most:
            self.fault(key, say("should be from {least} to {most}", least=least, most=most))
            return least
        return value

    def seconds(self, key: str, *, usual: float, most: float) -> float:
        """Return a number of seconds above 0."""
        value = self._content[key] if self.has(key) else usual
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.fault(key, say("should be a number of seconds"))
        elif not 0 < value <= most:
            self.fault(key, say("should be more than 0 and at most {most}", most=most))
        else:
            return float(value)
        return usual

    def items(self, key: str) -> list[tuple[str, object]]:
        """Return the values of a list, each with its path, `key[0]` and so on; none where it is missing."""
        if not self.has(key):
            return []
        found = self._content[key]
        if not isinstance(found, list):
            self.fault(key, say("should be a list"))
            return []
        return [(f"{key}[{place}]", value) for place, value in enumerate(found)]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(text for where, value in self.items(key) if (text := self.checked_text(where, value)))

    def table(self, key: str) -> Table:
        """Return the table at a key; an empty one where it is missing."""
        found = self._content[key] if self.has(key) else {}
        return self.checked_table(key, found)

    def checked_table(self, key: str, value: object) -> Table:
        """Return `value` as a table, or an empty one with a fault."""
        if isinstance(value, dict):
            return Table(value, self._below(key), faults=self._faults)
        self.fault(key, say("should be a table"))
        return Table({}, self._below(key), faults=self._faults)

    def free(self) -> tuple[tuple[str, object], ...]:
        """Return all pairs of a table whose keys anybody may choose."""
        self._asked.update(self._content)
        return tuple(self._content.items())

    def value(self, key: str) -> object:
        """Return whatever stands at a key, None where nothing does."""
        return self._content[key] if self.has(key) else None

    def close(self) -> None:
        """Every key that nobody asked for is a fault, with the nearest that somebody did."""
        for key in self._content:
            if key in self._asked:
                continue
            near = get_close_matches(key, sorted(self._asked), n=1)
            if near:
                self.fault(key[:80], say("is not known; did you mean {near}?", near=near[0]))
            else:
                self.fault(key[:80], say("is not known; known are {known}", known=", ".join(sorted(self._asked))))

    def require(self, key: str) -> bool:
        """Tell whether the key is there; that it is missing is a fault."""
        if not self.has(key):
            self.fault(key, say("is missing"))
        return key in self._content

    def _below(self, key: str) -> str:
        return ".".join(part for part in (self.path, key) if part)
