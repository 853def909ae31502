"""Whatever a person reads exists in both languages, with the same facts in it."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amankan.cli.language import indonesian, translator
from amankan.cli.main import command
from amankan.cli.wishes import Language
from amankan.model.sentence import say

PACKAGE = Path(__file__).parents[2] / "src" / "amankan"

# What carries a template as its first word; `testing` speaks to those who test.
SAYING = {"say", "phrase", "Unreadable"}
# What a person types, and what stands for itself, is the same in every language.
COMMANDS = ("aman ", "apt ", "chmod ", "useradd ")


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of a file with the last part of its name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def texts(name: str, call: ast.Call) -> Iterator[ast.expr]:
    """Yield the words of a call that are templates."""
    if name in SAYING:
        yield from call.args[:1] if name != "Unreadable" else call.args
    if name == "patience":
        yield call.args[1]
    if name == "StepPlan":
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "why")
    if name == "begin" and call.args and isinstance(call.args[0], ast.Constant):
        yield call.args[0]


def sources() -> list[Path]:
    """Return the files whose sentences people read."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if PACKAGE / "testing" not in path.parents]


def spoken() -> Iterator[tuple[str, str]]:
    """Yield every template of the package with the place where it is said."""
    for path in sources():
        for name, call in calls(path):
            place = f"{path.relative_to(PACKAGE)}:{call.lineno}"
            words = (text.value for text in texts(name, call) if isinstance(text, ast.Constant))
            yield from ((word, place) for word in words if isinstance(word, str))


def said() -> dict[str, str]:
    """Return every template of the package with the place where it is said."""
    return dict(spoken())


def helped(inner: Any = None) -> Iterator[str]:
    """Yield every help text of the command line."""
    if inner is None:
        inner = command()
        yield from ("Arguments", "Options", "Commands", "Show this message and exit.")
    yield from filter(None, [inner.help, *(getattr(parameter, "help", None) for parameter in inner.params)])
    for each in getattr(inner, "commands", {}).values():
        yield from helped(each)


def is_plain(template: str) -> bool:
    """Tell whether a template holds no word of any language: a command to type, or facts alone."""
    facts = "".join(text for text, _, _, _ in string.Formatter().parse(template))
    return template.startswith(COMMANDS) or not any(
        character.isalpha() for character in facts.replace("--help", "").replace("--yes", "")
    )


def fields(template: str) -> list[tuple[str, str]]:
    """Return the facts that a template takes, with their forms, by name."""
    return sorted((name, form or "") for _, name, form, _ in string.Formatter().parse(template) if name is not None)


def test_every_sentence_has_its_translation() -> None:
    """No template of the package, and no help text, lacks its Bahasa Indonesia."""
    wanted = said() | dict.fromkeys(helped(), "--help")
    table = indonesian()
    missing = [
        f"{place}: {template!r}"
        for template, place in sorted(wanted.items())
        if template not in table and not is_plain(template)
    ]
    assert [] == missing


def test_no_translation_is_left_over() -> None:
    """No translation has lost its sentence."""
    wanted = set(said()) | set(helped())
    assert [] == sorted(set(indonesian()) - wanted)


@pytest.mark.parametrize("template", sorted(indonesian()))
def test_a_translation_takes_the_same_facts(template: str) -> None:
    """A translation names the facts of its sentence, each as often, and differs from it."""
    assert fields(template) == fields(indonesian()[template])
    assert indonesian()[template].strip()


def test_a_template_is_written_where_it_is_said() -> None:
    """`say` is given its template as it stands, so that it is found here."""
    computed = []
    for path in sources():
        for name, call in calls(path):
            if name == "say" and not isinstance(call.args[0], ast.Constant):
                computed.append(f"{path.relative_to(PACKAGE)}:{call.lineno}")
    assert [] == computed


def test_sentences_in_a_sentence_are_of_one_language() -> None:
    """What fills a sentence is told in its language too, and numbers keep their form."""
    translate = translator(Language.INDONESIAN)
    faults = (say("{path}: {why}", path="a.b", why=say("is missing")),)
    assert "tidak dapat memakai x: a.b: tidak ada" == say("cannot use {place}: {faults}", place="x", faults=faults).render(
        translate
    )
    assert "1.5 s" == say("{seconds:.1f} s", seconds=1.52).render(translate)


def test_a_fact_cannot_draw() -> None:
    """Control and direction-changing characters of facts are shown as escapes, in nested sentences too."""
    inner = say("{name}", name="a\x1b[2J\u202eb")
    assert "a\\x1b[2J\\u202eb" == str(say("{why}", why=inner))
