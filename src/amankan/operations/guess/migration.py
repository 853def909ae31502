"""How an app is migrated and seeded, guessed from its files and from what runs when it starts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from amankan.model.sentence import Sentence, say
from amankan.operations.guess.seen import Contents, ServiceSeen

ENTRYPOINT: Final = "entrypoint"

# What a tool is told to bring a database up to date, as its own manual says it.
COMMANDS: Final = {
    "prisma": "npx prisma migrate deploy",
    "django": "python manage.py migrate --noinput",
    "alembic": "alembic upgrade head",
    "rails": "bin/rails db:migrate",
    "laravel": "php artisan migrate --force",
    "knex": "npx knex migrate:latest",
    "typeorm": "npx typeorm migration:run",
    "sequelize": "npx sequelize-cli db:migrate",
    "dbmate": "dbmate up",
    "node-pg-migrate": "npx node-pg-migrate up",
    "drizzle": "npx drizzle-kit migrate",
}
_RUNS: Final = re.compile(
    r"prisma(?:@\S+)?\s+migrate\s+deploy|manage\.py\s+migrate|alembic\s+(?:-\S+\s+\S+\s+)*upgrade|rails\s+db:migrate"
    r"|rake\s+db:migrate|artisan\s+migrate|knex\s+(?:\S+\s+)*migrate:latest|typeorm\s+(?:\S+\s+)*migration:run"
    r"|sequelize(?:-cli)?\s+db:migrate|dbmate\s+(?:\S+\s+)*up\b|node-pg-migrate\s+(?:\S+\s+)*up|drizzle-kit\s+migrate"
    r"|flask\s+db\s+upgrade"
)
_SCRIPT_RUN: Final = re.compile(r"\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?([A-Za-z0-9:_-]+)")
_CONDITION: Final = re.compile(
    r"^\s*if\s+(?:\[\[?|test)\s+\"?\$\{?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-[^}\"]*)?\}?\"?\s+={1,2}\s+\"?'?(?P<value>[^\s\"'\];]+)"
)
_SEED: Final = re.compile(r"(?:.*[:_-])?seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessed:
    """A value, what it was guessed from, and, where there is one, what was seen and not taken."""

    value: str
    why: tuple[Sentence, ...]


def migration(service: ServiceSeen, tool: str, *, because: Sentence | None) -> Guessed:
    """
    Return what `database.migrate` should be; empty where nothing speaks for a tool.

    Args:
        service: the one that carries the app.
        tool: the name of the migration tool that its files speak for; empty for none.
        because: what spoke for it.
    """
    scripts = scripts_of(service.contents)
    starting = _expanded(" ".join(service.begins), scripts)
    if found := _RUNS.search(starting):
        return Guessed(
            value=ENTRYPOINT, why=(say("when {service} starts, it runs: {words}", service=service.name, words=found[0]),)
        )
    passed: tuple[Sentence, ...] = ()
    for text, condition in _runs_in(_expanded(service.script, scripts)):
        if condition is None or service.variables.get(condition[0]) == condition[1]:
            return Guessed(
                value=ENTRYPOINT, why=(say("the entrypoint of {service} runs: {words}", service=service.name, words=text),)
            )
        name, value = condition
        passed = (
            say("its entrypoint would run {words}, but only where {name} is {value}", words=text, name=name, value=value),
        )
    if tool in COMMANDS and because is not None:
        return Guessed(value=COMMANDS[tool], why=(because, *passed))
    return Guessed(value="", why=passed)


def seeding(contents: Contents) -> Guessed:
    """Return what `database.seed` should be; empty where there is no such script."""
    package = _package(contents.texts)
    for name in sorted(scripts_of(contents), key=lambda name: (len(name), name)):
        if _SEED.fullmatch(name):
            return Guessed(value=f"npm run {name}", why=(say("package.json has the script {name}", name=name),))
    prisma = package.get("prisma")
    if isinstance(prisma, dict) and isinstance(prisma.get("seed"), str):
        return Guessed(value="npx prisma db seed", why=(say("package.json says how prisma seeds"),))
    return Guessed(value="", why=())


def scripts_of(contents: Contents) -> dict[str, str]:
    """Return the scripts of package.json by name."""
    scripts = _package(contents.texts).get("scripts")
    found = scripts if isinstance(scripts, dict) else {}
    return {name: text for name, text in found.items() if isinstance(name, str) and isinstance(text, str)}


def _package(texts: Mapping[str, str]) -> dict[str, Any]:
    try:
        read = json.loads(texts.get("package.json", "{}"))
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _expanded(text: str, scripts: Mapping[str, str]) -> str:
    """Return a text in which each script that is run by name is followed by what it runs, once."""
    return _SCRIPT_RUN.sub(lambda found: f"{found[0]} ; {scripts.get(found[1], '')}", text)


def _runs_in(script: str) -> list[tuple[str, tuple[str, str] | None]]:
    """Return each migration that a shell script runs, with the variable and value that an `if` around it asks for."""
    found: list[tuple[str, tuple[str, str] | None]] = []
    conditions: list[tuple[str, str] | None] = []
    for line in script.splitlines():
        bare = line.split("#", 1)[0] if line.lstrip().startswith("#") else line
        if re.match(r"\s*if\b", bare):
            condition = _CONDITION.match(bare)
            conditions.append((condition["name"], condition["value"]) if condition else None)
        if match := _RUNS.search(bare):
            found.append((match[0], next((each for each in conditions if each is not None), None)))
        if re.match(r"\s*fi\b", bare) or re.search(r";\s*fi\s*$", bare):
            del conditions[-1:]
    return found
