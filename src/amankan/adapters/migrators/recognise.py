"""Which tool migrates an app, by the files of its release and the tables of its database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from amankan.adapters.migrators.kinds import KINDS
from amankan.model.sentence import Sentence, say

# Where several tools share the name of a table, the files decide; where they say nothing, this is the commoner one.
_BY_LEDGER: Final = {
    "_prisma_migrations": "prisma",
    "django_migrations": "django",
    "alembic_version": "alembic",
    **{kind.table: kind.name for kind in reversed(KINDS)},
}
_BY_FILE: Final = (
    ("prisma", r"(?:.*/)?prisma/migrations/.*|(?:.*/)?schema\.prisma|prisma\.config\.[cm]?[jt]s"),
    ("django", r"manage\.py"),
    ("alembic", r"alembic\.ini"),
    *((kind.name, "|".join(re.escape(sign) for sign in kind.signs)) for kind in KINDS if kind.signs),
)
_BY_FILE_AND_LEDGER: Final = {"schema_migrations": ("rails", "dbmate"), "migrations": ("laravel", "typeorm")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """The name of a tool, and what spoke for it."""

    name: str
    why: Sentence


def recognise(files: Iterable[str], ledgers: Iterable[str]) -> Recognised | None:
    """
    Return the tool that migrates the app, or None where nothing speaks for one.

    Args:
        files: paths of the release, as seen from its working folder.
        ledgers: names of the database's tables. They weigh more than files, since they tell what was really used.
    """
    seen: dict[str, str] = {}
    for path in sorted(files):
        for name, pattern in _BY_FILE:
            if name not in seen and re.fullmatch(pattern, path.removeprefix("./")):
                seen[name] = path
    for table in sorted(set(ledgers) & set(_BY_LEDGER), key=list(_BY_LEDGER).index):
        sharing = [name for name in _BY_FILE_AND_LEDGER.get(table, ()) if name in seen]
        name = sharing[0] if sharing else _BY_LEDGER[table]
        return Recognised(name=name, why=say("the database has the table {table}", table=table))
    for name, path in seen.items():
        return Recognised(name=name, why=say("the release has {path}", path=path))
    return None


def ledger_table(tables: Iterable[str]) -> str:
    """Return the first of these tables that is the ledger of a migration tool; empty where none is."""
    return next((table for table in sorted(set(tables) & set(_BY_LEDGER), key=list(_BY_LEDGER).index)), "")
