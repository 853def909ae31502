"""Why a statement is dangerous, seen from its words alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from amankan.adapters.engines.postgres.inspector.words import Token, body, statements_of
from amankan.model.sentence import phrase

Words = tuple[str, ...]

# How deep code within code is looked into; a migration has one level.
MOST_DEPTH: Final = 3

HIDDEN: Final = phrase("runs statements that it makes up itself and that are not seen here")


def danger(tokens: tuple[Token, ...], *, depth: int = 0) -> str:
    """
    Return why a statement is dangerous, the worst reason where there are several; nothing where it is not.

    What a DO block holds is looked into; what a function does that is called is not.
    """
    words = tuple(token.text for token in tokens if token.kind != "text")
    words = _without_wrapping(words)
    for reason, applies in RULES:
        if applies(words):
            return reason
    if words[:1] == ("DO",) and depth < MOST_DEPTH:
        return next(_inside(tokens, depth=depth), "")
    return ""


def _inside(tokens: tuple[Token, ...], *, depth: int) -> Iterator[str]:
    for token in tokens:
        for statement in statements_of(body(token)):
            found = statement.tokens
            starts = [number for number, word in enumerate(found) if number == 0 or found[number - 1].text in _BEFORE]
            yield from filter(None, (danger(found[start:], depth=depth + 1) for start in starts))
            if any(word.text == "EXECUTE" and word.kind == "word" for word in found):
                yield HIDDEN


# After these words of a block a statement begins.
_BEFORE: Final = frozenset({"BEGIN", "THEN", "ELSE", "LOOP", "DECLARE"})

_SKIPPED: Final = frozenset({"IF", "EXISTS", "NOT", "ONLY", "CONCURRENTLY"})


def _without_wrapping(words: Words) -> Words:
    """Return the statement that another one prepares or explains."""
    if words[:1] == ("PREPARE",) and "AS" in words:
        return words[words.index("AS") + 1 :]
    if words[:1] == ("EXPLAIN",) and "ANALYZE" in words:
        starts = [words.index(verb) for verb in ("INSERT", "UPDATE", "DELETE", "MERGE", "SELECT", "WITH") if verb in words]
        return words[min(starts) :] if starts else words
    return words


def _begins(*first: str) -> Callable[[Words], bool]:
    return lambda words: words[: len(first)] == first


def _drops(*kinds: str) -> Callable[[Words], bool]:
    return lambda words: (
        words[:1] == ("DROP",) and any(words[1 : 1 + len(kind.split())] == tuple(kind.split()) for kind in kinds)
    )


def _alters(*wanted: Words) -> Callable[[Words], bool]:
    """Return whether a table is altered by one of these sequences of words; `*` stands for one name."""

    def applies(words: Words) -> bool:
        if words[:2] not in {("ALTER", "TABLE"), ("ALTER", "FOREIGN")}:
            return False
        plain = tuple(word for word in words if word not in _SKIPPED)
        return any(_at(plain, each, start=start) for each in wanted for start in range(2, len(plain)))

    return applies


def _at(words: Words, wanted: Words, *, start: int) -> bool:
    part = words[start : start + len(wanted)]
    return len(part) == len(wanted) and all(want in {"*", word} for want, word in zip(wanted, part, strict=True))


def _drops_column(words: Words) -> bool:
    """ALTER TABLE t DROP [COLUMN] name, where DROP is not of a constraint, a default or the like."""
    if words[:2] != ("ALTER", "TABLE"):
        return False
    plain = tuple(word for word in words if word not in _SKIPPED)
    others = {"CONSTRAINT", "DEFAULT", "NOT", "NULL", "IDENTITY", "EXPRESSION"}
    heads = [n for n in range(2, len(plain) - 1) if plain[n] == "DROP" and (plain[n - 1] == "," or n == _after_name(plain))]
    return any(plain[n + 1] not in others for n in heads)


def _after_name(words: Words) -> int:
    """Return where the action of an ALTER TABLE begins: behind `name`, `schema.name` and a star."""
    at = 3
    while words[at : at + 1] == (".",):
        at += 2
    return at + (words[at : at + 1] == ("*",))


def _everywhere(verb: str) -> Callable[[Words], bool]:
    """Return whether rows are written by this verb, at any depth, without a condition that chooses among them."""
    follows = "FROM" if verb == "DELETE" else ""

    def applies(words: Words) -> bool:
        if words[:1] not in {(verb,), ("WITH",)}:
            return False
        for start, word in enumerate(words):
            if word != verb or (follows and words[start + 1 : start + 2] != (follows,)):
                continue
            if not _chosen(words[start:], verb):
                return True
        return False

    return applies


def _chosen(words: Words, verb: str) -> bool:
    """Tell whether there is a WHERE at the statement's own depth that is not plainly true."""
    if verb == "UPDATE" and "SET" not in words:
        return True
    depth = 0
    for at, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if depth < 0:
            return False
        if depth == 0 and word == "WHERE":
            return words[at + 1 : at + 2] != ("TRUE",) and words[at + 1 : at + 4] not in {("1", "=", "1")}
    return False


def _index(words: Words) -> bool:
    return words[:1] == ("CREATE",) and "INDEX" in words[1:3] and "CONCURRENTLY" not in words[:5]


def _program(words: Words) -> bool:
    return words[:1] == ("COPY",) and "PROGRAM" in words


def _beyond_the_database(words: Words) -> bool:
    """What a statement does stays when the database is dropped: settings of the server, roles, other databases."""
    if words[:2] == ("ALTER", "SYSTEM"):
        return True
    made = words[:1] in {("CREATE",), ("ALTER",), ("DROP",)} and words[1:2] in {
        ("ROLE",),
        ("USER",),
        ("GROUP",),
        ("TABLESPACE",),
    }
    return (made and words[2:3] != ("MAPPING",)) or words[:2] == ("CREATE", "DATABASE")


def _checked(words: Words) -> bool:
    """A constraint is added whose truth is checked for every row at once."""
    if words[:2] != ("ALTER", "TABLE") or "ADD" not in words:
        return False
    added = words[words.index("ADD") :]
    return bool({"CHECK", "FOREIGN", "EXCLUDE"} & set(added)) and not _has(added, ("NOT", "VALID"))


def _has(words: Words, wanted: Words) -> bool:
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words)))


# Worst first.
RULES: Final[tuple[tuple[str, Callable[[Words], bool]], ...]] = (
    (phrase("removes a whole database"), _drops("DATABASE")),
    (phrase("removes a schema"), _drops("SCHEMA", "OWNED")),
    (phrase("removes a table with its rows"), _drops("TABLE", "FOREIGN TABLE")),
    (phrase("empties a table"), _begins("TRUNCATE")),
    (phrase("deletes rows without a condition"), _everywhere("DELETE")),
    (phrase("removes a column with its values"), _drops_column),
    (phrase("changes every row: it has no condition"), _everywhere("UPDATE")),
    (phrase("runs a program on the server"), _program),
    (phrase("changes the server, not only the database"), _beyond_the_database),
    (phrase("removes what other objects need"), lambda words: words[:1] == ("DROP",) and words[-1:] == ("CASCADE",)),
    (phrase("removes a type or an extension"), _drops("TYPE", "DOMAIN", "EXTENSION")),
    (phrase("removes a materialized view or a sequence"), _drops("MATERIALIZED VIEW", "SEQUENCE")),
    (phrase("switches triggers or row security off"), _alters(("DISABLE",))),
    (phrase("takes a partition away from its table"), _alters(("DETACH", "PARTITION"))),
    (
        phrase("may write the whole table anew while nobody can use it"),
        _alters(
            ("ALTER", "*", "TYPE"),
            ("ALTER", "COLUMN", "*", "TYPE"),
            ("ALTER", "*", "SET", "DATA", "TYPE"),
            ("ALTER", "COLUMN", "*", "SET", "DATA", "TYPE"),
            ("SET", "LOGGED"),
            ("SET", "UNLOGGED"),
            ("SET", "TABLESPACE"),
            ("SET", "ACCESS", "METHOD"),
        ),
    ),
    (phrase("writes the whole table anew while nobody can use it"), _begins("CLUSTER")),
    (
        phrase("writes the whole table anew while nobody can use it"),
        lambda words: words[:1] == ("VACUUM",) and "FULL" in words[:8],
    ),
    (phrase("gives a table or column another name, which the old release does not know"), _alters(("RENAME",))),
    (
        phrase("reads the whole table while nobody can use it"),
        _alters(("ALTER", "*", "SET", "NULL"), ("ALTER", "COLUMN", "*", "SET", "NULL")),
    ),
    (phrase("checks every row while nobody can write"), _checked),
    (phrase("lets nobody write while it builds an index"), _index),
    (
        phrase("lets nobody write while it builds an index"),
        lambda words: words[:1] == ("REINDEX",) and "CONCURRENTLY" not in words,
    ),
    (phrase("locks a table by name"), _begins("LOCK")),
)
