"""Statements as data: what each must come to, as the app's role, at each level of the guard."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent

# refused: by the guard or by the server, and nothing was changed. passes: it is ordinary life, or the owner's right.
# open: it destroys, and this level does not stop it; the manual says so.
Verdict = Literal["refused", "passes", "open"]
LEVELS: tuple[Literal["watch", "limit", "deny"], ...] = ("watch", "limit", "deny")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement (or a few in one transaction); `outside`: it cannot run inside a transaction."""

    kind: str
    why: str
    sql: str
    verdicts: tuple[tuple[str, Verdict], ...]
    outside: bool = False
    since: int = 0

    def verdict(self, level: str) -> Verdict | None:
        """Return what must come of it at this level, or None where it says nothing about that level."""
        return dict(self.verdicts).get(level)


def shop() -> str:
    """Return the script of the database that the statements are about."""
    return (HERE / "shop.sql").read_text()


def kinds() -> tuple[str, ...]:
    """Return the names of the files of statements."""
    return tuple(sorted(path.stem for path in HERE.glob("*.toml")))


def read(kind: str) -> tuple[Statement, ...]:
    """Return the statements of one file, in order."""
    found = tomllib.loads((HERE / f"{kind}.toml").read_text())
    return tuple(
        Statement(
            kind=found["kind"],
            why=group["why"],
            sql=sql,
            verdicts=tuple((level, group[level]) for level in LEVELS if level in group),
            outside=group.get("outside", False),
            since=group.get("since", 0),
        )
        for group in found["group"]
        for sql in group["statements"]
    )
