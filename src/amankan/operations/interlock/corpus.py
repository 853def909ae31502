"""The destructive commands that we know, as they are written in `corpus.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Destructive:
    """
    One command: its words in order, each with its equals; flags of which one must be there; a pattern of one word.
    """

    framework: str
    words: tuple[frozenset[str], ...]
    does: str
    flags: frozenset[str] = frozenset()
    text: re.Pattern[str] | None = None

    def matches(self, program: str, rest: tuple[str, ...]) -> bool:
        """Tell whether `program` (without its folder) with the words that follow is this command."""
        if program not in self.words[0] or "--help" in rest:
            return False
        left = iter(rest)
        if not all(any(word in wanted for word in left) for wanted in self.words[1:]):
            return False
        if self.flags and not any(word in self.flags or word.partition("=")[0] in self.flags for word in rest):
            return False
        return self.text is None or any(self.text.search(word) for word in rest)


@cache
def corpus() -> tuple[Destructive, ...]:
    """Return all of them, in the order of the file."""
    read = tomllib.loads(resources.files(__package__).joinpath("corpus.toml").read_text(encoding="utf-8"))
    return tuple(
        Destructive(
            framework=framework,
            words=tuple(frozenset(word.split("|")) for word in entry["words"].split()),
            does=entry["does"],
            flags=frozenset(entry.get("flags", ())),
            text=re.compile(entry["text"], re.IGNORECASE) if "text" in entry else None,
        )
        for framework, table in read.items()
        for entry in table["commands"]
    )
