"""An update of OCN, tried on a throwaway server that listens on a unix socket, with production's containers beside it."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.kit.docker.examples import set_variable
from tests.real.compose.place import CLAIM, RUN, Shop, runtime_of
from tests.real.compose.test_dark import inside, reached

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.checks import count_rows
from amankan.adapters.engines.postgres.reach import session_conninfo
from amankan.adapters.engines.postgres.script import run_script
from amankan.adapters.engines.postgres.session import connected
from amankan.adapters.engines.postgres.shelf import server_tools
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.adapters.migrators.books import PostgresBooks
from amankan.adapters.migrators.site import Site
from amankan.adapters.runtimes.compose.project import render
from amankan.adapters.runtimes.compose.runtime import ComposeRuntime
from amankan.config.read import read
from amankan.config.settings import Settings
from amankan.errors import MigrationFailed, TimedOut
from amankan.model.release import Release
from amankan.model.verdict import Level
from amankan.ports.migrator import Migrator
from amankan.proc.docker import APP, RELAY, ROLE_LABEL, RUN_LABEL, RUN_VARIABLE
from amankan.wiring.apps import RunningProject
from amankan.wiring.composed import ComposeTool, containers_of, dark_variables, on_throwaway
from amankan.wiring.migrators import files_of_image, migrator_of
from amankan.wiring.probes import Sight, probes_of

pytestmark = pytest.mark.real

LIMIT_SECONDS = 60.0
CONFIGURATION = """
app = {{ name = "ocn", environment = "production" }}
runtime.compose = {{ file = "docker-compose.yml", services = ["app"] }}
vault = {{ location = "backups", recipients = ["age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"] }}

[database]
url = {{ container_env = ["app", "DATABASE_URL"] }}
{migrate}

[checks]
http = ["http://127.0.0.1:{port}/health"]
log_errors = ["ERROR", "Unhandled"]

[checks.sql]
customers = 'SELECT count(*) = 10 FROM customers'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A restored copy in a throwaway server, and everything that acts on it."""

    shop: Shop
    compose: RunningProject
    address: Address
    runtime: ComposeRuntime
    site: Site

    @property
    def tool(self) -> ComposeTool:
        """What runs commands in images."""
        return ComposeTool(runtime=self.runtime, services=("app",))

    def configured(self, migrate: str = "") -> Settings:
        """Return the settings of a configuration that says so much of the migration."""
        file = self.shop.project.folder / "amankan.toml"
        file.write_text(CONFIGURATION.format(migrate=migrate, port=self.shop.project.port))
        return read(file)

    def migrator(self, migrate: str = "", *, release: Release) -> Migrator:
        """Return the migrator that such a configuration leads to."""
        books = PostgresBooks(lambda name: session_conninfo(self.address.at(name)))
        files = lambda: files_of_image(self.tool, release)  # noqa: E731
        return migrator_of(self.configured(migrate), site=self.site, notebook=books, files=files, database="ocn")

    def level(self, release: Release) -> tuple[Level, list[str]]:
        """Return what all probes find of a release that runs in the dark on the copy."""
        sight = Sight(
            source=containers_of(self.compose),
            database="ocn",
            own=self.address.at,
            app=lambda name: replace(self.address.at(name), user="ocn"),
            steady_seconds=1.0,
        )
        verdicts = [probe.dark(release, run=RUN, database="ocn") for probe in probes_of(self.configured(), sight)]
        found = [finding for verdict in verdicts for finding in verdict.findings]
        return max((finding.level for finding in found), key=list(Level).index), [str(finding.sentence) for finding in found]


@pytest.fixture(scope="module")
def servers() -> Iterator[ThrowawayServers]:
    """Throwaway servers below a folder whose path their account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="aman-rehearsal-"))
    folder.chmod(0o711)
    made = ThrowawayServers(folder=folder, clock=SystemClock())
    yield made
    for run in made.runs():
        made.remove(run)
    shutil.rmtree(folder)


@pytest.fixture
def trial(ocn: Shop, servers: ThrowawayServers) -> Iterator[Trial]:
    """OCN with ten customers, and a copy of its database in a throwaway server."""
    ocn.project.sql("insert into customers (name, phone, city) select 'C' || n, '1', 'Bandung' from generate_series(1, 10) n")
    tools = server_tools(15)
    address = servers.make(RUN, tools, superuser="postgres")
    run_script(
        address, tools, script=b"create role ocn login superuser password 'only-an-example'; create database ocn owner ocn;"
    )
    dumped = ocn.project.compose("exec", "-T", "db", "sh", "-c", 'pg_dump -U "$POSTGRES_USER" ocn')
    run_script(address.at("ocn"), tools, script=dumped.encode())
    compose = RunningProject(settings=ocn.settings, project=render(ocn.settings))
    dark = on_throwaway(compose, address)
    runtime = runtime_of(dark)
    site = Site(
        tool=ComposeTool(runtime=runtime, services=("app",)),
        books=PostgresBooks(lambda name: session_conninfo(address.at(name))),
        environment=dark_variables(dark),
        stands=lambda claim: None,
    )
    yield Trial(shop=ocn, compose=compose, address=address, runtime=runtime, site=site)
    runtime.stop(CLAIM)
    servers.remove(RUN)


def left(shop: Shop) -> list[str]:
    """Return what of the run, or of any question, is in the engine."""
    kinds = ((kind, ("--all",) if kind == "container" else ()) for kind in ("container", "network", "volume"))
    return [shop.docker.ask(kind, "ls", *words, "--quiet", "--filter", f"label={RUN_LABEL}") for kind, words in kinds]


def test_an_update_is_tried_on_the_copy_alone(trial: Trial) -> None:
    """The new release migrates the copy and runs on it, the old one runs on what is left; production sees nothing of it."""
    shop = trial.shop
    before, after = shop.runtime.release(), shop.release("v2")
    production = (shop.untouched(), shop.runtime.inventory(), shop.project.sql("select count(*) from _prisma_migrations"))
    migrator = trial.migrator(release=after)
    brought = set(migrator.expected(after)) - set(migrator.expected(before))
    assert 1 == len(brought)
    assert brought.isdisjoint(migrator.ledger("ocn").applied)
    migrator.migrate(after, database="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert brought < set(migrator.ledger("ocn").applied)
    assert ["", "", ""] == left(shop)
    for release in (after, before):
        trial.runtime.start(release, database="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        assert (Level.PASS, 5) == ((found := trial.level(release))[0], len(found[1])), found
        with connected(trial.address.at("ocn")) as session:
            sessions = session.execute(
                "select usename, application_name from pg_stat_activity where usename = 'ocn'"
            ).fetchall()
        assert sessions
        trial.runtime.stop(CLAIM)
    assert 10 == count_rows(trial.address.at("ocn"))["public.customers"]
    assert ["", "", ""] == left(shop)
    assert production == (
        shop.untouched(),
        shop.runtime.inventory(),
        shop.project.sql("select count(*) from _prisma_migrations"),
    )


def test_the_copy_is_all_that_is_reached(trial: Trial) -> None:
    """A release on the copy reaches neither production's database nor this machine, and the relay has no other network."""
    shop = trial.shop
    trial.runtime.start(shop.release("v1"), database="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert Level.PASS is trial.level(shop.release("v1"))[0]
    (database,) = shop.containers("db")
    end = database["NetworkSettings"]["Networks"][f"{shop.project.name}_default"]
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        own = shop.docker.ask("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
        targets = [(end["IPAddress"], 5432), (end["Gateway"], port), (own, port), ("192.88.99.1", 53)]
        found = reached(shop, ("db", 5432), *targets)
    assert "open" == found[0]
    assert [] == [word for word in found[1:] if word == "open"]
    assert inside(shop, "printenv", "DATABASE_URL").endswith("@db:5432/ocn")
    (relay,) = shop.docker.containers(f"{RUN_LABEL}={RUN}", f"{ROLE_LABEL}={RELAY}")
    (app,) = shop.docker.containers(f"{RUN_LABEL}={RUN}", f"{ROLE_LABEL}={APP}")
    assert set(app["NetworkSettings"]["Networks"]) == set(relay["NetworkSettings"]["Networks"])
    assert not [mount for mount in relay["Mounts"] if mount["RW"]]
    with connected(trial.address) as session:
        assert ("",) == session.execute("show listen_addresses").fetchone()


def test_an_entrypoint_migrates_the_copy(trial: Trial) -> None:
    """An image that migrates when it starts does so in the dark, and does not run afterwards."""
    shop = trial.shop
    set_variable(shop.project.folder / ".env", "MIGRATE_ON_START", "1")
    migrator = trial.migrator('migrate = "entrypoint"', release=shop.release("v2"))
    assert not migrator.ledger("ocn").holds(migrator.expected(shop.release("v2")))
    migrator.migrate(shop.release("v2"), database="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert migrator.ledger("ocn").holds(migrator.expected(shop.release("v2")))
    assert ["", "", ""] == left(shop)


def test_a_failing_migration_says_why(trial: Trial) -> None:
    """A migration that fails in the middle is told with its name and reason, and no password is among the words."""
    release = trial.shop.release("v4")
    with pytest.raises(MigrationFailed) as failed:
        trial.migrator(release=release).migrate(release, database="ocn", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert "P3018" in str(failed.value)
    assert "already exists" in str(failed.value)
    assert "only-an-example" not in str(failed.value)
    assert ["", "", ""] == left(trial.shop)


def test_what_a_command_is_told(trial: Trial) -> None:
    """Variables arrive, the dark database among them, and none of their secrets is in what a command says or in its words."""
    release = trial.shop.release("v2")
    environment = trial.site.variables("ocn", CLAIM)
    words = ("sh", "-c", 'echo "$PGAPPNAME|$PGOPTIONS|$DATABASE_URL|$AMANKAN_RUN"; tr "\\0" " " </proc/1/cmdline >&2; exit 5')
    said = trial.tool.run(release, words, environment=environment, limit_seconds=LIMIT_SECONDS)
    assert 5 == said.status
    assert [f"amankan/{RUN}/1", "-c lock_timeout=5000", "•••", RUN] == said.output.strip().split("|")
    assert "only-an-example" not in said.output + said.messages


def test_a_question_reaches_nothing(trial: Trial) -> None:
    """What names no run has no network at all, and needs no server."""
    words = ("node", "-e", "console.log(JSON.stringify(Object.keys(require('os').networkInterfaces())))")
    said = trial.tool.run(trial.shop.release("v2"), words, environment=(), limit_seconds=LIMIT_SECONDS)
    assert ["lo"] == json.loads(said.output)
    assert ["", "", ""] == left(trial.shop)


def test_a_command_without_end_is_ended(trial: Trial) -> None:
    """When the limit passes nothing is at work any more."""
    release = trial.shop.release("v2")
    with pytest.raises(TimedOut):
        trial.tool.run(release, ("sleep", "600"), environment=((RUN_VARIABLE, RUN),), limit_seconds=1.0)
    assert ["", "", ""] == left(trial.shop)
