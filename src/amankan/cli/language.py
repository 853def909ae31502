"""Sentences in the language of the user, by a table whose keys are the English templates."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from amankan.cli.wishes import Language

Translate = Callable[[str], str]


def translator(language: Language) -> Translate:
    """Return what turns an English template into one of the language; a template that it does not know stays English."""
    if language is Language.ENGLISH:
        return str
    table = indonesian()
    return lambda template: table.get(template, template)


@cache
def indonesian() -> Mapping[str, str]:
    """Return Bahasa Indonesia by English template, from all files of the folder beside this one."""
    folder = files("amankan.cli").joinpath("indonesian")
    pairs: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            pairs |= tomllib.loads(file.read_text(encoding="utf-8"))
    return pairs
