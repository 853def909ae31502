"""Answers that a release's own interpreter gives to a question of ours."""

from __future__ import annotations

import json
from typing import Final

from amankan.adapters.migrators.site import Said
from amankan.errors import MigrationFailed
from amankan.model.release import Release
from amankan.model.sentence import say

MARK: Final = "amankan:"

# More than any list of migrations; what is longer was not written by our question.
MOST_CHARACTERS: Final = 4_000_000


def answer_of(said: Said, *, release: Release) -> object:
    """
    Return what the last marked line holds; whatever else the release printed is passed over.

    Raises:
        MigrationFailed: there is no such line.
    """
    lines = [line for line in said.output[-MOST_CHARACTERS:].splitlines() if line.startswith(MARK)]
    try:
        found: object = json.loads(lines[-1].removeprefix(MARK))
    except (IndexError, ValueError) as fault:
        raise MigrationFailed(
            say(
                "cannot ask {release} for its migrations: status {status}: {said}",
                release=release.label,
                status=said.status,
                said=said.last_words(),
            )
        ) from fault
    return found


def names_in(found: object, *, release: Release) -> tuple[str, ...]:
    """Return a list of names; MigrationFailed for anything else."""
    if not isinstance(found, list) or not all(isinstance(name, str) and name for name in found):
        raise MigrationFailed(say("cannot ask {release} for its migrations: the answer is no list", release=release.label))
    return tuple(found)
