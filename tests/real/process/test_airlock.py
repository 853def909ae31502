"""What a program in the airlock reaches: the one database, and nothing else of this machine or of the world."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, RUN
from tests.kit.postgres.build import find_build
from tests.kit.postgres.fixtures import ANY_VERSION
from tests.kit.postgres.server import Server
from tests.real.process.place import make_runtime

import amankan
from amankan.adapters.migrators.folder import FolderTool
from amankan.errors import MigrationFailed
from amankan.model.release import Image, Release
from amankan.proc.airlock.enclosed import Airlock, enclosed
from amankan.proc.airlock.reach import Reach
from amankan.proc.command import Command
from amankan.proc.living import marked
from amankan.proc.run import attempt

pytestmark = pytest.mark.real

LIMIT_SECONDS = 30.0

# Tries everything that `tries` names and says of each whether it came through; a database is asked for its name.
TRY = """
import json, os, socket, sys
def came(kind, *where):
    try:
        if kind == "database":
            import psycopg
            with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as session:
                return session.execute("select current_database()").fetchone()[0]
        if kind == "server":
            with socket.create_connection(where, timeout=5) as link:
                link.sendall(bytes((0, 0, 0, 8, 4, 210, 22, 47)))
                return link.recv(1).decode() in "NS"
        if kind == "tcp":
            socket.create_connection(where, timeout=2).close()
        if kind == "unix":
            with socket.socket(socket.AF_UNIX) as link:
                link.connect(where[0])
        if kind == "name":
            socket.getaddrinfo(where[0], 80)
        if kind == "signal":
            os.kill(where[0], 0)
        if kind == "write":
            open(where[0], "w").close()
        if kind == "uncover":
            import subprocess
            subprocess.run(("umount", where[0]), check=True, capture_output=True)
        if kind == "nested":
            import subprocess
            subprocess.run(("unshare", "--user", "--map-root-user", "--mount", "umount", where[0]), check=True)
        if kind == "leave":
            import subprocess
            subprocess.run(("nsenter", "--target=1", "--mount", "true"), check=True)
        return True
    except Exception:
        return False
def tried():
    return json.dumps([came(*each) for each in json.load(open("tries"))])
"""

APP = (
    TRY
    + """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(tried().encode())
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""
)


@pytest.fixture(scope="module")
def production() -> Iterator[Server]:
    """Yield a server that nobody in the airlock may reach."""
    server = Server(find_build(ANY_VERSION))
    yield server
    server.close()


@contextmanager
def surroundings(production: Server, folder: Path) -> Iterator[list[tuple[object, ...]]]:
    """Yield what must not be reached: all of it is there and can be reached from outside of an airlock."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("0.0.0.0", 0)))
        abstract, plain = stack.enter_context(socket.socket(socket.AF_UNIX)), stack.enter_context(socket.socket(socket.AF_UNIX))
        name = f"\0amankan-{os.getpid()}"
        abstract.bind(name)
        plain.bind(str(folder / "s"))
        abstract.listen()
        plain.listen()
        yield [
            ("tcp", "127.0.0.1", production.port),
            ("tcp", "127.0.0.1", listener.getsockname()[1]),
            ("tcp", machine_address(), listener.getsockname()[1]),
            ("unix", f"{production.socket_dir}/.s.PGSQL.{production.port}"),
            ("unix", str(folder / "s")),
            ("unix", name),
            ("signal", os.getpid()),
        ]


# What cannot be had from inside, and may be missing outside as well.
BEYOND: list[tuple[object, ...]] = [
    ("tcp", "10.0.0.1", 80),
    ("name", "example.com"),
    ("uncover", "/run"),
    ("nested", "/run"),
    ("leave",),
    ("write", "/proc/sys/kernel/core_pattern"),
]


def machine_address() -> str:
    """Return an address that this machine has for others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(("10.255.255.255", 9))
        return str(asked.getsockname()[0])


def write_app(folder: Path, text: str, tries: list[tuple[object, ...]]) -> None:
    """The folder holds a program and what it tries."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.py").write_text(text)
    (folder / "tries").write_text(json.dumps(tries))


def reach_of(server: Server, *, by_socket: bool) -> Reach:
    """Return how a program comes to a server, which it is told by the loopback address."""
    host = str(server.socket_dir) if by_socket else "127.0.0.1"

    def telling(database: str, *, host: str, port: int) -> tuple[tuple[str, str], ...]:
        return (("DATABASE_URL", server.url(database).replace(f"127.0.0.1:{server.port}", f"{host}:{port}")),)

    return Reach(airlock=Airlock(host=host, port=server.port), telling=telling)


def ask(address: str) -> list[object]:
    """Return what the app in the dark says of its tries."""
    with urllib.request.urlopen(f"http://{address}/", timeout=60) as answer:
        return list(json.loads(answer.read()))


@pytest.mark.parametrize("by_socket", [False, True], ids=["by its port", "by its socket"])
def test_the_dark_reaches_one_database(any_postgres: Server, production: Server, tmp_path: Path, by_socket: bool) -> None:
    """An app in the dark works with its database, and reaches neither production, nor this machine, nor another."""
    folder = tmp_path / "root" / "releases" / "one"
    (tmp_path / "root").mkdir()
    with surroundings(production, tmp_path) as forbidden:
        write_app(folder, APP, [("database",), *forbidden, *BEYOND])
        reach = reach_of(any_postgres, by_socket=by_socket)
        runtime = make_runtime(tmp_path / "root", reach=reach, start=(sys.executable, "app.py"))
        try:
            runtime.start(runtime.release_in("one"), database="postgres", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
            expected = ["postgres", *[False] * len(forbidden + BEYOND)]
            assert expected == ask(runtime.address(RUN))
        finally:
            runtime.stop(CLAIM)
        outside = subprocess.run(
            (sys.executable, "-c", f"{TRY}\nprint(tried())"),
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "DATABASE_URL": any_postgres.url("postgres")},
        )
        assert ["postgres", *[True] * len(forbidden)] == json.loads(outside.stdout)[: len(forbidden) + 1]


@pytest.mark.parametrize("account", [None, "other"])
def test_a_migration_reaches_one_server(any_postgres: Server, production: Server, open_dir: Path, account: str | None) -> None:
    """A command of a migration reaches the server of its database alone, whoever it runs as, under the server's own name."""
    with surroundings(production, open_dir) as forbidden:
        tries = [("server", "db.example.com", any_postgres.port), *forbidden, *BEYOND]
        write_app(open_dir / "one", f"{TRY}\nprint(tried())", tries)
        tool = FolderTool(
            lambda release: str(open_dir / release.label),
            airlock=Airlock(host=str(any_postgres.socket_dir), port=any_postgres.port, name="db.example.com"),
            account=ordinary() if account else None,
        )
        said = tool.run(release(), ("python3", "app.py"), environment=(), limit_seconds=LIMIT_SECONDS)
        assert [True, *[False] * len(tries[1:])] == json.loads(said.output)


def test_an_ordinary_account_closes_it_too(any_postgres: Server, production: Server, open_dir: Path) -> None:
    """Without root's rights the airlock is as tight; what is written in folders that may not be written fails."""
    copy, kept = open_dir / "src" / "amankan", open_dir / "kept"
    shutil.copytree(Path(amankan.__file__).parent, copy)
    kept.mkdir(mode=0o777)
    kept.chmod(0o777)
    with surroundings(production, open_dir) as forbidden:
        tries = [("server", "127.0.0.1", any_postgres.port), *forbidden, *BEYOND, ("write", str(kept / "file"))]
        write_app(open_dir / "one", f"{TRY}\nprint(tried())", tries)
        airlock = Airlock(host="127.0.0.1", port=any_postgres.port, unwritten=(str(kept),))
        command = enclosed(Command(words=("python3", "app.py"), limit_seconds=5, folder=str(open_dir / "one")), airlock)
        told = command.words[4:]
        runs = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module(%r, run_name='__main__')"
        uid, gid = ordinary()
        words = ("python3", "-I", "-c", runs % command.words[3], str(copy.parent), *told)
        outcome = attempt(Command(words=words, limit_seconds=LIMIT_SECONDS, uid=uid, gid=gid))
        assert [True, *[False] * len(tries[1:])] == json.loads(outcome.output)


# Starts a release in the dark, says so, and waits to be killed.
START = (
    "import sys; from pathlib import Path; sys.path.insert(0, '.')\n"
    "from tests.real.process.place import make_runtime; from tests.contract.cases import CLAIM\n"
    "runtime = make_runtime(Path(sys.argv[1]))\n"
    "runtime.start(runtime.release_in('one'), database='x', claim=CLAIM, limit_seconds=90)\n"
    "print('started', flush=True); import time; time.sleep(99)"
)


def test_a_start_that_was_cut_is_settled(tmp_path: Path) -> None:
    """With its starter killed before the app answered, settling ends all of it."""
    write_app(tmp_path / "releases" / "one", "import time; time.sleep(99)", [])
    (tmp_path / "current").symlink_to("releases/one")
    mark = f"AMANKAN_PROCESS={tmp_path}/state/dark-{RUN}"
    with subprocess.Popen((sys.executable, "-c", START, str(tmp_path)), process_group=0) as starter:
        assert eventually(lambda: len(marked(mark)) == 5)
        os.killpg(starter.pid, signal.SIGKILL)
    runtime = make_runtime(tmp_path)
    runtime.settle(CLAIM)
    assert () == marked(mark)
    runtime.stop(CLAIM)
    assert () == runtime.inventory().dark


def test_nothing_of_the_dark_is_left_after_a_crash(any_postgres: Server, tmp_path: Path) -> None:
    """With its starter killed, and also its supervisor, settling and stopping leave no process and no port of it."""
    write_app(tmp_path / "releases" / "one", APP, [])
    (tmp_path / "current").symlink_to("releases/one")
    with subprocess.Popen((sys.executable, "-c", START, str(tmp_path)), stdout=subprocess.PIPE, process_group=0) as starter:
        assert starter.stdout is not None
        assert b"started\n" == starter.stdout.readline()
        os.killpg(starter.pid, signal.SIGKILL)
    runtime = make_runtime(tmp_path)
    mark = f"AMANKAN_PROCESS={tmp_path}/state/dark-{RUN}"
    address = runtime.address(RUN)
    assert [] == ask(address)
    # The supervisor, both halves of the airlock, the first process inside, and the app.
    assert 5 == len(marked(mark))
    supervisor = json.loads((tmp_path / "state" / f"dark-{RUN}.json").read_text())["supervisor"]["pid"]
    os.kill(supervisor, signal.SIGKILL)
    assert eventually(lambda: () == marked(mark))
    runtime.settle(CLAIM)
    runtime.stop(CLAIM)
    assert () == runtime.inventory().dark
    with pytest.raises(OSError, match="refused"):
        ask(address)


def test_a_killed_migration_leaves_nothing(any_postgres: Server, tmp_path: Path) -> None:
    """With us killed in the midst of a command, nothing of the command is at work any more, not even what left its parent."""
    write_app(tmp_path, "import subprocess, time; subprocess.Popen(('setsid', 'sleep', '99')); time.sleep(99)", [])
    script = (
        "import sys; from amankan.proc.airlock.enclosed import Airlock, enclosed; from amankan.proc.command import Command\n"
        "from amankan.proc.run import attempt\n"
        "mark = (('MARK', sys.argv[1]),)\n"
        "command = Command(words=('python3', 'app.py'), limit_seconds=99, folder=sys.argv[1], environment=mark)\n"
        "attempt(enclosed(command, Airlock(host='127.0.0.1', port=5432)))"
    )
    with subprocess.Popen((sys.executable, "-c", script, str(tmp_path))) as runner:
        assert eventually(lambda: len(marked(f"MARK={tmp_path}")) == 5)
        runner.kill()
    assert eventually(lambda: () == marked(f"MARK={tmp_path}"))


def test_what_cannot_be_closed_is_not_run(tmp_path: Path) -> None:
    """Where namespaces may not be made, nothing is run, and the error says how to allow it."""
    script = (
        "import sys; from amankan.adapters.migrators.folder import FolderTool; from amankan.errors import MigrationFailed\n"
        "from amankan.proc.airlock.enclosed import Airlock; from amankan.model.release import Release\n"
        "tool = FolderTool(lambda release: sys.argv[1], airlock=Airlock(host='127.0.0.1', port=5432))\n"
        "try:\n"
        "    tool.run(Release(label='one', images=()), ('touch', 'ran'), environment=(), limit_seconds=9)\n"
        "except MigrationFailed as fault:\n"
        "    print(fault, '/', fault.next)"
    )
    inner = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    words = ("unshare", "--user", "--map-root-user", "sh", "-c", inner, "sh", sys.executable, "-c", script, str(tmp_path))
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "cannot keep a program away from production: unshare: " in said
    assert "user.max_user_namespaces" in said
    assert not (tmp_path / "ran").exists()


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A command that does not exist is told as such, by its own name."""
    tool = FolderTool(lambda release: str(tmp_path), airlock=Airlock(host="127.0.0.1", port=5432))
    with pytest.raises(MigrationFailed, match="cannot run nope: nope: No such file"):
        tool.run(release(), ("nope",), environment=(), limit_seconds=LIMIT_SECONDS)


def release() -> Release:
    """Return a release in the folder `one`."""
    return Release(label="one", images=(Image(service="app", reference="one", digest="sha256:one"),))


def ordinary() -> tuple[int, int]:
    """Return an account that is not root."""
    found = pwd.getpwnam("nobody")
    return found.pw_uid, found.pw_gid


def eventually(truth: Callable[[], bool]) -> bool:
    """Tell whether something becomes true within some seconds."""
    end = time.monotonic() + LIMIT_SECONDS
    while not truth():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
