"""What production refuses, whatever flags are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from amankan.errors import Refused
from amankan.model.app import App
from amankan.model.sentence import say
from amankan.model.verdict import Level
from amankan.operations.interlock.danger import danger

PRODUCTION: Final = "production"


def refuse_seed(app: App) -> None:
    """Raise Refused where the app is in production: nothing was run."""
    if app.environment == PRODUCTION:
        raise Refused(
            say("cannot seed {app}: its environment is production", app=app.name),
            next=say("seed a copy: an app whose environment is staging or development"),
        )


def refuse_command(app: App, words: tuple[str, ...], *, scripts: Mapping[str, str], entrypoint_text: str = "") -> None:
    """Raise Refused where the app is in production and the command is known to seed, empty or drop: nothing was run."""
    found = danger(words, scripts, entrypoint_text=entrypoint_text) if app.environment == PRODUCTION else None
    if found is not None and found.level is Level.STOP:
        raise Refused(found.sentence, next=found.remedy)
