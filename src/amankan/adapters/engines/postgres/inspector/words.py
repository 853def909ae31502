"""A text of SQL taken apart into its words and its statements, as the server's own reader would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from amankan.model.secret import MASK
from amankan.proc.redact import redact

# A statement is shown so far; whoever needs the rest has the migration itself.
SHOWN_CHARACTERS: Final = 2_000

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\r\n]*)
    |(?P<comment>/\*)
    |(?P<text>[eE]'[^'\\]*(?:(?:''|\\.)[^'\\]*)*'|(?:[bBxXnN]|[uU]&)?'[^']*(?:''[^']*)*')
    |(?P<name>(?:[uU]&)?"[^"]*(?:""[^"]*)*")
    |(?P<dollar>\$(?:[^\W\d]\w*)?\$)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<number>\d[\w.]*)
    |(?P<mark>.)""",
    re.DOTALL | re.VERBOSE,
)
_COMMENT = re.compile(r"/\*|\*/")


class Token(NamedTuple):
    """One word: what it is, its text (a plain word in upper case), and where it stands."""

    kind: str
    text: str
    start: int
    end: int


class Statement(NamedTuple):
    """One statement: its text for people, and its words."""

    sql: str
    tokens: tuple[Token, ...]


def statements_of(text: str) -> list[Statement]:
    """Return the statements of a text, in order; semicolons in bodies, brackets and literals do not end one."""
    found: list[Statement] = []
    gathered: list[Token] = []
    depth = bodies = 0
    for token in tokens(text):
        if token.text == ";" and token.kind == "mark" and depth <= 0 and bodies == 0:
            found += _statement(text, gathered)
            gathered = []
            continue
        gathered.append(token)
        if token.kind == "mark":
            depth += (token.text in "([") - (token.text in ")]")
        elif token.kind == "word" and gathered[0].text == "CREATE":
            bodies = _bodies(token.text, gathered, bodies=bodies)
    return found + _statement(text, gathered)


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a text without what the server passes over; a literal without an end is cut into marks."""
    at = 0
    while at < len(text) and (match := _TOKEN.match(text, at)):
        kind, end = str(match.lastgroup), match.end()
        if kind == "comment":
            end = _comment_end(text, end)
        elif kind == "dollar":
            close = text.find(match[0], end)
            end = close + len(match[0]) if close >= 0 else end
            yield Token("text" if close >= 0 else "mark", text[at:end], at, end)
        elif kind != "space":
            yield Token(kind, match[0].upper() if kind == "word" else match[0], at, end)
        at = end


def body(token: Token) -> str:
    """Return what is inside of a literal between dollars; nothing of other words."""
    if token.kind != "text" or not token.text.startswith("$"):
        return ""
    mark = token.text[: token.text.index("$", 1) + 1]
    return token.text[len(mark) : -len(mark)]


def shown(text: str, words: tuple[Token, ...]) -> str:
    """Return the part of a text in which these words stand for people: passwords masked, and not longer than they read."""
    start, end = words[0].start, words[-1].end
    parts, at = [], start
    for before, word in pairwise(words):
        if word.start > start + 2 * SHOWN_CHARACTERS:
            break
        if before.text == "PASSWORD" and word.kind == "text":
            parts += [text[at : word.start], f"'{MASK}'"]
            at = word.end
    parts.append(text[at : min(end, at + 2 * SHOWN_CHARACTERS)])
    # Masked before it is cut, so that no half of a secret is left at the edge.
    whole = redact("".join(parts), ())
    return whole if len(whole) <= SHOWN_CHARACTERS else whole[:SHOWN_CHARACTERS] + "…"


def _statement(text: str, words: list[Token]) -> list[Statement]:
    return [Statement(shown(text, tuple(words)), tuple(words))] if words else []


def _comment_end(text: str, at: int) -> int:
    depth = 1
    while depth and (match := _COMMENT.search(text, at)):
        depth += 1 if match[0] == "/*" else -1
        at = match.end()
    return at if depth == 0 else len(text)


def _bodies(word: str, gathered: list[Token], *, bodies: int) -> int:
    """Return how many bodies of a function written in SQL itself are open: BEGIN ATOMIC ... END, with CASE ... END in it."""
    if word == "ATOMIC" and len(gathered) > 1 and gathered[-2].text == "BEGIN":
        return bodies + 1
    if bodies and word == "CASE":
        return bodies + 1
    if bodies and word == "END":
        return bodies - 1
    return bodies
