"""A sentence for people: the words in English, the facts beside them, so that the top floor can choose the language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Union

Scalar = str | int | float | bool
Fact = Union[Scalar, "Sentence", tuple["Sentence", ...]]
"""What fills a sentence; sentences in it are told in its language, several one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """
    A template in English, with `{names}`, and the facts that fill it; the template is the key of its translation.

    A number may be given a form, as in `{seconds:.0f}`.
    """

    template: str
    facts: tuple[tuple[str, Fact], ...] = ()

    def render(self, translate: Callable[[str], str] = str) -> str:
        """Return the finished sentence in the language of `translate` (English without it)."""
        return translate(self.template).format_map({name: _shown(fact, translate) for name, fact in self.facts})

    def __str__(self) -> str:
        return self.render()


def say(template: str, **facts: Fact) -> Sentence:
    """Return the sentence of `template` with its facts, sorted by name."""
    return Sentence(template=template, facts=tuple(sorted(facts.items())))


def phrase(template: str) -> str:
    """Return `template`, marked as one that is said elsewhere and so has a translation."""
    return template


def visible(text: str) -> str:
    """
    Return `text` with every control and direction-changing character written as an escape, so that it cannot draw.
    """
    return "".join(
        character if character.isprintable() or character == " " else character.encode("unicode_escape").decode()
        for character in text
    )


def _shown(fact: Fact, translate: Callable[[str], str]) -> str | int | float:
    """Return a fact as a template takes it: numbers stay numbers, so that `{seconds:.1f}` can be said of them."""
    match fact:
        case bool() | str():
            return visible(str(fact))
        case Sentence():
            return fact.render(translate)
        case tuple():
            return "; ".join(each.render(translate) for each in fact)
    return fact
