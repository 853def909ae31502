"""Whether a dump holds all that it must."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from amankan.adapters.engines.postgres.survey import Survey
from amankan.errors import EngineFailed
from amankan.model.sentence import say

# What pg_dump says of objects that it left out, with exit status 0.
LEFT_OUT: Final = ("not dumped", "not be dumped", "skipping")

# Names of objects stand between quotes, or alone on a line of details, and may hold any words.
_QUOTED: Final = re.compile('"[^"]*"')
_DETAILS: Final = re.compile(r"\S+: (detail|hint): ")


def check_contents(survey: Survey, present: Iterable[str], *, database: str) -> None:
    """Raise EngineFailed where the tables that came with rows are not those of the catalogue at the same snapshot."""
    found = frozenset(present)
    missing, foreign = sorted(survey.promised - found), sorted(found - survey.promised)
    if missing:
        raise EngineFailed(
            say(
                "cannot back up {database} completely: {count} of {all} tables are missing in the dump, {first} first",
                database=database,
                count=len(missing),
                all=len(survey.promised),
                first=missing[0],
            )
        )
    if foreign:
        raise EngineFailed(
            say("cannot back up {database}: {first} is not in its catalogue", database=database, first=foreign[0])
        )


def check_messages(messages: str, *, database: str) -> None:
    """Raise EngineFailed where the dump program said that it left something out."""
    for line in messages.splitlines():
        said = "" if _DETAILS.match(line) else _QUOTED.sub("", line)
        if any(words in said for words in LEFT_OUT):
            raise EngineFailed(say("cannot back up {database} completely: {line}", database=database, line=line))
