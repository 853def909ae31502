"""Scripts are found in the files that name them, and production refuses what they hide."""

from __future__ import annotations

import pytest

from amankan.errors import Refused
from amankan.model.app import App
from amankan.operations.interlock.danger import danger
from amankan.operations.interlock.refuse import refuse_command, refuse_seed
from amankan.operations.interlock.scripts import scripts_in

FILES = {
    "package.json": '{"scripts": {"db:again": "prisma migrate reset --force", "start": "node server.mjs"}}',
    "composer.json": '{"scripts": {"fresh": ["@php artisan migrate:fresh"], "again": "@fresh", "test": "phpunit"}}',
    "deno.json": '{"tasks": {"wipe": "dropdb shop"}}',
    "Makefile": "X := 1\nall: build\n\n.PHONY: again\nagain: clean-db ## start anew\n\t@echo again\n"
    "clean-db:\n\t-@cd app && \\\n\t  bundle exec rails db:reset\nbuild:\n\tgo build ./...\nother:\n\t$(MAKE) again\n",
    "justfile": "anew:\n    npx prisma db push --force-reset\n",
    "bin/start": "#!/bin/sh\nnpm run db:again\n",
    "scripts/anew.sh": "alembic downgrade base\n",
    "README.md": "prisma migrate reset",
}


@pytest.mark.parametrize(
    "words",
    [
        ("npm", "run", "db:again"),
        ("composer", "fresh"),
        ("composer", "run-script", "again"),
        ("deno", "task", "wipe"),
        ("make", "again"),
        ("make", "clean-db"),
        ("make", "-C", ".", "other"),
        ("just", "anew"),
        ("bin/start",),
        ("sh", "scripts/anew.sh"),
        ("bash", "-c", "make again"),
    ],
)
def test_scripts_are_found_where_they_are_named(words: tuple[str, ...]) -> None:
    """Each kind of file leads to what its script does."""
    assert danger(words, scripts_in(FILES)) is not None


@pytest.mark.parametrize("words", [("npm", "start"), ("make",), ("make", "build"), ("make", "all"), ("composer", "test")])
def test_ordinary_scripts_pass(words: tuple[str, ...]) -> None:
    """Scripts beside the dangerous ones are left alone."""
    assert None is danger(words, scripts_in(FILES))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"scripts": 1}', '{"scripts": {"a": 1, "b": [2]}}', "null"])
def test_a_broken_file_names_nothing_dangerous(text: str) -> None:
    """What cannot be read stops nobody."""
    assert None is danger(("npm", "run", "a"), scripts_in({"package.json": text}))


def test_production_refuses() -> None:
    """In production nothing is seeded and nothing destructive is run; elsewhere both pass, and so do ordinary commands."""
    shop, copy = (App(name="shop", environment=environment, database="shop") for environment in ("production", "staging"))
    with pytest.raises(Refused, match="cannot seed shop"):
        refuse_seed(shop)
    with pytest.raises(Refused, match="through again > clean-db"):
        refuse_command(shop, ("make", "again"), scripts=scripts_in(FILES))
    with pytest.raises(Refused, match="entrypoint"):
        refuse_command(shop, ("npm", "start"), scripts=scripts_in(FILES), entrypoint_text="dropdb shop\n")
    refuse_command(shop, ("make", "build"), scripts=scripts_in(FILES), entrypoint_text='[ "$A" ] && dropdb shop\n')
    refuse_seed(copy)
    refuse_command(copy, ("make", "again"), scripts=scripts_in(FILES))
