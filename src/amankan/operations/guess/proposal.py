"""A configuration that is proposed, with the reason of each of its parts, and its text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from amankan.model.sentence import Sentence

Value = str | tuple[str, ...] | tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One key of a table as TOML; without a key, remarks alone."""

    key: str = ""
    value: str = ""
    why: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table with its keys."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What `amankan.toml` will say; `told` are the guesses that a person should know of first."""

    sections: tuple[Section, ...]
    told: tuple[Sentence, ...]


def line(key: str, value: str | tuple[str, ...], *why: Sentence) -> Line:
    """Return a key with a text or a list of texts."""
    shown = quoted(value) if isinstance(value, str) else f"[{', '.join(map(quoted, value))}]"
    return Line(key=key, value=shown, why=why)


def quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    return json.dumps(text, ensure_ascii=True)


def text_of(proposal: Proposal, title: Sentence, *, tell: Callable[[Sentence], str]) -> str:
    """Return the proposal as a file; `tell` chooses the language of its comments."""
    return "\n".join(_lines(proposal, title, tell=tell)) + "\n"


def _lines(proposal: Proposal, title: Sentence, *, tell: Callable[[Sentence], str]) -> Iterator[str]:
    yield f"# {tell(title)}"
    for section in proposal.sections:
        yield ""
        yield f"[{section.name}]"
        for each in section.lines:
            yield from (f"# {tell(why)}" for why in each.why)
            if each.key:
                yield f"{each.key} = {each.value}"
