"""Whether a command would seed, empty, drop or take back, seen through what wraps it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level
from amankan.operations.interlock.corpus import corpus
from amankan.operations.interlock.shell import pieces
from amankan.operations.interlock.wrappers import (
    RUNNERS,
    SHELLS,
    WRAPPERS,
    assigned,
    program_of,
    scripts_asked,
)

# A script that runs a script that runs a script: deeper ones are circles.
MOST_DEPTH: Final = 12
MOST_TEXTS: Final = 2_000
MOST_WORDS: Final = 300

_NAME = r"(?:seed(?:er|ers|s|ing)?|reset|wipe|truncate|nuke|fresh|refresh|purge|drop|destroy)"
_OF = r"(?:db|database|data|dev|demo|all|prod|production|schema|tables|test|sample|hard|force|prisma|orm)"
# `db:reset`, `seed`, `reset-db`, `prisma:seed:dev`; not `reset-password`, `seed-phrase`.
_SCRIPT_NAME = re.compile(rf"(?:{_OF}[:._-])*{_NAME}(?:[:._-]{_OF})*", re.IGNORECASE)
_FILE = re.compile(r"(?P<stem>[^/]+?)\.(?:[cm]?[jt]sx?|py|rb|php|exs?|sh|bash|pl|sql)")


def danger(words: tuple[str, ...], scripts: Mapping[str, str], *, entrypoint_text: str = "") -> Finding | None:
    """
    Return what is dangerous about a command, or None; nothing is run or evaluated.

    What the image itself asks before it goes on, such as `if [ "$SEED" = 1 ]`, only warns: the rehearsal sees what runs.

    Args:
        words: the command; empty where only the entrypoint is looked at.
        scripts: texts by what names them: `db:reset` of a package.json or composer.json, `make reset`, `bin/start.sh`.
        entrypoint_text: the shell script with which the image starts.
    """
    asked = _Asked(scripts)
    found = list(_in_words(words, asked, path=()))
    for piece in pieces(entrypoint_text):
        level = Level.WARN if piece.conditional else Level.STOP
        found += [replace(finding, level=level) for finding in _in_words(piece.words, asked, path=("entrypoint",))]
    stops = [finding for finding in found if finding.level is Level.STOP]
    return next(iter(stops or found), None)


class _Asked:
    """The scripts, and the texts that were looked into: each is once, so that nobody can make a look endless."""

    def __init__(self, scripts: Mapping[str, str]) -> None:
        self.scripts = scripts
        self._seen: set[str] = set()

    def first(self, text: str) -> bool:
        """Tell whether this text was not looked into yet; now it is."""
        if text in self._seen or len(self._seen) >= MOST_TEXTS:
            return False
        self._seen.add(text)
        return True


def _in_text(text: str, look: _Asked, *, path: tuple[str, ...]) -> Iterator[Finding]:
    if len(path) <= MOST_DEPTH and look.first(text):
        for piece in pieces(text):
            yield from _in_words(piece.words, look, path=path)


def _in_words(words: tuple[str, ...], look: _Asked, *, path: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what is found in one simple command, from each word at which a command could begin."""
    words = words[:MOST_WORDS]
    for value in assigned(words):
        yield from _in_text(value, look, path=(*path, value))
    start = 0
    while start < len(words) and re.fullmatch(r"[A-Za-z_]\w*=.*", words[start], re.DOTALL):
        start += 1
    if start == len(words):
        return
    yield from _at(words[start:], look, path=path)
    if program_of(words[start]) in WRAPPERS:
        for begin in range(start + 1, len(words)):
            yield from _at(words[begin:], look, path=path)


def _at(words: tuple[str, ...], look: _Asked, *, path: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what is found where `words[0]` is the program."""
    program, rest = program_of(words[0]), words[1:]
    for known in corpus():
        if known.matches(program, rest):
            yield _finding(words, path, what=(known.framework, known.does))
    if program in SHELLS:
        yield from (found for word in rest if " " in word for found in _in_text(word, look, path=(*path, word)))
    elif program in WRAPPERS:
        # A whole command in one word: concurrently "npm run db:reset", su -c "...".
        yield from (found for word in rest if " " in word for found in _in_text(word, look, path=(*path, word)))
        yield from _files(words, path)
    for key, text in _texts(program, words, look=look):
        if key not in path:
            yield from _in_text(text, look, path=(*path, key))
    for asked in scripts_asked(program, rest):
        unknown = asked.name not in look.scripts and f"{program} {asked.name}" not in look.scripts
        if unknown and _SCRIPT_NAME.fullmatch(asked.name):
            yield _finding(words, path, what=(program, "seeds or drops, by its name"))


def _texts(program: str, words: tuple[str, ...], *, look: _Asked) -> Iterator[tuple[str, str]]:
    """Yield the scripts that a command runs, each with the key by which it was found."""
    for asked in scripts_asked(program, words[1:]):
        names = (f"pre{asked.name}", asked.name, f"post{asked.name}") if RUNNERS[program] else (asked.name,)
        for name in names:
            text = look.scripts.get(f"{program} {name}", look.scripts.get(name))
            if text is not None:
                yield name, " ".join((text, *asked.more)) if name == asked.name else text
    for word in words[: 2 if program in SHELLS or program in WRAPPERS else 1]:
        for path in (word, word.removeprefix("./"), word.rpartition("/")[2]):
            if path in look.scripts and ("/" in word or "." in word):
                yield path, look.scripts[path]
                break


def _files(words: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Finding]:
    """Yield a file that an interpreter runs and that is called a seed or a reset."""
    for word in words[1:]:
        match = _FILE.fullmatch(word.rpartition("/")[2])
        if match and _SCRIPT_NAME.fullmatch(match["stem"]):
            yield _finding(words, path, what=(program_of(words[0]), "seeds or drops, by its name"))
        if match or not (word.startswith("-") or word == "run"):
            break


def _finding(words: tuple[str, ...], path: tuple[str, ...], *, what: tuple[str, str]) -> Finding:
    command = " ".join(words)[:200]
    through = " > ".join(step[:60] for step in path)
    if through:
        sentence = say(
            "cannot run {command}, found through {through}: it {does} ({framework})",
            command=command,
            through=through,
            does=what[1],
            framework=what[0],
        )
    else:
        sentence = say("cannot run {command}: it {does} ({framework})", command=command, does=what[1], framework=what[0])
    return Finding(
        level=Level.STOP,
        code="destructive-command",
        sentence=sentence,
        remedy=say("run it against a copy: where environment is staging or development"),
    )
