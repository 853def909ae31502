"""What every command may be told, wherever on the command line it stands."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

import typer

from amankan.errors import ConfigurationFault
from amankan.model.sentence import say


class Language(Enum):
    """The languages that people are spoken to in."""

    ENGLISH = "en"
    INDONESIAN = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the user wants to be answered; None where nothing was said."""

    config: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    lang: Language | None = None

    def over(self, other: Wishes) -> Wishes:
        """Return both together; what stands here counts more."""
        said = {field.name: value for field in fields(self) if (value := getattr(self, field.name)) not in (None, False)}
        return replace(other, **said)


def _shared(
    *,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration to use.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show nothing but the answer.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what is done in detail.")] = False,
    lang: Annotated[Language | None, typer.Option("--lang", help="The language to speak.")] = None,
) -> None:
    """Do nothing: only the parameters are read, by `told`."""


_PARAMETERS: Final = tuple(inspect.signature(_shared).parameters)
_HINTS: Final = get_type_hints(_shared, include_extras=True)


def told(function: Callable[..., None], take: Callable[[Any, Wishes], Any]) -> Callable[..., None]:
    """
    Return `function` with the options that all commands share.

    Its first parameter is given what `take` makes of the context's object and the wishes that stood with this command.
    """
    own = list(inspect.signature(function).parameters.values())[1:]
    hints = {name: hint for name, hint in get_type_hints(function, include_extras=True).items() if name != "return"}
    shared = list(inspect.signature(_shared).parameters.values())
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *shared)]
    evaluated = [each.replace(annotation=(hints | _HINTS)[each.name]) for each in parameters]

    @wraps(function)
    def wrapper(*, context: typer.Context, **given: Any) -> None:
        wishes = Wishes(**{name: given.pop(name) for name in _PARAMETERS})
        function(take(context, wishes), **given)

    wrapper.__signature__ = inspect.Signature([context, *evaluated])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {each.name: each.annotation for each in (context, *evaluated)}
    del wrapper.__wrapped__
    return wrapper


def guess(words: Iterable[str]) -> Wishes:
    """Return the wishes that a command line seems to hold, for telling that it cannot be understood."""
    ours = list(_ours(words))
    after = dict(pairwise(ours))
    lang = next((word.partition("=")[2] for word in ours if word.startswith("--lang=")), after.get("--lang", ""))
    known = [language for language in Language if language.value == lang]
    return Wishes(json="--json" in ours, quiet="--quiet" in ours, lang=known[0] if known else None)


def refuse_repeated(words: Sequence[str]) -> None:
    """Raise ConfigurationFault for an option that is given twice: which of them is meant nobody can know."""
    options = [word.partition("=")[0] for word in _ours(words) if word.startswith("--")]
    for option in options:
        if options.count(option) > 1:
            raise ConfigurationFault(
                say("cannot understand the command line: {option} is given twice", option=option), next=say("aman --help")
            )


def language_of(wishes: Wishes, environment: Mapping[str, str]) -> Language:
    """Return the language that was asked for, or that of the environment; source: POSIX, "Environment Variables"."""
    if wishes.lang is not None:
        return wishes.lang
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((value for name in names if (value := environment.get(name, ""))), "")
    return Language.INDONESIAN if locale.partition("_")[0].partition(".")[0] == "id" else Language.ENGLISH


def _ours(words: Iterable[str]) -> Iterable[str]:
    """Yield the words before `--`, which are ours and not those of another program."""
    for word in words:
        if word == "--":
            return
        yield word
