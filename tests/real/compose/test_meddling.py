"""Somebody or something else acts while an update of a Compose project is at work."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from tests.real.compose.place import Shop
from tests.real.compose.test_update import LIMIT_SECONDS, kept, paying, ready

pytestmark = pytest.mark.real

# Done; gone back; stopped safely, with a command that ends it.
ENDINGS = (0, 5, 6)


def stop_at(running: subprocess.Popen[str], step: str) -> None:
    """The command sleeps as soon as it says that it is at this step."""
    assert running.stderr is not None
    assert any(line.startswith(f"{step} ") for line in running.stderr), step
    os.kill(running.pid, signal.SIGSTOP)


@pytest.mark.parametrize("step", ["migrate", "place"])
def test_docker_compose_up_in_the_middle(ocn: Shop, step: str) -> None:
    """The old release is started by hand behind the fence; no acknowledged payment is lost, and one release serves."""
    aman, project = ready(ocn), ocn.project
    with paying(project) as payments:
        with aman.start("update", "--tag", "v2", "--yes") as running:
            stop_at(running, step)
            subprocess.run(
                ["docker", "compose", "up", "--detach"], cwd=project.folder, env=project.environment(), timeout=180, check=False
            )
            os.kill(running.pid, signal.SIGCONT)
            _, said = running.communicate(timeout=LIMIT_SECONDS)
        assert running.returncode in ENDINGS, said
        assert "Traceback" not in said
        aman.run("recover", status=0, limit_seconds=LIMIT_SECONDS)
        version = project.ask("GET", "/version")[1]["version"]
        assert version in ({"v2"} if running.returncode == 0 else {"v1", "v2"})
    schema = project.sql("select max(migration_name) from _prisma_migrations where finished_at is not null")
    assert (version == "v2") == ("warranties" in schema), (version, schema)
    assert payments.acknowledged <= kept(project)
    assert 1 == len(ocn.containers("app"))


def test_another_engine_answers_or_none(ocn: Shop) -> None:
    """Where the variables lead to an engine that is away, an update is refused, and the app goes on as before."""
    aman, project, untouched = ready(ocn), ocn.project, ocn.untouched()
    own = aman.environment["DOCKER_HOST"]
    aman.environment["DOCKER_HOST"] = f"unix://{project.folder}/nobody.sock"
    said = aman.run("update", "--tag", "v2", "--yes", limit_seconds=LIMIT_SECONDS)
    assert said.status in (3, 6), (said.status, said.err)
    aman.environment["DOCKER_HOST"] = own
    assert ("v1", untouched) == (project.ask("GET", "/version")[1]["version"], ocn.untouched())
    aman.run("recover", status=0, limit_seconds=LIMIT_SECONDS)


def test_a_project_of_another_name(ocn: Shop) -> None:
    """Where the variables say another name for the project, no second app comes to stand beside the first."""
    aman, project, untouched = ready(ocn), ocn.project, ocn.untouched()
    file = project.folder / ".env"
    said, before = file.read_text(), project.engine.docker("container", "ls", "--all", "--quiet")
    file.write_text(f"{said}\nCOMPOSE_PROJECT_NAME=another\n")
    for words in (("plan", "--tag", "v2"), ("update", "--tag", "v2", "--yes"), ("backup",)):
        told = aman.run(*words, status=6, limit_seconds=LIMIT_SECONDS).lines
        assert [
            "cannot reach the database: the service db of the project another does not run",
            "production: unchanged",
            "next: docker compose ls --all",
        ] == told, words
    assert before == project.engine.docker("container", "ls", "--all", "--quiet")
    file.write_text(said)
    assert ("v1", untouched) == (project.ask("GET", "/version")[1]["version"], ocn.untouched())
