"""Which app, in which environment, a database belongs to, as the database itself says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,38}")
"""A name that stands in every path, label and command without a quote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """
    The app and the environment for which a database was first worked on; the database carries it from then on.

    Both are names by `NAME`: whoever may comment on a database can write one, and it is shown to people.
    """

    app: str
    environment: str

    @property
    def valid(self) -> bool:
        """Tell whether both are names."""
        return all(NAME.fullmatch(word) for word in (self.app, self.environment))

    @property
    def word(self) -> str:
        """The marker as one word of a command line: `shop/production`."""
        return f"{self.app}/{self.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """A marker that a database shall carry, and one that it may take the place of; any other keeps its place."""

    marker: Marker
    outdated: Marker | None = None

    def replaces(self, found: Marker | None) -> bool:
        """Tell whether a database that carries `found`, or nothing, may carry ours from now on."""
        return found in (None, self.marker, self.outdated)


def marker_of(word: str) -> Marker | None:
    """Return the marker that a word means, or None where it is none."""
    app, _, environment = word.partition("/")
    found = Marker(app=app, environment=environment)
    return found if found.valid else None
