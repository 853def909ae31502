"""How far the sequences of a database are, and how one database is brought as far as another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.maintenance import Session
from amankan.errors import EngineFailed
from amankan.model.guard import SCHEMA
from amankan.model.sentence import say

_SEQUENCES: Final[LiteralString] = """
    select n.nspname, c.relname, s.seqincrement, s.seqmin, s.seqmax
    from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence <> 't' and not (n.nspname = %s and c.relname like 'refusal%%') order by 1, 2
"""

# How many sequences are read by one statement.
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """One sequence: its step, its bounds, and the last value that it may have given out."""

    schema: str
    name: str
    step: int
    least: int
    most: int
    last: int

    @property
    def label(self) -> str:
        """Its name, in quotes where it is not plain, so that no two have the same."""
        return f"{_quoted(self.schema)}.{_quoted(self.name)}"

    @property
    def distance(self) -> int:
        """How far it is: grows with each value given out, for one that counts downwards too."""
        return self.last if self.step > 0 else -self.last


def read_sequences(session: Session) -> tuple[Sequence, ...]:
    """
    Return every sequence of the session's database, also those of identity columns, by name.

    Not those in which the guard keeps its refusals: they are a record, and only the guard may write it.
    """
    known = session.execute(_SEQUENCES, [SCHEMA]).fetchall()
    found: list[Sequence] = []
    for start in range(0, len(known), _AT_ONCE):
        some = known[start : start + _AT_ONCE]
        asked = sql.SQL(" union all ").join(
            sql.SQL("select {}::int, last_value, is_called from {}").format(sql.Literal(number), sql.Identifier(*row[:2]))
            for number, row in enumerate(some)
        )
        values = {number: (value, called) for number, value, called in session.execute(asked)}
        for number, (schema, name, step, least, most) in enumerate(some):
            value, called = values[number]
            last = value if called else value - step
            found.append(Sequence(schema=schema, name=name, step=step, least=least, most=most, last=last))
    return tuple(found)


def distances(sequences: tuple[Sequence, ...]) -> tuple[tuple[str, int], ...]:
    """Return, by label, how far each sequence is."""
    return tuple((each.label, each.distance) for each in sequences)


def advance(session: Session, beyond: dict[str, int]) -> None:
    """
    Every sequence of the session's database that `beyond` names is as far as that says, or farther; none went back.

    Raises:
        EngineFailed: a sequence ends before that; those before it by name may have been advanced.
    """
    for ours in read_sequences(session):
        distance = beyond.get(ours.label, ours.distance)
        if distance <= ours.distance:
            continue
        value = distance if ours.step > 0 else -distance
        if not ours.least <= value <= ours.most:
            raise EngineFailed(say("cannot advance {name} to {value}: it ends before", name=ours.label, value=value))
        words = sql.SQL("select setval({}::regclass, {}, true)")
        session.execute(words.format(sql.Literal(ours.label), sql.Literal(value)))


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return name if name.isascii() and name.isidentifier() and name == name.lower() else f'"{doubled}"'
