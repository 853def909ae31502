"""
Expressions as the server writes them once they were read back.

What `pg_get_*def` writes is not always what it writes again after its own text was read: a cast of an ARRAY that was made
silently is written behind the whole, and read as one of each element; a minus before a plain number is read as part of it.
So both sides are brought to the last form. What stands in quotes is never looked into.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

_NAME = r'(?:[a-z_][a-z0-9_]*|"[^"]*(?:""[^"]*)*")'
_LIMIT = r"(?:\([^()'\"]*\))"
_FIELD = r"(?:year|month|day|hour|minute|second)"
_TYPE: Final = (
    rf"(?:(?:character|bit) varying{_LIMIT}?|double precision|time(?:stamp)?{_LIMIT}? with(?:out)? time zone"
    rf"|interval(?: {_FIELD}(?: to {_FIELD})?)?{_LIMIT}?|{_NAME}(?:\.{_NAME})?{_LIMIT}?)"
)
_TEXT = r"'[^']*(?:''[^']*)*'"
_TOKEN: Final = re.compile(
    rf"[eE]'(?:[^'\\]|\\.|'')*'|{_TEXT}|\"[^\"]*(?:\"\"[^\"]*)*\"|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$"
    r"|[^\W\d][\w$]*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\s+|[^'\"$\w\s]|\$\d+",
    re.DOTALL,
)
_CAST: Final = re.compile(rf"::(?P<type>{_TYPE})\[\]")
_PLAIN: Final = re.compile(rf"(?:{_TEXT}|NULL|\d+(?:\.\d+)?|{_NAME}(?:\.{_NAME})*)(?:::{_TYPE})*")
_COLLATED: Final = re.compile(rf"(?P<value>.*)(?P<rule> COLLATE {_NAME}(?:\.{_NAME})?)", re.DOTALL)
_WORDY: Final = re.compile(r"[\w$'\"]\Z")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_CONSTANT: Final = re.compile(rf"(?P<value>{_TEXT}|NULL|{_NUMBER.pattern})(?:::(?P<type>{_TYPE}))?")

# How a constant's type is written that has no limit yet, where that is not the type's name.
_UNLIMITED: Final = {"character": "bpchar", "bit": '"bit"'}

# Where in an answer of the catalogue the server's own text of an expression stands; () where the answer is that text.
PLACES: Final[dict[str, tuple[tuple[int, ...], ...]]] = {
    "table": ((6,), (7,)),
    "column": ((4,),),
    "view": ((),),
    "index": ((0,),),
    "constraint": ((0,),),
    "trigger": ((0,),),
    "rule": ((0,),),
    "policy": ((2,), (3,)),
    "statistics": ((0,),),
    "type": ((4, 2),),
    "domain constraint": ((),),
    "function": ((3,),),
    "parts of published table": ((0,),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Array:
    """The elements of an ARRAY, each as its pieces."""

    elements: tuple[tuple[_Piece, ...], ...]


_Piece: TypeAlias = "str | _Array"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A bracket that is not closed yet: `word` stands right before it, `elements` are those before the last comma."""

    bracket: str
    word: str
    pieces: list[_Piece] = field(default_factory=list)
    elements: list[tuple[_Piece, ...]] = field(default_factory=list)


def settle_answer(kind: str, answer: str) -> str:
    """Return an answer of the catalogue with its expressions settled; without any to settle it is what it was."""
    places = PLACES.get(kind, ())
    if places == ((),):
        return settle(answer)
    if not places or not _may_change(answer):
        return answer
    parts = json.loads(answer)
    settled = [_settle_at(parts, place) for place in places]
    return json.dumps(parts, ensure_ascii=False) if any(settled) else answer


def settle(text: str) -> str:
    """
    Return an expression, or a statement with some, in the form that the server writes once it has read it.

    Two texts become one only where the server reads the one as it reads the other. It takes the elements of an ARRAY for
    no arrays themselves where that cannot be seen.
    """
    if not _may_change(text):
        return text
    stack, at, word = [_Open(bracket="", word="")], 0, ""
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return text
        found, at = token[0], token.end()
        if found in "([":
            stack.append(_Open(bracket=found, word=word))
        elif found in ")]":
            if stack[-1].bracket != {")": "(", "]": "["}[found]:
                return text
            at = _close(stack, text, at=at)
        elif found == "," and _is_array(stack[-1]):
            stack[-1].elements.append(tuple(stack[-1].pieces))
            stack[-1].pieces.clear()
        else:
            stack[-1].pieces.append(found)
        word = found
    return _join(stack[0].pieces) if len(stack) == 1 else text


def _may_change(text: str) -> bool:
    return "ARRAY[" in text or "(- " in text


def _settle_at(parts: list[object], place: tuple[int, ...]) -> bool:
    """Settle the text at a place, if there is one, and tell whether it changed."""
    *way, last = place
    holder: object = parts
    for index in way:
        holder = holder[index] if isinstance(holder, list) else None
    if not isinstance(holder, list) or not isinstance(holder[last], str):
        return False
    before = str(holder[last])
    after = settle(before)
    holder[last] = after
    return before != after


def _is_array(opened: _Open) -> bool:
    return opened.bracket == "[" and opened.word == "ARRAY"


def _close(stack: list[_Open], text: str, *, at: int) -> int:
    """The innermost bracket is one piece of what it stands in; return where to read on."""
    closed = stack.pop()
    around = stack[-1].pieces
    if _is_array(closed):
        around.pop()
        made = _Array(elements=(*closed.elements, tuple(closed.pieces)))
        cast = _CAST.match(text, at)
        if cast is None or not all(_PLAIN.fullmatch(_join(each).strip()) for each in made.elements):
            around.append(made)
            return at
        # Statistics are written without brackets around what is cast.
        around.append(_Array(elements=tuple((*each, f"::{cast['type']}") for each in made.elements)))
        return cast.end()
    # A bracket right after a word is that of a call.
    alone = closed.bracket == "(" and not _WORDY.search(closed.word)
    if alone and (array := _only_array(tuple(closed.pieces))) is not None:
        cast = _CAST.match(text, at)
        if cast is not None and _join(closed.pieces) != "ARRAY[]":
            around.append(_spread(array, cast["type"]))
            return cast.end()
    if alone and not _WORDY.search(text[at : at + 1]) and (number := _negated(closed)):
        around.append(number)
        return at
    around.append(f"{closed.bracket}{_join(closed.pieces)}{')' if closed.bracket == '(' else ']'}")
    return at


def _negated(closed: _Open) -> str:
    """Return the constant that `(- 1)` is read as; empty where it is something else."""
    match closed.pieces:
        case ["-", " ", str(number)] if _NUMBER.fullmatch(number):
            if not number.strip("0."):
                return number
            return f"'-{number}'::{'integer' if number.isdigit() else 'numeric'}"
    return ""


def _spread(array: _Array, kind: str) -> _Array:
    """Return the array with every element cast to a type, those of arrays in it too."""
    nested = any(_only_array(each) for each in array.elements)
    found: list[tuple[_Piece, ...]] = []
    for each in array.elements:
        inner, whole = _only_array(each), _join(each)
        lead = " " if found and whole.startswith(" ") else ""
        body = whole.removeprefix(lead)
        found.append((lead, _spread(inner, kind) if inner else _cast(body, f"{kind}[]" if nested else kind)))
    return _Array(elements=tuple(found))


def _only_array(element: tuple[_Piece, ...]) -> _Array | None:
    found = [piece for piece in element if isinstance(piece, _Array) or not piece.isspace()]
    return found[0] if len(found) == 1 and isinstance(found[0], _Array) else None


def _cast(value: str, kind: str) -> str:
    """Return a cast as the server writes it: a limit of a constant's own type as part of the constant, COLLATE outside."""
    bare = re.sub(rf"{_LIMIT}| {_FIELD}.*", "", kind)
    constant = _CONSTANT.fullmatch(value)
    if constant and bare != kind:
        own = constant["type"] or ("numeric" if "." in value else "integer")
        if own == _UNLIMITED.get(bare, bare):
            return f"{constant['value']}::{kind}"
    collated = _COLLATED.fullmatch(value[1:-1]) if value.startswith("(") and value.endswith(")") else None
    if collated and _whole(collated["value"]):
        return f"(({collated['value']})::{kind}{collated['rule']})"
    return f"({value})::{kind}"


def _whole(text: str) -> bool:
    """Tell whether no bracket of a text is closed that was not opened in it, or the other way round."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "([") - (token[0] in ")]")
        if depth < 0:
            return False
    return depth == 0


def _join(pieces: list[_Piece] | tuple[_Piece, ...]) -> str:
    """Return the text of pieces."""
    return "".join(piece if isinstance(piece, str) else f"ARRAY[{','.join(map(_join, piece.elements))}]" for piece in pieces)
