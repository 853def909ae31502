"""The app in the hands of the runtime, while others interfere."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.kit.docker.place import REPOSITORY
from tests.real.compose.place import CLAIM, CLONE, RUN, Shop, runtime_of

from amankan.adapters.runtimes.compose.orphans import orphans
from amankan.errors import RuntimeFailed, TimedOut
from amankan.model.release import Release
from amankan.model.runtime import ServiceState

pytestmark = pytest.mark.real

LIMIT_SECONDS = 60.0


def answers(shop: Shop) -> str:
    """Return the build that the published port answers with, once it does."""
    for _ in range(120):
        try:
            status, said = shop.project.ask("GET", "/version")
            return f"{status} {said.get('version')}"
        except OSError:
            time.sleep(0.25)
    return ""


def forward(shop: Shop, release: Release) -> tuple[ServiceState, ...]:
    """The app is halted, placed and opened; returns what it was before."""
    services = shop.runtime.inventory().services
    shop.runtime.halt(CLAIM)
    shop.runtime.place(release, services=services, claim=CLAIM)
    shop.runtime.open(services, claim=CLAIM)
    return services


def test_an_update_and_the_way_back(ocn: Shop) -> None:
    """The next release answers, then the first again; database and user's files are untouched."""
    database, text = ocn.untouched(), (ocn.project.folder / "docker-compose.yml").read_text()
    before = ocn.runtime.inventory()
    ocn.project.in_image("npx", "prisma", "migrate", "deploy", tag="v2")
    forward(ocn, ocn.release("v2"))
    assert "200 v2" == answers(ocn)
    forward(ocn, ocn.release("v1"))
    assert "200 v1" == answers(ocn)
    assert before == ocn.runtime.inventory()
    assert (database, text) == (ocn.untouched(), (ocn.project.folder / "docker-compose.yml").read_text())


def test_a_fence_that_is_taken_down_leaves_the_same_containers(ocn: Shop) -> None:
    """Halted, placed as it was and opened, the app is the very same container, and Compose finds nothing to do."""
    (before,), states = ocn.containers("app"), ocn.runtime.inventory().services
    forward(ocn, ocn.runtime.release())
    (after,) = ocn.containers("app")
    assert (before["Id"], before["HostConfig"]["RestartPolicy"]) == (after["Id"], after["HostConfig"]["RestartPolicy"])
    assert states == ocn.runtime.inventory().services
    ocn.project.compose("up", "--detach", "--wait")
    assert [before["Id"]] == [container["Id"] for container in ocn.containers("app")]


def test_the_way_back_ends_when_the_app_answers(ocn: Shop) -> None:
    """An app that needs a while until it listens answers the first question after the fence was taken down."""
    starts_with(ocn, "sleep 2")
    forward(ocn, ocn.runtime.release())
    assert (200, "v1") == (ocn.project.ask("GET", "/version")[0], ocn.project.ask("GET", "/version")[1]["version"])


def test_an_app_that_does_not_come_back_is_told(ocn: Shop) -> None:
    """The release of before, running and deaf, is not called open; once it listens, it is."""
    starts_with(ocn, "while test -e /tmp/deaf; do sleep 0.2; done; touch /tmp/deaf")
    impatient = runtime_of(replace(ocn.settings, open_seconds=2.0))
    services = impatient.inventory().services
    impatient.halt(CLAIM)
    with pytest.raises(TimedOut, match="nothing listens at port 3000"):
        impatient.open(services, claim=CLAIM)
    ocn.docker.ask("container", "exec", ocn.containers("app")[0]["Id"], "rm", "/tmp/deaf")
    ocn.runtime.open(services, claim=CLAIM)
    assert services == ocn.runtime.inventory().services
    assert "v1" == ocn.project.ask("GET", "/version")[1]["version"]


def starts_with(shop: Shop, words: str) -> None:
    """The app does this before it listens, from now on."""
    path = shop.project.folder / "docker-compose.yml"
    command = json.dumps(["sh", "-c", f"{words}; exec node src/server.mjs"])
    path.write_text(path.read_text().replace("    ports:", f"    command: {command}\n    ports:", 1))
    shop.project.compose("up", "--detach", "--wait", "app")
    assert "200 v1" == answers(shop)


def test_it_stays_down(ocn: Shop) -> None:
    """A service that always restarts does not come back while it is halted, though its process ends by itself."""
    ocn.runtime.halt(CLAIM)
    time.sleep(3)
    assert [False] == [state.running for state in ocn.runtime.inventory().services]
    with pytest.raises(OSError):
        ocn.project.ask("GET", "/version")


def test_a_prune_in_between_harms_nothing(ocn: Shop) -> None:
    """With stopped containers, unused networks and nameless images pruned behind the fence, the app comes back as it was."""
    before, release = ocn.runtime.inventory(), ocn.runtime.release()
    ocn.runtime.halt(CLAIM)
    ocn.project.engine.docker("system", "prune", "--force")
    (state,) = ocn.runtime.inventory().services
    assert ("", False) == (state.digest, state.running)
    ocn.runtime.place(release, services=before.services, claim=CLAIM)
    ocn.runtime.open(before.services, claim=CLAIM)
    assert before == ocn.runtime.inventory()
    assert "200 v1" == answers(ocn)


def test_what_is_edited_meanwhile_changes_nothing(ocn: Shop) -> None:
    """A Compose file that is changed, and even broken, behind the fence does not hinder the way back."""
    before, release = ocn.runtime.inventory(), ocn.runtime.release()
    ocn.runtime.halt(CLAIM)
    (ocn.project.folder / "docker-compose.yml").write_text("services: [this is, no Compose file")
    again = ocn.runtime_of(*ocn.settings.files)
    try:
        again.place(release, services=before.services, claim=CLAIM)
        again.open(before.services, claim=CLAIM)
        assert before == again.inventory()
    finally:
        (ocn.project.folder / "docker-compose.yml").write_text((REPOSITORY / "examples/ocn/docker-compose.yml").read_text())


def test_a_port_that_is_taken_is_told(ocn: Shop) -> None:
    """Where somebody else took the port, opening fails and says so; once it is free, opening works."""
    services, release = ocn.runtime.inventory().services, ocn.runtime.release()
    ocn.runtime.halt(CLAIM)
    with socket.create_server(("127.0.0.1", ocn.project.port)):
        ocn.runtime.place(release, services=services, claim=CLAIM)
        with pytest.raises(RuntimeFailed) as refused:
            ocn.runtime.open(services, claim=CLAIM)
    assert "address already in use" in str(refused.value)
    assert "only-an-example" not in str(refused.value)
    ocn.runtime.halt(CLAIM)
    ocn.runtime.place(release, services=services, claim=CLAIM)
    ocn.runtime.open(services, claim=CLAIM)
    assert "200 v1" == answers(ocn)


def test_an_image_that_is_not_here_is_refused(ocn: Shop) -> None:
    """Placing or starting what is not on this machine fails before anything is made."""
    digest = "sha256:" + "0" * 64
    missing = ocn.release("v1")
    missing = Release(label="x", images=(type(missing.images[0])(service="app", reference="nowhere/x:1", digest=digest),))
    services = ocn.runtime.inventory().services
    ocn.runtime.halt(CLAIM)
    with pytest.raises(RuntimeFailed):
        ocn.runtime.place(missing, services=services, claim=CLAIM)
    with pytest.raises(RuntimeFailed):
        ocn.runtime.start(missing, database=CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert ocn.runtime.release().runs_the_images_of(ocn.release("v1"))


def test_a_container_half_made_anew(ocn: Shop) -> None:
    """What Compose leaves where it dies beside the old container hinders neither way, and a name that was not given is."""
    before, release, (old,) = ocn.runtime.inventory(), ocn.runtime.release(), ocn.containers("app")
    now, name = old, old["Name"].removeprefix("/")
    for wanted in (release, ocn.release("v2"), release):
        ocn.runtime.halt(CLAIM)
        (there,) = ocn.containers("app")
        labels = (f"--label={label}={value}" for label, value in there["Config"]["Labels"].items())
        half = ocn.docker.ask("container", "create", f"--name={there['Id'][:12]}_{name}", *labels, there["Image"])
        ocn.runtime.place(wanted, services=before.services, claim=CLAIM)
        (now,) = ocn.containers("app")
        assert (f"/{name}", True) == (now["Name"], now["Id"] != half)
        ocn.docker.ask("container", "rename", now["Id"], f"{there['Id'][:12]}_{name}")
        ocn.runtime.place(wanted, services=before.services, claim=CLAIM)
        assert [(now["Id"], f"/{name}")] == [(each["Id"], each["Name"]) for each in ocn.containers("app")]
    half = f"{now['Id'][:12]}_{name}"
    ocn.docker.ask("container", "rename", now["Id"], half)
    other = ocn.docker.ask("container", "create", f"--name={name}", now["Image"])
    ocn.runtime.place(wanted, services=before.services, claim=CLAIM)
    assert [(now["Id"], f"/{half}")] == [(each["Id"], each["Name"]) for each in ocn.containers("app")]
    ocn.docker.ask("container", "rm", other)
    ocn.runtime.open(before.services, claim=CLAIM)
    assert before == ocn.runtime.inventory()
    assert "200 v1" == answers(ocn)


VICTIM = """
import sys
from tests.real.compose.crashing import act
act(sys.argv[1], folder=sys.argv[2], address=sys.argv[3], tag=sys.argv[4], digest=sys.argv[5])
"""


@pytest.mark.parametrize("verb", ["halt", "place", "open", "start"])
def test_a_death_at_any_moment_is_survived(ocn: Shop, tmp_path: Path, *, verb: str) -> None:
    """After kill -9 in the middle of a verb, settled and undone, the app is as before and nothing of the run is left."""
    if verb == "start":
        ocn.clone()
    before, release, database = ocn.runtime.inventory(), ocn.runtime.release(), ocn.untouched()
    digest = ocn.release("v2").images[0].digest
    words = (verb, str(ocn.project.folder), ocn.docker.address, "v2", digest)
    for delay_seconds in (0.15, 0.5, 1.0, 1.6):
        victim = subprocess.Popen(
            (sys.executable, "-c", VICTIM, *words),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": "."},
        )
        assert victim.stdout is not None
        victim.stdout.readline()
        time.sleep(delay_seconds)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        victim.stdout.close()
        ocn.runtime.settle(CLAIM)
        assert () == orphans(RUN)
        ocn.runtime.stop(CLAIM)
        ocn.runtime.halt(CLAIM)
        ocn.runtime.place(release, services=before.services, claim=CLAIM)
        ocn.runtime.open(before.services, claim=CLAIM)
        assert before == ocn.runtime.inventory()
        assert (1, database) == (len(ocn.containers("app")), ocn.untouched())
        assert "" == ocn.docker.ask("container", "ls", "--all", "--quiet", "--filter", f"label=amankan.run={RUN}")
