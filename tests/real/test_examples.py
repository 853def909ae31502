"""The example applications are what they say: real images, real migrations, real faults."""

import time
from datetime import datetime

import pytest
from tests.kit.docker.command import CommandFailed
from tests.kit.docker.examples import Project, set_variable
from tests.kit.docker.external import External
from tests.kit.docker.fixtures import MakeProject
from tests.kit.docker.registry import Registry

pytestmark = pytest.mark.real

FIRST_NUMBER = 1_000_000_001
"""Numbers below it belong to fill.sql."""

LEDGER = "SELECT migration_name, finished_at IS NOT NULL FROM _prisma_migrations ORDER BY started_at"


def migrate(ocn: Project, tag: str) -> str:
    """The release's own migrations were deployed by the release's own Prisma; returns what it said."""
    return ocn.in_image("npx", "prisma", "migrate", "deploy", tag=tag)


def start_shop(ocn: Project, rows: int = 100) -> None:
    """The first release is up, with rows."""
    ocn.compose("up", "--detach", "--wait", "db")
    migrate(ocn, "v1")
    ocn.compose("up", "--detach", "--wait")
    with (ocn.folder / "fill.sql").open() as text:
        ocn.sql(text.read(), variables={"rows": str(rows)})


def pay(ocn: Project, number: int) -> int:
    """Return the status of a payment under this number."""
    status, _ = ocn.ask("POST", "/payments", {"number": number, "amount": 50_000})
    return status


def open_release(ocn: Project, tag: str) -> None:
    """The release runs, in the way an update by hand would start it."""
    ocn.use(tag)
    ocn.compose("up", "--detach", ocn.service)


def wait_for(ocn: Project, path: str, status: int, *, limit_seconds: float = 30) -> None:
    """The page answers with this status, or the time is over."""
    deadline = time.monotonic() + limit_seconds
    heard: object = None
    while time.monotonic() < deadline:
        try:
            heard = ocn.ask("GET", path)[0]
        except OSError as refused:
            heard = refused
        if heard == status:
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} does not answer {status}: {heard}")


def test_every_release_is_an_image_of_its_own(registry: Registry, ocn_image: str) -> None:
    """Eight tags mean eight digests."""
    assert ocn_image == f"{registry.address}/ocn"
    assert 8 == len({registry.digest("ocn", f"v{number}") for number in range(1, 9)})


def test_good_releases_then_one_that_stops_in_the_middle(make_project: MakeProject, ocn_image: str) -> None:
    """v1 to v3 keep every acknowledged row; v4 leaves half a migration and a ledger that stops v3 too."""
    ocn = make_project("ocn", image=ocn_image)
    start_shop(ocn)
    assert [201, 201] == [pay(ocn, FIRST_NUMBER), pay(ocn, FIRST_NUMBER)]
    migrate(ocn, "v2")
    assert 201 == pay(ocn, FIRST_NUMBER + 1), "the release before works on the migrated database"
    migrate(ocn, "v3")
    open_release(ocn, "v3")
    wait_for(ocn, "/health", 200)
    assert "v3" == ocn.ask("GET", "/version")[1]["version"]
    assert [FIRST_NUMBER, FIRST_NUMBER + 1] == ocn.ask("GET", f"/payments?from={FIRST_NUMBER}")[1]
    assert "10|10" == ocn.sql("SELECT count(*), count(*) FILTER (WHERE phone LIKE '+62%') FROM customers")
    assert "100" == ocn.sql("SELECT count(*) FROM invoices WHERE total = 30000")
    with pytest.raises(CommandFailed) as stopped:
        migrate(ocn, "v4")
    assert 1 == stopped.value.status
    assert 'type "PaymentMethod" already exists' in stopped.value.output
    assert "20251015080000_regions|f" == ocn.sql(LEDGER).splitlines()[-1]
    assert "1" == ocn.sql("SELECT count(*) FROM information_schema.columns WHERE column_name = 'region'")
    with pytest.raises(CommandFailed) as refused:
        migrate(ocn, "v3")
    assert "P3009" in refused.value.output
    assert 201 == pay(ocn, FIRST_NUMBER + 2)


def test_releases_that_fail_after_they_started(make_project: MakeProject, ocn_image: str) -> None:
    """v8 ends after twenty seconds; v7 answers 500; v6 empties the shop; v5 stops the release before from writing."""
    ocn = make_project("ocn", image=ocn_image)
    start_shop(ocn)
    migrate(ocn, "v3")
    assert 201 == pay(ocn, FIRST_NUMBER)
    open_release(ocn, "v8")
    crashing = ocn.compose("ps", "--quiet", "app").strip()
    first = _told_of(ocn, crashing)[1]
    wait_for(ocn, "/health", 200)
    wrong = ocn.beside("v7")
    wait_for(wrong, "/version", 200)
    assert [500, 500] == [wrong.ask("GET", "/")[0], wrong.ask("GET", "/health")[0]]
    assert "101" == ocn.sql("SELECT count(*) FROM payments")
    wait_for(ocn.beside("v6"), "/health", 200)
    assert "1" == ocn.sql("SELECT count(*) FROM payments")
    before = ocn.beside("v3")
    wait_for(before, "/health", 200)
    assert 201 == before.ask("POST", "/customers", {"name": "Before"})[0]
    migrate(ocn, "v5")
    assert "0" == ocn.sql("SELECT count(*) FROM information_schema.columns WHERE column_name = 'phone'")
    assert 500 == before.ask("POST", "/customers", {"name": "After"})[0]
    limit = time.monotonic() + 60
    while (told := _told_of(ocn, crashing))[0] == 0 and time.monotonic() < limit:
        time.sleep(0.3)
    restarts, _, last = told
    assert restarts > 0
    assert 15 < (last - first).total_seconds() / restarts < 40


def _told_of(project: Project, container: str) -> tuple[int, datetime, datetime]:
    """
    How often a container ended and was restarted, when it was last begun, and when it last ended, by the engine's clock.

    Restarts and the end change in one step of the engine, the next begin comes later.
    """
    what = "{{.RestartCount}} {{.State.StartedAt}} {{.State.FinishedAt}}"
    restarts, begun, ended = project.engine.docker("inspect", "--format", what, container).split()
    first, last = (datetime.fromisoformat(f"{moment[:19]}+00:00") for moment in (begun, ended))
    return int(restarts), first, last


def test_ocn_with_a_database_on_another_host(make_project: MakeProject, external: External, ocn_image: str) -> None:
    """The second Compose file has no database of its own and keeps its rows in the external one."""
    ocn = make_project("ocn", image=ocn_image)
    for name, text in (("COMPOSE_FILE", "docker-compose.external.yml"), ("EXTERNAL_DATABASE_URL", external.url)):
        set_variable(ocn.folder / ".env", name, text)
    assert ["app"] == ocn.compose("config", "--services").split()
    migrate(ocn, "v1")
    ocn.compose("up", "--detach", "--wait")
    assert 201 == pay(ocn, FIRST_NUMBER)
    assert str(FIRST_NUMBER) == external.sql("SELECT number FROM payments")


@pytest.mark.parametrize(
    ("example", "command", "table"),
    [
        ("notes-django", "python manage.py migrate --noinput", "notes_note"),
        ("notes-alembic", "alembic upgrade head", "notes"),
    ],
)
def test_notes_are_tagged_by_the_second_release(
    make_project: MakeProject, request: pytest.FixtureRequest, *, example: str, command: str, table: str
) -> None:
    """The second release's migration fills its new column, and the first release goes on writing."""
    notes = make_project(example, image=request.getfixturevalue(f"{example.removeprefix('notes-')}_image"))
    notes.compose("up", "--detach", "--wait", "db")
    notes.in_image(*command.split())
    notes.compose("up", "--detach", "--wait")
    assert 201 == notes.ask("POST", "/notes", {"number": 1, "text": "milk and bread"})[0]
    notes.in_image(*command.split(), tag="v2")
    assert 201 == notes.ask("POST", "/notes", {"number": 2, "text": "tea"})[0]
    notes.use("v2")
    notes.compose("up", "--detach", "--wait")
    assert (200, [1, 2]) == notes.ask("GET", "/notes?from=1")
    assert {"version": "v2"} == notes.ask("GET", "/version")[1]
    assert "1|milk\n2|" == notes.sql(f"SELECT number, tag FROM {table} ORDER BY number")
