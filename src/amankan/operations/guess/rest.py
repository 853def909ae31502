"""The parts of a configuration that are alike for every app."""

from __future__ import annotations

import re
from typing import Final

from amankan.model.sentence import Sentence, say
from amankan.operations.guess.proposal import Line, Section, line
from amankan.operations.guess.seen import Contents

MOST_NAME_CHARACTERS: Final = 39
_LOGS: Final = (
    ("package.json", ("Unhandled", "UnhandledPromiseRejection", r"\bERROR\b")),
    ("manage.py", ("Traceback", r"\bERROR\b", r"\bCRITICAL\b")),
    ("alembic.ini", ("Traceback", r"\bERROR\b", r"\bCRITICAL\b")),
    ("requirements.txt", ("Traceback", r"\bERROR\b", r"\bCRITICAL\b")),
    ("pyproject.toml", ("Traceback", r"\bERROR\b", r"\bCRITICAL\b")),
    ("Gemfile", (r"\bERROR\b", r"\bFATAL\b")),
    ("artisan", (r"\.ERROR:", r"\.CRITICAL:", "PHP Fatal error")),
)
_USUAL_LOGS: Final = (r"\bERROR\b", r"\bFATAL\b")


def app_section(name: str, why: Sentence) -> Section:
    """Return who the app is; always production, for that is the careful guess."""
    return Section(
        name="app",
        lines=(
            line("name", app_name(name), why),
            line("environment", "production", say("the careful guess: seeds and resets are refused; or staging, development")),
        ),
    )


def vault_section() -> Section:
    """Return where backups go: beside the configuration, for nobody yet."""
    return Section(
        name="vault",
        lines=(
            line("location", "backups", say("a folder beside this file; better another machine: s3://bucket/prefix")),
            Line(
                key="recipients",
                value="[]",
                why=(say("who can read the backups; aman key new makes a key and enters it here"),),
            ),
        ),
    )


def checks_section(http: tuple[tuple[str, Sentence], ...], contents: Contents) -> Section:
    """Return what a release must show."""
    if http:
        first = line("http", tuple(address for address, _ in http), *(why for _, why in http))
    else:
        first = Line(why=(say("no published port was found: without an address in http nothing asks whether the app answers"),))
    sign, patterns = next(((sign, patterns) for sign, patterns in _LOGS if sign in contents.files), ("", _USUAL_LOGS))
    why = (
        say("what such apps write when they fail; the release has {path}", path=sign)
        if sign
        else say("what most apps write when they fail")
    )
    return Section(name="checks", lines=(first, line("log_errors", patterns, why)))


def app_name(text: str) -> str:
    """Return the nearest name that an app may have."""
    found = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    found = found if found[:1].isalpha() else f"app-{found}".rstrip("-")
    return found[:MOST_NAME_CHARACTERS].rstrip("-")
