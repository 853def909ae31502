"""The guard inside a database: its levels, its limits, what it covers and what it refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from amankan.model.sentence import Sentence

SCHEMA: Final = "amankan_guard"
"""The schema in which a guard keeps itself, within the database that it guards."""

Level = Literal["watch", "limit", "deny"]

Rule = Literal[
    "unknown",
    "drop",
    "rewrite",
    "truncate",
    "delete-rows",
    "delete-share",
    "delete-last",
    "update-rows",
    "update-share",
    "tamper",
    "blind",
    "owner",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """
    What one transaction may take from one table before it is refused; None stands for no limit.

    A share is a part of the table's rows (0 to 1) and counts from `..._share_from_rows` rows on; up to
    `delete_last_rows` may go even if the table is empty afterwards. A `free` table is not guarded at all.
    """

    delete_rows: int | None = 1000
    delete_share: float | None = 0.5
    delete_share_from_rows: int = 10
    delete_last_rows: int = 1
    update_rows: int | None = 10_000
    update_share: float | None = 0.9
    update_share_from_rows: int = 100
    free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A limit for every table, and others by pattern (`schema.table`, `*` for any characters); the longest fits."""

    default: Limit = Limit()
    tables: tuple[tuple[str, Limit], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """
    What a permit is asked for: why, for how long, and how narrow.

    Args:
        tables: `schema.table`, or a name found by the search path; none: everything.
        run: only sessions that call themselves so (application_name); empty: all.
        role: only sessions of this role; empty: all.
    """

    why: str
    minutes: int
    tables: tuple[str, ...] = ()
    run: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that an installation changes, with the statement that does it and the one that takes it back."""

    kind: str
    object: str
    do: str
    undo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that the guard does not cover, and why."""

    object: str
    reason: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What an installation changes, in order, and what it leaves uncovered."""

    level: Level
    changes: tuple[Change, ...]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One object and whether the guard stands before it now."""

    kind: str
    object: str
    covered: bool
    detail: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One statement that was refused: who, from where, what kind; never what was in it."""

    number: int
    time: datetime
    rule: Rule
    verb: str
    object: str
    rows: int
    role: str
    application: str
    address: str
    process: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """
    The guard as it stands: the level that was asked for (None: there is none), object by object, and the gaps.

    `at_home` is false in a copy or a restored database: its permits are worthless there.
    """

    level: Level | None
    at_home: bool
    objects: tuple[Covered, ...]
    gaps: tuple[Gap, ...]
    refused: int = 0
    refusals: tuple[Refusal, ...] = field(default=())

    @property
    def whole(self) -> bool:
        """Whether everything that the level promises stands."""
        return self.level is not None and all(one.covered for one in self.objects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One forbidden statement that was tried in a transaction that cannot commit, and what came of it."""

    statement: str
    refused: bool
    answer: Sentence
