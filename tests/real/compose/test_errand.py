"""One command in the dark, and images built beside what runs."""

from __future__ import annotations

import pytest
from tests.real.compose.place import CLAIM, CLONE, Shop

from amankan.adapters.runtimes.compose.build import build_release
from amankan.adapters.runtimes.compose.errand import Errand
from amankan.errors import Refused
from amankan.proc.run import Outcome

pytestmark = pytest.mark.real

LIMIT_SECONDS = 120.0


def sent(shop: Shop, *words: str, tag: str = "v2") -> Outcome:
    """Return what a command left that ran in a release's image, on the copy."""
    errand = Errand(release=shop.release(tag), service="app", words=words, database=CLONE, limit_seconds=LIMIT_SECONDS)
    return shop.runtime.errand(errand, claim=CLAIM)


def tables(shop: Shop, database: str) -> set[str]:
    """Return the tables of a database."""
    words = f'psql -XqAt -U "$POSTGRES_USER" {database} -c "select tablename from pg_tables where schemaname = \'public\'"'
    return set(shop.project.compose("exec", "-T", "db", "sh", "-c", words).split())


def test_the_new_image_migrates_the_copy_alone(ocn: Shop) -> None:
    """The release's own migration changes the copy; production's database and containers do not change."""
    ocn.clone()
    before, services, database = tables(ocn, "ocn"), ocn.runtime.inventory(), ocn.untouched()
    outcome = sent(ocn, "npx", "prisma", "migrate", "deploy")
    assert 0 == outcome.status, outcome.messages
    assert set() < tables(ocn, CLONE) - before
    assert (before, services, database) == (tables(ocn, "ocn"), ocn.runtime.inventory(), ocn.untouched())
    ocn.runtime.stop(CLAIM)
    assert "" == ocn.docker.ask("container", "ls", "--all", "--quiet", "--filter", f"label=amankan.run={CLAIM.run}")


def test_status_and_words_are_kept(ocn: Shop) -> None:
    """The exit status is the command's own, its words reach it exactly, and no password is in its messages."""
    ocn.clone()
    words = ("sh", "-c", 'echo "$1 $HOME $$" >&2; echo "$DATABASE_URL" >&2; exit 7', "sh", "a  b'$c")
    outcome = sent(ocn, *words)
    assert 7 == outcome.status
    assert "a  b'$c /root" in outcome.messages
    assert "only-an-example" not in outcome.messages


BUILT = """
services:
  app:
    build: {{context: {context}}}
    image: !reset null
"""


def test_what_is_built_moves_no_name(ocn: Shop) -> None:
    """A service that is built gets a new image beside the old, known by its number, and can be placed."""
    with pytest.raises(Refused):
        build_release(ocn.settings, app="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    context = ocn.project.folder / "source"
    context.mkdir()
    image = ocn.release("v1").images[0].reference
    (context / "Dockerfile").write_text(f"FROM {image}\nLABEL built=here\n")
    (ocn.project.folder / "built.yml").write_text(BUILT.format(context="./source"))
    files = ("docker-compose.yml", "built.yml")
    names = ocn.docker.ask("image", "ls", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    release = build_release(ocn.with_files(*files), app="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    after = ocn.docker.ask("image", "ls", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    assert [f"amankan/ocn:{CLAIM.run.lower()}-app"] == [
        line.split()[0] for line in set(after.split("\n")) - set(names.split("\n"))
    ]
    runtime, services = ocn.runtime_of(*files), ocn.runtime.inventory().services
    runtime.halt(CLAIM)
    runtime.place(release, services=services, claim=CLAIM)
    runtime.open(services, claim=CLAIM)
    assert runtime.release().runs_the_images_of(release)
