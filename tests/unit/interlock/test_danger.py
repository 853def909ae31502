"""Commands that seed, empty, drop or take back are known, however they are wrapped, and ordinary ones are left alone."""

from __future__ import annotations

import json
import shlex
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amankan.model.verdict import Finding, Level
from amankan.operations.interlock.corpus import Destructive, corpus
from amankan.operations.interlock.danger import danger

FEWEST_COMMANDS = 60
FEWEST_FRAMEWORKS = 20
LONGEST_SECONDS = 5.0


def look(command: str, **scripts: str) -> Finding | None:
    """Look at a command as it is typed."""
    return danger(tuple(shlex.split(command)), scripts)


# Written out by hand, so that the corpus is held to what people type and not to itself.
TYPED = (Path(__file__).parent / "typed.txt").read_text().splitlines()

ORDINARY = (Path(__file__).parent / "ordinary.txt").read_text().splitlines()


def test_the_corpus_is_wide() -> None:
    """Sixty commands and twenty frameworks at least are known."""
    assert FEWEST_COMMANDS <= len(corpus())
    assert FEWEST_FRAMEWORKS <= len({known.framework for known in corpus()})


@pytest.mark.parametrize("known", corpus(), ids=lambda known: " ".join(min(each) for each in known.words))
def test_every_command_of_the_corpus_is_found(known: Destructive) -> None:
    """Each entry is found by its own words, with each of its flags, through npx, a shell and an entrypoint."""
    if known.text is not None:
        return
    flags = sorted(known.flags) or [""]
    for flag in flags:
        words = (*(sorted(each)[-1] for each in known.words), *filter(None, [flag]))
        for wrapped in (words, ("npx", *words), ("sh", "-c", "true && " + shlex.join(words)), ("env", "A=b", *words)):
            assert danger(wrapped, {}) is not None, wrapped
        assert danger((), {}, entrypoint_text=f'#!/bin/sh\nset -e\n{shlex.join(words)}\nexec "$@"\n') is not None


@pytest.mark.parametrize("command", TYPED)
def test_a_destructive_command_is_found(command: str) -> None:
    """What would lose rows stops, and the finding shows the command."""
    found = look(command)
    assert found is not None
    assert Level.STOP is found.level
    assert str(found.sentence).startswith("cannot run ")


@pytest.mark.parametrize("command", ORDINARY)
def test_an_ordinary_command_is_left_alone(command: str) -> None:
    """What loses nothing passes."""
    assert None is look(command)


SCRIPTS = {
    "db:fresh": "npm run db:drop-all && npm run db:migrate",
    "db:drop-all": "tsx scripts/all.ts && prisma migrate reset --force",
    "db:push": "prisma db push",
    "start": "node src/server.mjs",
    "prestart": "npm run setup",
    "setup": "prisma db seed",
    "build": "tsc -p .",
    "again": "npm run again",
    "make fresh": "bundle exec rails db:reset",
    "bin/start.sh": "#!/bin/sh\nnpx prisma migrate reset --force\nexec node src/server.mjs\n",
    "seed": "echo nothing to do",
}


@pytest.mark.parametrize(
    ("command", "through"),
    [
        ("npm run db:fresh", "db:fresh > db:drop-all"),
        ("npm run --silent db:fresh", "db:fresh > db:drop-all"),
        ("yarn db:fresh", "db:fresh > db:drop-all"),
        ("pnpm run db:fresh", "db:fresh > db:drop-all"),
        ("bun run db:fresh", "db:fresh > db:drop-all"),
        ("npm-run-all build db:fresh", "db:fresh > db:drop-all"),
        ("npm run db:push -- --force-reset", "db:push"),
        ("yarn db:push --accept-data-loss", "db:push"),
        ("npm start", "prestart > setup"),
        ("make fresh", "fresh"),
        ("sh bin/start.sh", "bin/start.sh"),
        ("./bin/start.sh", "bin/start.sh"),
        ("sh -c 'cd /app && npm run db:fresh'", "db:fresh > db:drop-all"),
    ],
)
def test_scripts_are_looked_into(command: str, through: str) -> None:
    """What a script hides is found, and the way to it is shown."""
    found = danger(tuple(shlex.split(command)), SCRIPTS)
    assert found is not None
    assert through in str(found.sentence)


@pytest.mark.parametrize("command", ["npm run build", "npm run db:push", "npm run again", "npm run seed", "make build"])
def test_harmless_scripts_pass(command: str) -> None:
    """A script whose text is known is judged by its text, even one named seed, and a circle ends."""
    assert None is danger(tuple(shlex.split(command)), SCRIPTS)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("npx prisma migrate reset --force", Level.STOP),
        ("npm run db:seed", Level.STOP),
        ('if [ "$SEED" = 1 ]; then\n  npm run db:seed\nfi', Level.WARN),
        ('[ "$SEED" = 1 ] && npm run db:seed', Level.WARN),
        ("case $1 in seed) npm run db:seed ;; esac", Level.WARN),
        ('if [ "$SEED" = 1 ]; then true; fi\nnpm run db:seed', Level.STOP),
        ("npx prisma \\\n  migrate \\\n  reset", Level.STOP),
        ("psql <<SQL\ndrop table customers;\nSQL", Level.STOP),
        ("su-exec node npx prisma migrate reset", Level.STOP),
        ("(cd /app; npx prisma migrate reset)", Level.STOP),
        ("start() {\n  npx prisma migrate reset\n}\nstart", Level.STOP),
        ("echo \"it's\" # ' a quote that ends nowhere\nnpx prisma migrate reset", Level.STOP),
        ("npx prisma migrate deploy >/dev/null 2>&1 || npx prisma migrate reset", Level.WARN),
    ],
)
def test_entrypoints_are_looked_into(line: str, level: Level) -> None:
    """A line of an entrypoint stops, or only warns where the script asks something first."""
    found = danger((), {}, entrypoint_text=f'#!/bin/sh\nset -e\n{line}\nexec "$@"\n')
    assert found is not None
    assert level is found.level


@pytest.mark.parametrize(
    "text",
    [
        '#!/bin/sh\nset -e\nif [ "$MIGRATE_ON_START" = 1 ]; then\n    npx prisma migrate deploy\nfi\nexec "$@"\n',
        "#!/bin/sh\npython manage.py migrate --no-input\npython manage.py collectstatic\nexec gunicorn app\n",
        "#!/bin/sh\n# never run prisma migrate reset here\necho 'no prisma migrate reset'\nexec node server.js\n",
        "",
        "'",
        '"$(',
        "cat <<EOF\nnpx prisma migrate reset\n",
    ],
)
def test_ordinary_entrypoints_pass(text: str) -> None:
    """An entrypoint that migrates and starts is left alone, and a broken one is read to its end."""
    assert None is danger((), {}, entrypoint_text=text)


def test_a_stop_weighs_more_than_a_warning() -> None:
    """Of several findings the heaviest is told."""
    text = 'if [ "$SEED" ]; then npm run db:seed; fi\nnpx prisma migrate reset\n'
    found = danger((), {}, entrypoint_text=text)
    assert found is not None
    assert Level.STOP is found.level
    assert "migrate reset" in str(found.sentence)


def test_the_shop_that_seeds_is_found() -> None:
    """The example whose entrypoint seeds is stopped, and the others of the same shop are not."""
    shop = Path(__file__).parents[3] / "examples" / "ocn"
    scripts = json.loads((shop / "package.json").read_text())["scripts"]
    found = danger((), scripts, entrypoint_text=(shop / "versions" / "v6-seeds" / "docker-entrypoint.sh").read_text())
    assert found is not None
    assert Level.STOP is found.level
    assert "db:seed" in str(found.sentence)
    assert None is danger(
        ("npx", "prisma", "migrate", "deploy"), scripts, entrypoint_text=(shop / "docker-entrypoint.sh").read_text()
    )
    assert None is danger(("npm", "run", "db:migrate"), scripts)
    assert danger(("npm", "run", "db:reset"), scripts) is not None


@given(st.text(alphabet="ab $(){}`'\"\\\n;&|<>#=-\x00\u202e", max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    """Whatever an entrypoint holds, it is read to its end."""
    assert None is danger((), {"a": text}, entrypoint_text=text)


@pytest.mark.parametrize(
    "text",
    [
        "env " + "psql " * 30_000 + "x",
        "$(" * 5_000 + "a",
        "`" * 9_999,
        'sh -c \'sh sh sh sh "sh sh sh a b" "env env c d"\' ' * 200,
        "cat <<A\n" * 3_000,
        "${A:-${A:-" * 3_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """An entrypoint that was made to be slow is not."""
    began = time.monotonic()
    danger((), {"a": text, "b": "npm run a && npm run b"}, entrypoint_text=text + "\nnpm run b\n")
    assert time.monotonic() - began < LONGEST_SECONDS
