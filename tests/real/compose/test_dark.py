"""A release in the dark reaches its database and nothing else."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest
from tests.real.compose.place import CLAIM, CLONE, RUN, Shop

from amankan.proc.docker import APP, NEEDED, RELAY, ROLE_LABEL, RUN_LABEL
from amankan.proc.run import attempt

pytestmark = pytest.mark.real

LIMIT_SECONDS = 60.0
# One word per target: `open` where a connection comes about within a second and a half, else the error's own code.
CONNECT = """
const net = require('net');
Promise.all(JSON.parse(process.argv[1]).map(([host, port]) => new Promise((done) => {
  const socket = net.connect({ host, port, family: 4 });
  socket.setTimeout(1500, () => { socket.destroy(); done('silent'); });
  socket.on('connect', () => { socket.destroy(); done('open'); });
  socket.on('error', (error) => done(error.code));
}))).then((found) => console.log(JSON.stringify(found)));
"""


@pytest.fixture
def dark(ocn: Shop) -> Shop:
    """OCN with its second release in the dark, on a copy of the database."""
    ocn.clone()
    ocn.runtime.start(ocn.release("v2"), database=CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    return ocn


def inside(shop: Shop, *words: str, role: str = APP) -> str:
    """Return what a command says in a container of the run; its messages where it fails."""
    (container,) = shop.docker.containers(f"{RUN_LABEL}={RUN}", f"{ROLE_LABEL}={role}")
    outcome = attempt(shop.docker.command("exec", container["Id"], *words))
    return outcome.output.decode().strip() or outcome.messages


def reached(shop: Shop, *targets: tuple[str, int]) -> list[str]:
    """Return, for each target, whether the release in the dark came to it."""
    found: list[str] = json.loads(inside(shop, "node", "-e", CONNECT, json.dumps(targets)))
    return found


def answered(shop: Shop) -> str:
    """Return the status of the release in the dark, once it answers."""
    ask = "fetch('http://127.0.0.1:3000/health').then((a) => console.log(a.status), () => console.log(''))"
    for _ in range(60):
        if status := inside(shop, "node", "-e", ask):
            return status
        time.sleep(0.25)
    return ""


@pytest.fixture
def listener() -> Iterator[int]:
    """Somebody listens on every address of this machine; yields the port."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        yield server.getsockname()[1]


def test_it_works_on_the_copy(dark: Shop) -> None:
    """The release answers, its sessions are in the copy, and production's database has none of them."""
    assert "200" == answered(dark)
    assert inside(dark, "printenv", "DATABASE_URL").endswith(f"@db:5432/{CLONE}")
    relay = dark.docker.containers(f"{RUN_LABEL}={RUN}", f"{ROLE_LABEL}={RELAY}")[0]
    address = relay["NetworkSettings"]["Networks"][f"{dark.project.name}_default"]["IPAddress"]
    question = f"select distinct datname from pg_stat_activity where client_addr = '{address}'"
    assert CLONE == dark.project.sql(question)


def test_it_reaches_nothing_else(dark: Shop, listener: int) -> None:
    """Neither production's containers by address, nor this machine by any address, nor the world, nor a name is reached."""
    (app,), (database,) = dark.containers("app"), dark.containers("db")
    network = f"{dark.project.name}_default"
    hosts = [container["NetworkSettings"]["Networks"][network]["IPAddress"] for container in (app, database)]
    gateway = app["NetworkSettings"]["Networks"][network]["Gateway"]
    own = dark.docker.ask("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    (ours,) = dark.docker.containers(f"{RUN_LABEL}={RUN}", f"{ROLE_LABEL}={APP}")
    (end,) = ours["NetworkSettings"]["Networks"].values()
    beside = end["IPAddress"].rpartition(".")[0] + ".1"
    targets = [
        (hosts[0], 3000),
        (hosts[1], 5432),
        (gateway, listener),
        (own, listener),
        (beside, listener),
        ("192.88.99.1", 53),
    ]
    answered(dark)
    found = reached(dark, ("db", 5432), ("app", 3000), ("db", 3000), *targets)
    assert ["open", "open"] == found[:2]
    assert [] == [word for word in found[2:] if word == "open"]
    started = time.monotonic()
    names = ("example.org", f"{dark.project.name}-db-1", "host.docker.internal")
    assert ["", "", ""] == [inside(dark, "getent", "hosts", name) for name in names]
    assert time.monotonic() - started < 20


def test_nothing_is_published_and_production_stays(dark: Shop) -> None:
    """No container of the run has a published port or a way to come back, and the database's container is untouched."""
    before = dark.untouched()
    ours = dark.docker.containers(f"{RUN_LABEL}={RUN}")
    assert {APP, RELAY} == {container["Config"]["Labels"][ROLE_LABEL] for container in ours}
    assert [{}, {}] == [container["HostConfig"]["PortBindings"] or {} for container in ours]
    assert {"no"} == {container["HostConfig"]["RestartPolicy"]["Name"] for container in ours}
    assert 200 == dark.project.ask("GET", "/health")[0]
    dark.runtime.stop(CLAIM)
    assert before == dark.untouched()
    for kind in ("container", "network", "volume"):
        all_of_it = ("--all",) if kind == "container" else ()
        assert "" == dark.docker.ask(kind, "ls", *all_of_it, "--quiet", "--filter", f"label={RUN_LABEL}={RUN}")


OVERRIDE = """
services:
  app:
    container_name: {name}-the-app
    cap_add: [NET_RAW]
    extra_hosts: ["world:192.0.2.7"]
    depends_on: [cache]
    volumes:
      - uploads:/uploads
      - ./large:/large
      - ./settings.ini:/settings.ini
      - /var/run/docker.sock:/var/run/docker.sock
  cache:
    image: postgres:15
    environment: {{POSTGRES_PASSWORD: x}}
    volumes: ["kept:/var/lib/postgresql/data"]
volumes:
  uploads:
  kept:
"""


def test_production_s_files_are_out_of_reach(ocn: Shop) -> None:
    """A small volume is a copy, a large folder and a file are to be read only, and no engine's socket is there."""
    folder, project = ocn.project.folder, ocn.project
    (folder / "large").mkdir()
    (folder / "large" / "film").write_bytes(bytes(ocn.settings.copied_bytes + 1))
    (folder / "settings.ini").write_text("as it was")
    (folder / "docker-compose.override.yml").write_text(OVERRIDE.format(name=project.name))
    files = ("docker-compose.yml", "docker-compose.override.yml")
    project.compose("up", "--detach", "--wait")
    project.compose("exec", "-T", "app", "sh", "-c", "echo original > /uploads/one; ln -s one /uploads/two")
    ocn.clone()
    with_files = Shop(project=project, settings=ocn.with_files(*files), runtime=ocn.runtime_of(*files), release=ocn.release)
    with_files.runtime.start(ocn.release("v2"), database=CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    script = "cat /uploads/two; echo changed > /uploads/one; cat /uploads/one; ls /var/run/docker.sock"
    said = inside(with_files, "sh", "-c", script).split()
    assert ["original", "changed"] == said[:2]
    assert "/var/run/docker.sock" not in said
    for target in ("/large/film", "/settings.ini"):
        assert "Read-only" in inside(with_files, "sh", "-c", f"echo spoiled > {target}")
    assert "original" == project.compose("exec", "-T", "app", "cat", "/uploads/one").strip()
    (cache,) = ocn.docker.containers(f"{RUN_LABEL}={RUN}", f"{ROLE_LABEL}={NEEDED}")
    assert f"{project.name}_kept" not in {mount.get("Name") for mount in cache["Mounts"]}
    (app,) = ocn.docker.containers(f"{RUN_LABEL}={RUN}", f"{ROLE_LABEL}={APP}")
    assert (None, None) == (app["HostConfig"]["CapAdd"], app["HostConfig"]["ExtraHosts"] or None)
