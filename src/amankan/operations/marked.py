"""A database that belongs to another app, or to another environment, is refused before anything is done to it."""

from __future__ import annotations

from amankan.errors import WrongTarget
from amankan.model.app import App
from amankan.model.marker import Marker
from amankan.model.plan import Operation
from amankan.model.sentence import Sentence, say

UNMARKING = frozenset({Operation.PLAN, Operation.DRILL})
"""Operations that leave nothing behind in production, so they compare a marker and write none."""


def marker_for(app: App) -> Marker:
    """Return what the configuration says the database is."""
    return Marker(app=app.name, environment=app.environment)


def mismatch(ours: Marker, found: Marker | None) -> Sentence | None:
    """Return what is wrong with the marker of a database, in words that name both sides; None where nothing is."""
    if found is None or found == ours:
        return None
    return say(
        "the database is marked as {app} in {environment}, amankan.toml says {our_app} in {our_environment}",
        app=found.app,
        environment=found.environment,
        our_app=ours.app,
        our_environment=ours.environment,
    )


def remedy(found: Marker) -> Sentence:
    """Return what to do about a marker that is another one."""
    return say(
        "correct database.url or [app] in amankan.toml; where the mark is what is wrong: aman backup --marked-as {marker}",
        marker=found.word,
    )


def refuse_mismarked(app: App, found: Marker | None, *, outdated: Marker | None = None) -> None:
    """
    Nothing is done to a database that carries the marker of something else, unless the user named it as `outdated`.

    Raises:
        WrongTarget: it does; nothing was touched.
    """
    ours = marker_for(app)
    wrong = mismatch(ours, found)
    if wrong is not None and found is not None and found != outdated:
        raise WrongTarget(say("cannot go on: {why}", why=wrong), next=remedy(found))
