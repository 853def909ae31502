"""One shop in the real world: a folder, a database, an app that serves, and people who look."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from amankan.adapters.runtimes.process.runtime import ProcessRuntime, ProcessSettings, Surroundings
from amankan.model.claim import Claim
from amankan.model.runtime import ServiceState
from amankan.model.secret import Secret
from amankan.proc.airlock.enclosed import Airlock
from amankan.proc.airlock.reach import Reach, Variables
from amankan.proc.detached import free_port
from tests.faults import toy
from tests.faults.born import Nest
from tests.faults.witness import Witness
from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database, Role
from tests.kit.postgres.server import Server

LIVE = "shop"
TEMPLATE = "kept_shop"
FIRST = "first"
PREFIX = "aman-faults-"
ROWS = 500

# A password of a hundred bits needs no thousands of rounds, and every session pays them.
SETTINGS = {"scram_iterations": "1"}

CONFIGURATION = """
[app]
name = "shop"
environment = "staging"
[runtime.process]
command = "{start}"
folder = "."
address = "http://127.0.0.1:{port}/"
[database]
url = {{ env = "DATABASE_URL" }}
migrate = "{migrate}"
[vault]
location = "backups"
recipients = {recipients}
[checks]
http = ["http://127.0.0.1:{port}/"]
watch_seconds = 0.2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """
    What many worlds are made from: one server, one nest of processes, and a folder that was prepared once.

    `role` is the app's and the tool's; its password is new for each ground, and must be seen nowhere.
    """

    server: Server
    nest: Nest
    home: Path
    role: Role
    port: int

    @property
    def prepared(self) -> Path:
        """The folder that worlds are copied from."""
        return self.home / "prepared"

    def secrets(self) -> tuple[bytes, ...]:
        """Return the password as people and as addresses write it."""
        return self.role.password.encode(), quote(self.role.password, safe="").encode()

    def close(self) -> None:
        """Nothing of it is left."""
        self.nest.close()
        self.server.close()
        shutil.rmtree(self.home)


def make_ground(version: int = 17) -> Ground:
    """Return a new ground with a server of that version, on which no world was made yet."""
    sweep()
    server = Server(find_build(version), settings=SETTINGS)
    role = server.role(attributes="login superuser")
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    home.chmod(0o711)
    (home / "owner").write_text(str(os.getpid()))
    return Ground(server=server, nest=Nest(), home=home, role=role, port=free_port())


@dataclass(slots=True, kw_only=True)
class World:
    """One shop; used by `with` nothing of it is left at the end."""

    ground: Ground
    folder: Path
    changes: dict[str, str] = field(default_factory=dict)
    witness: Witness = field(init=False)

    def __post_init__(self) -> None:
        """Nobody looks yet."""
        self.witness = Witness(port=self.ground.port)

    @property
    def database(self) -> Database:
        """The live database."""
        return Database(server=self.ground.server, name=LIVE)

    @property
    def environment(self) -> dict[str, str]:
        """What a command of the product is told; `changes` replace parts of it."""
        server = self.ground.server
        path = f"{server.client_dir}:{os.environ['PATH']}"
        url = server.url(LIVE, role=self.ground.role)
        return {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8", "DATABASE_URL": url} | self.changes

    def runtime(self) -> ProcessRuntime:
        """Return what keeps the app running, as an ordinary process would have it."""
        url = self.environment["DATABASE_URL"]
        settings = ProcessSettings(
            root=self.folder,
            state=self.folder / ".amankan" / "process",
            start=tuple(toy.command("app.py").split()),
            port=self.ground.port,
        )
        nowhere = Reach(airlock=Airlock(host="127.0.0.1", port=self.ground.server.port), telling=_untold)
        around = Surroundings(own=lambda: (("DATABASE_URL", Secret(url)),), reach=nowhere, stands=lambda _: None)
        return ProcessRuntime(settings, around)

    def open(self) -> None:
        """The app serves, and the witness is at work."""
        wanted = ServiceState(service="app", digest="", running=True, open=True, restart="always")
        self.runtime().open((wanted,), claim=Claim(run="first", epoch=1))
        self.witness.start()

    def configure(self, *, recipients: tuple[str, ...] = ()) -> None:
        """The folder has a configuration."""
        text = CONFIGURATION.format(
            start=toy.command("app.py"),
            migrate=toy.command("migrate.py"),
            port=self.ground.port,
            recipients=json.dumps(recipients),
        )
        (self.folder / "amankan.toml").write_text(text)

    def pids(self, word: str) -> list[int]:
        """Return the processes of this world among whose words is this one."""
        return [pid for pid, words in processes_of(self.folder) if word in words.split()]

    def close(self) -> None:
        """No process, no database and no file of it is left."""
        self.witness.stop()
        end_processes(self.folder)
        drop_all(self.ground.server)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sweep() -> None:
    """Nothing is left of grounds whose process is dead."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = home / "owner"
        if not owner.exists() or Path(f"/proc/{owner.read_text()}").exists():
            continue
        end_processes(home)
        for line in Path("/proc/mounts").read_text().splitlines():
            if f" {home}/" in line:
                subprocess.run(["umount", "--lazy", line.split()[1]], check=True)
        shutil.rmtree(home, ignore_errors=True)


def _untold(database: str, *, host: str, port: int) -> Variables:
    """Return nothing: by this hand nothing is started in the dark."""
    return ()


def prepare(ground: Ground) -> None:
    """The ground has a folder with keys and one proved backup, and a database that both belong to."""
    ground.prepared.mkdir(mode=0o700)
    toy.lay_out(ground.prepared)
    ground.server.database(LIVE, owner=ground.role.name)
    world = World(ground=ground, folder=ground.prepared)
    folder = ground.prepared / "releases" / "1"
    subprocess.run(toy.command("migrate.py").split(), cwd=folder, env=world.environment, check=True)
    world.database.execute(f"insert into orders (number) select -n from generate_series(1, {ROWS}) n")
    world.configure()
    made = ground.nest.run(world, "key", "new", "--json")
    world.configure(recipients=(str(made.document["key"]["recipient"]),))
    taken = ground.nest.run(world, "backup", "--json")
    assert (0, 0) == (made.status, taken.status), taken.err
    with ground.server.connect() as session:
        session.execute(f"create database {TEMPLATE} template {LIVE} owner {ground.role.name} strategy file_copy")


def fresh(ground: Ground, stage: str = FIRST) -> World:
    """Return a new world in which the app serves, as it is at a stage that was kept."""
    folder = Path(tempfile.mkdtemp(prefix="world-", dir=ground.home))
    source = ground.prepared if stage == FIRST else ground.home / stage / "folder"
    subprocess.run(["cp", "--archive", f"{source}/.", str(folder)], check=True)
    if stage == FIRST:
        drop_all(ground.server)
        with ground.server.connect() as session:
            session.execute(f"create database {LIVE} template {TEMPLATE} owner {ground.role.name} strategy file_copy")
    else:
        ground.server.kill9()
        shutil.rmtree(ground.server.data_dir)
        subprocess.run(["cp", "--archive", str(ground.home / stage / "cluster"), str(ground.server.data_dir)], check=True)
        ground.server.start()
    world = World(ground=ground, folder=folder)
    world.open()
    return world


def keep(world: World, stage: str) -> None:
    """A world is kept as a stage: its folder and its whole server, as they are when nobody looks and the app is stopped."""
    world.witness.stop()
    end_processes(world.folder)
    server, place = world.ground.server, world.ground.home / stage
    place.mkdir()
    server.stop()
    subprocess.run(["cp", "--archive", str(server.data_dir), str(place / "cluster")], check=True)
    subprocess.run(["cp", "--archive", str(world.folder), str(place / "folder")], check=True)
    server.start()


def drop_all(server: Server) -> None:
    """No database of a world is there."""
    with server.connect() as session:
        session.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots")
        names = session.execute("select datname from pg_database where starts_with(datname, %s)", [LIVE]).fetchall()
        for (name,) in names:
            session.execute(f'drop database "{name}" with (force)')


def processes_of(folder: Path) -> list[tuple[int, str]]:
    """Return every process whose surroundings or words name the folder, with its words."""
    found = []
    mark = f"{folder}/".encode()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            told = (place / "environ").read_bytes() + b"\0"
            words = (place / "cmdline").read_bytes()
            here = os.fsencode(os.readlink(place / "cwd")) + b"/"
        except OSError:
            continue
        if int(place.name) != os.getpid() and (mark in told or mark in words or here.startswith(mark)):
            found.append((int(place.name), words.replace(b"\0", b" ").decode(errors="replace").strip()))
    return found


def end_processes(folder: Path) -> None:
    """No process that belongs to the folder is there."""
    while found := processes_of(folder):
        for pid, _ in found:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue
