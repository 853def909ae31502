"""
Questions whose answers describe every object of a database in a form that a restore must bring back exactly.

Each answers with the name of an object and its definition as text. Nothing in an answer depends on oids, on dropped
columns or on the order in which things were made; definitions are the server's own (`pg_get_*def`), with every name
qualified because the search path is empty.
"""

from __future__ import annotations

from typing import Final, LiteralString

from amankan.adapters.engines.postgres.catalogue.code import CODE
from amankan.adapters.engines.postgres.catalogue.outside import OUTSIDE, SINCE
from amankan.adapters.engines.postgres.catalogue.relations import RELATIONS
from amankan.adapters.engines.postgres.catalogue.search import SEARCH
from amankan.adapters.engines.postgres.catalogue.types import TYPES

QUESTIONS: Final[tuple[tuple[str, LiteralString], ...]] = (*RELATIONS, *TYPES, *CODE, *SEARCH, *OUTSIDE)


def questions_for(major: int) -> tuple[tuple[str, LiteralString], ...]:
    """Return kind and question for everything that a server of this version has."""
    return QUESTIONS + tuple((kind, question) for since, kind, question in SINCE if since <= major)
