"""The commands that a shell text could run, read without running or evaluating anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# More than any entrypoint; what lies behind is not looked at.
MOST_CHARACTERS: Final = 200_000

# Substitutions within substitutions; nobody writes more.
MOST_DEPTH: Final = 12

_OPENS: Final = frozenset({"if", "case", "for", "while", "until", "select"})
_CLOSES: Final = frozenset({"fi", "esac", "done"})
_PASSED: Final = frozenset({"then", "else", "elif", "do", "{", "}", "!", "time", *_OPENS, *_CLOSES})
_TESTS: Final = frozenset({"[", "[[", "test"})
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_DEFAULT = re.compile(r"\$\{\w{1,100}:?[-=]([^}]{0,2000})\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """
    One simple command of a text.

    `conditional` tells that the text asks something before it runs the command: a branch, a loop, a test before it.
    """

    words: tuple[str, ...]
    conditional: bool = False


class _Word:
    """A word that is being read, and whether a quote or a character began it."""

    def __init__(self) -> None:
        self.text, self.begun = "", False

    def add(self, text: str) -> None:
        self.text, self.begun = self.text + text, True


def pieces(text: str, *, level: int = 0) -> tuple[Piece, ...]:
    """
    Return every simple command of a shell text, in its order, those in substitutions, quotes of `$( )` and defaults too.

    Variables stay as they are written. A here document is one more word of its command. `level` is how deep the text
    stands in another one.
    """
    found: list[Piece] = []
    depth, tested, words = 0, False, list[str]()
    for token in _tokens(text[:MOST_CHARACTERS], level):
        if not isinstance(token, _Operator):
            words.append(token)
            continue
        depth += sum(word in _OPENS for word in words[:1])
        command = _without_keywords(words)
        if command:
            found.append(Piece(words=command, conditional=depth > 0 or tested))
            found += [Piece(words=inner.words, conditional=True) for word in command for inner in _defaults(word, level)]
        tested = token in {"&&", "||"} and (tested or (command[:1] and command[0] in _TESTS) or token == "||")
        depth = max(0, depth - sum(word in _CLOSES for word in words[:1]))
        words = []
    return tuple(found)


class _Operator(str):
    """What ends a command; a word that looks the same was quoted."""

    __slots__ = ()


def _without_keywords(words: list[str]) -> tuple[str, ...]:
    start = 0
    while start < len(words) and words[start] in _PASSED:
        start += 1
    return tuple(words[start:])


def _defaults(word: str, level: int) -> Iterator[Piece]:
    """Yield the commands that stand as the default of a variable."""
    for match in _DEFAULT.finditer(word):
        if " " in match[1] and level < MOST_DEPTH:
            yield from pieces(match[1], level=level + 1)


def _tokens(text: str, level: int) -> Iterator[str]:
    """Yield words and operators; at the end always an operator."""
    text = _with_documents_as_words(text.replace("\\\r\n", " ").replace("\\\n", " "))
    word, place, inner = _Word(), 0, list[str]()
    while place < len(text):
        character = text[place]
        if character == "#" and not word.begun:
            place = _end_of_line(text, place)
            continue
        if character in " \t\r\n;&|()<>":
            if word.begun:
                yield word.text
                word = _Word()
            length = 2 if text[place : place + 2] in {"&&", "||", ";;"} else 1
            if character in "<>":
                length = _redirection(text, place)
            elif character not in " \t\r":
                yield _Operator(text[place : place + length])
            place += length
            continue
        place = _read(text, place, word=word, inner=inner)
    if word.begun:
        yield word.text
    yield _Operator("\n")
    for command in inner if level < MOST_DEPTH else ():
        yield from _tokens(command, level + 1)


def _read(text: str, place: int, *, word: _Word, inner: list[str]) -> int:
    """Add what begins at `place` to the word; what a substitution would run goes to `inner`."""
    character = text[place]
    if character == "\\":
        word.add(text[place + 1 : place + 2])
        return place + 2
    if character == "'":
        end = text.find("'", place + 1)
        end = len(text) if end < 0 else end
        word.add(text[place + 1 : end])
        return end + 1
    if character == '"':
        return _quoted(text, place + 1, word=word, inner=inner)
    if character == "`" or text.startswith("$(", place):
        return _substitution(text, place, word=word, inner=inner)
    if text.startswith("${", place):
        end = text.find("}", place)
        end = len(text) if end < 0 else end + 1
        word.add(text[place:end])
        return end
    word.add(character)
    return place + 1


def _quoted(text: str, place: int, *, word: _Word, inner: list[str]) -> int:
    word.add("")
    while place < len(text) and text[place] != '"':
        if text[place] == "\\":
            word.add(text[place + 1 : place + 2])
            place += 2
        elif text[place] == "`" or text.startswith("$(", place):
            place = _substitution(text, place, word=word, inner=inner)
        else:
            word.add(text[place])
            place += 1
    return place + 1


def _substitution(text: str, place: int, *, word: _Word, inner: list[str]) -> int:
    """The word gets a sign for the substitution, whose command is kept; parentheses within are counted."""
    word.add("$()")
    if text[place] == "`":
        end = text.find("`", place + 1)
        end = len(text) if end < 0 else end
        inner.append(text[place + 1 : end])
        return end + 1
    depth, end = 1, place + 2
    while end < len(text) and depth:
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    inner.append(text[place + 2 : end - 1 if depth == 0 else end])
    return end


def _redirection(text: str, place: int) -> int:
    """Return the length of a redirection's sign; its file is read as a word, which harms nobody."""
    end = place
    while end < len(text) and text[end] in "<>&|-":
        end += 1
    return end - place


def _end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _with_documents_as_words(text: str) -> str:
    """Return the text with each here document in quotes, where its sign was."""
    kept, lines = list[str](), iter(text.split("\n"))
    for line in lines:
        match = _HEREDOC.search(line)
        if match is None or line.lstrip().startswith("#"):
            kept.append(line)
            continue
        body = []
        for inside in lines:
            if inside.strip() == match[2]:
                break
            body.append(inside)
        quoted = "'" + "\n".join(body).replace("'", "'\\''") + "'"
        kept.append(f"{line[: match.start()]} {quoted} {line[match.end() :]}")
    return "\n".join(kept)
