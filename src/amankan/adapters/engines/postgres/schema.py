"""The schema of a database as a list of definitions and as one digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from amankan.adapters.engines.postgres.archive.toc import SEQUENCE_VALUE, Toc
from amankan.adapters.engines.postgres.catalogue import questions_for
from amankan.adapters.engines.postgres.catalogue.written import settle_answer
from amankan.adapters.engines.postgres.expected import SEQUENCES
from amankan.adapters.engines.postgres.names import label_of
from amankan.adapters.engines.postgres.session import Session, row, rows

SET: Final = re.compile(rb"setval\(.*, (-?\d+), (true|false)\);\s*", re.DOTALL)

SEQUENCE: Final = "sequence value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One object: its name, its kind, and the digest of its definition (64 hex digits)."""

    object: str
    kind: str
    digest: str


def define(object_: str, kind: str, *, text: str) -> Definition:
    """Return the definition of an object from its text."""
    return Definition(object=object_, kind=kind, digest=hashlib.sha256(text.encode()).hexdigest())


def definitions(session: Session) -> tuple[Definition, ...]:
    """
    Return every object of the database but the values of its sequences, sorted; equal after a dump and a restore.

    Cost: one question for each kind of object; reads the catalogue only.
    """
    asked = questions_for(session.info.server_version // 10000)
    answers = ((kind, object_, text or "") for kind, question in asked for object_, text in rows(session, question))
    found = [define(object_, kind, text=settle_answer(kind, text)) for kind, object_, text in answers]
    return tuple(sorted(found, key=lambda definition: (definition.kind, definition.object, definition.digest)))


def schema_digest(found: Iterable[Definition], values: Iterable[Definition]) -> str:
    """Return the digest (64 hex digits) of the definitions together with the values of the sequences."""
    lines = sorted(json.dumps([each.kind, each.object, each.digest]) for each in (*found, *values))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def dumped_values(toc: Toc) -> tuple[Definition, ...]:
    """
    Return the values of sequences as an archive will set them.

    A sequence goes on while others write, outside of every snapshot, so what counts is what was dumped.
    """
    found = []
    for entry in toc.entries:
        if entry.kind == SEQUENCE_VALUE and (value := SET.search(entry.definition)):
            found.append(_value(label_of(entry.namespace, entry.tag), int(value[1]), called=value[2] == b"true"))
    return tuple(found)


def stored_values(session: Session) -> tuple[Definition, ...]:
    """Return the values of the sequences of a database as they are now."""
    found = []
    for schema, name, *raw in rows(session, SEQUENCES):
        question = sql.SQL("select last_value, is_called from {}").format(sql.Identifier(schema, name))
        value, called = session.execute(question).fetchone() or (0, False)
        found.append(_value(label_of(*raw), value, called=called))
    return tuple(found)


def server_major(session: Session) -> tuple[int, int]:
    """Return the server's major and minor version."""
    number = int(row(session, "select current_setting('server_version_num')")[0])
    return number // 10000, number % 10000


def _value(name: str, value: int, *, called: bool) -> Definition:
    return define(name, SEQUENCE, text=f"{value} {called}")
