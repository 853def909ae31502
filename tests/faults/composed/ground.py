"""An engine with one project that is brought back to the same stage again and again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.born import Nest
from tests.faults.witness import Witness, ask
from tests.faults.world import PREFIX, sweep
from tests.kit.docker.engine import Engine, running_engine
from tests.kit.docker.examples import Project, project, publish
from tests.kit.docker.images import make_stand_ins
from tests.kit.docker.place import prepare, slot
from tests.kit.docker.registry import running_registry
from tests.kit.postgres.build import find_build

KEPT_TAGS: Final = "amankan-keep/*"

CONFIGURATION: Final = """
[app]
name = "ocn"
environment = "staging"
[runtime.compose]
file = "docker-compose.yml"
services = ["app"]
[database]
url = {{ container_env = ["app", "DATABASE_URL"] }}
migrate = "npx prisma migrate deploy"
[vault]
location = "backups"
recipients = {recipients}
[checks]
http = ["http://127.0.0.1:{port}/health"]
watch_seconds = 1
[limits]
downtime_seconds = 300
"""


@dataclass(slots=True, kw_only=True)
class Payer(Witness):
    """Pays through the app, and asks it which release serves."""

    first: int = field(default_factory=lambda: int(time.time()))

    def look(self) -> tuple[str, str]:
        """Return the release that serves, and nothing of its schema: that is asked of the database at the end."""
        return json.loads(ask(self.port, "GET", "/version"))["version"], ""

    def write(self, number: int) -> bool:
        """Tell whether the app took the payment of this number."""
        return bool(json.loads(ask(self.port, "POST", "/payments", {"number": number, "amount": 5}))["number"] == number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """One engine, one project whose first release runs, a plan for the second, and all of it kept as it was then."""

    nest: Nest
    home: Path
    project: Project
    plan: str
    tags: frozenset[str]

    @property
    def folder(self) -> Path:
        """The folder of the project."""
        return self.project.folder

    @property
    def environment(self) -> dict[str, str]:
        """What a command of the product is told."""
        return surroundings(self.project)

    def secrets(self) -> tuple[bytes, ...]:
        """Return nothing: the password of an example stands in its files."""
        return ()

    def kept_tags(self) -> frozenset[str]:
        """Return the names by which the product keeps images."""
        words = ("image", "ls", "--filter", f"reference={KEPT_TAGS}", "--format", "{{.Repository}}:{{.Tag}}")
        return frozenset(self.project.engine.docker(*words).split())


def surroundings(made: Project) -> dict[str, str]:
    """Return what a command of the product is told in the folder of a project."""
    path = f"{find_build(15).client_dir}:{made.environment()['PATH']}"
    return made.environment() | {"PATH": path, "HOME": os.environ["HOME"], "LANG": "C.UTF-8"}


@dataclass(slots=True, kw_only=True)
class Moored:
    """The project as it is at its stage, with somebody who pays; used by `with` nobody pays at the end."""

    yard: Yard
    database: str
    witness: Payer = field(init=False)

    def __post_init__(self) -> None:
        """Somebody pays."""
        self.witness = Payer(port=self.yard.project.port)
        self.witness.start()

    @property
    def folder(self) -> Path:
        """The folder of the configuration."""
        return self.yard.folder

    @property
    def environment(self) -> dict[str, str]:
        """All of a command's variables."""
        return self.yard.environment

    def __enter__(self) -> Moored:
        return self

    def __exit__(self, *_: object) -> None:
        self.witness.stop()


@contextmanager
def yard() -> Iterator[Yard]:
    """
    Lend a project of OCN in its first release, with a plan for its second.

    Cost: half a minute; minutes where no image was built yet.
    """
    prepare()
    sweep()
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    (home / "owner").write_text(str(os.getpid()))
    nest = Nest()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        stack.callback(nest.close)
        taken = stack.enter_context(slot())
        engine = stack.enter_context(running_engine(taken))
        make_stand_ins(engine)
        registry = stack.enter_context(running_registry(taken.kept_folder / "registry"))
        image = publish(engine, registry, "ocn")
        made = project(engine, home / f"faults-{os.getpid()}", example="ocn", image=image, tag="v1")
        stack.callback(made.down)
        yield _planned(nest, home, made)


def _planned(nest: Nest, home: Path, made: Project) -> Yard:
    made.compose("up", "--detach", "--wait", "db")
    made.in_image("npx", "prisma", "migrate", "deploy")
    made.compose("up", "--detach", "--wait")
    place = _Place(folder=made.folder, environment=surroundings(made))
    settings = made.folder / "amankan.toml"
    settings.write_text(CONFIGURATION.format(recipients="[]", port=made.port))
    key = nest.run(place, "key", "new", "--json").document["key"]["recipient"]
    settings.write_text(CONFIGURATION.format(recipients=json.dumps([key]), port=made.port))
    planned = nest.run(place, "plan", "--tag", "v2", "--json")
    assert 0 == planned.status, planned.err
    made.compose("stop", "--timeout", "5")
    subprocess.run(["cp", "--archive", str(made.folder), str(home / "folder")], check=True)
    subprocess.run(["cp", "--archive", str(_volume(made.engine, made)), str(home / "volume")], check=True)
    found = Yard(nest=nest, home=home, project=made, plan=planned.document["plan"]["id"], tags=frozenset())
    return Yard(nest=nest, home=home, project=made, plan=found.plan, tags=found.kept_tags())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    folder: Path
    environment: dict[str, str]


def moor(found: Yard) -> Moored:
    """Return the project at its stage: containers anew, the database's files and the folder as they were kept."""
    made = found.project
    strays = made.engine.docker("container", "ls", "--all", "--quiet").split()
    if strays:
        made.engine.docker("container", "rm", "--force", *strays)
    made.engine.docker("network", "prune", "--force")
    for tag in found.kept_tags() - found.tags:
        made.engine.docker("image", "rm", tag)
    volume = _volume(made.engine, made)
    for source, into in ((found.home / "volume", volume), (found.home / "folder", made.folder)):
        shutil.rmtree(into)
        subprocess.run(["cp", "--archive", str(source), str(into)], check=True)
    made.compose("up", "--detach", "--wait", "--no-build", "--pull", "never")
    return Moored(yard=found, database=made.compose("ps", "--quiet", "db").strip())


def _volume(engine: Engine, made: Project) -> Path:
    return Path(engine.docker("volume", "inspect", "--format", "{{.Mountpoint}}", f"{made.name}_database"))
