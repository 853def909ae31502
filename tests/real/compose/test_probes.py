"""The probes on real releases, good and bad, and a database outside of the project."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.kit.docker.examples import set_variable
from tests.kit.docker.external import External
from tests.kit.docker.fixtures import MakeProject
from tests.real.compose.place import CLAIM, CLONE, RUN, Shop, shop

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.probes.containers import Containers
from amankan.adapters.probes.http import HttpProbe, Patience
from amankan.adapters.probes.logs import LogProbe
from amankan.adapters.probes.running import RunningProbe
from amankan.model.verdict import Level
from amankan.proc.docker import APP, ROLE_LABEL, RUN_LABEL
from amankan.proc.run import attempt

pytestmark = pytest.mark.real

LIMIT_SECONDS = 60.0
PATIENCE = Patience(limit_seconds=25.0)


def containers(place: Shop) -> Containers:
    """Return the app's containers as the probes see them."""
    return Containers(docker=place.docker, project=place.project.name, services=("app",))


def http_probe(place: Shop, path: str = "/health", *, patience: Patience = PATIENCE) -> HttpProbe:
    """Return a probe of the address that users have."""
    url = f"http://127.0.0.1:{place.project.port}{path}"
    return HttpProbe((url,), door=containers(place), clock=SystemClock(), patience=patience)


def test_a_good_release_passes_in_the_dark(ocn: Shop) -> None:
    """The new container itself answers, runs, and says nothing new; what the world gets is still the old one, and is told."""
    ocn.clone()
    after = ocn.release("v2")
    ocn.runtime.start(after, database=CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    probe = http_probe(ocn)
    assert Level.PASS is probe.dark(after, run=RUN, database=CLONE).level
    running = RunningProbe(containers(ocn), clock=SystemClock(), steady_seconds=2.0)
    assert Level.PASS is running.dark(after, run=RUN, database=CLONE).level
    logs = LogProbe(("ERROR", "Unhandled"), source=containers(ocn))
    assert Level.PASS is logs.dark(after, run=RUN, database=CLONE).level
    assert Level.PASS is probe.live(ocn.release("v1")).level
    fooled = http_probe(ocn, patience=Patience(limit_seconds=1.0)).live(after)
    assert Level.STOP is fooled.level
    assert "another release" in str(fooled.findings[0].sentence)
    ocn.runtime.stop(CLAIM)
    gone = http_probe(ocn, patience=Patience(limit_seconds=1.0)).dark(after, run=RUN, database=CLONE)
    assert Level.STOP is gone.level


def test_a_release_that_answers_500_stops(ocn: Shop) -> None:
    """A release that starts and answers with faults is found, although the old one answers well at the same address."""
    ocn.clone()
    after = ocn.release("v7")
    ocn.runtime.start(after, database=CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    verdict = http_probe(ocn, "/").dark(after, run=RUN, database=CLONE)
    assert Level.STOP is verdict.level
    assert "500" in str(verdict.findings[0].sentence)


def test_a_release_that_crashes_late_stops(ocn: Shop) -> None:
    """A release that ends after twenty seconds is found by who watches longer."""
    ocn.clone()
    after = ocn.release("v8")
    ocn.runtime.start(after, database=CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    verdict = RunningProbe(containers(ocn), clock=SystemClock(), steady_seconds=60.0).dark(after, run=RUN, database=CLONE)
    assert Level.STOP is verdict.level
    assert "exited" in str(verdict.findings[0].sentence)


def test_what_an_app_says_of_its_secrets_is_not_repeated(ocn: Shop) -> None:
    """What the app writes of its variables and of its password is told without them, in the dark and in production."""
    ocn.clone()
    after = ocn.release("v2")
    ocn.runtime.start(after, database=CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    logs = LogProbe(("ERROR",), source=containers(ocn))
    assert Level.PASS is logs.dark(after, run=RUN, database=CLONE).level
    (dark,) = ocn.docker.containers(f"{RUN_LABEL}={RUN}", f"{ROLE_LABEL}={APP}")
    url, password = "ERROR cannot use $DATABASE_URL", "ERROR cannot log in with $POSTGRES_PASSWORD"
    words = ("sh", "-c", f'echo "{url}" >/proc/1/fd/1; echo "{password}" >/proc/1/fd/2')
    ocn.docker.ask("exec", dark["Id"], *words)
    verdicts = [logs.dark(after, run=RUN, database=CLONE)]
    for container in ocn.containers("app"):
        ocn.docker.ask("exec", container["Id"], *words)
    verdicts.append(LogProbe(("ERROR",), source=containers(ocn)).live(after))
    for verdict in verdicts:
        told = [str(finding.sentence) for finding in verdict.findings]
        assert 2 == len([each for each in told if "•••" in each]), told
        assert [] == [each for each in told if "only-an-example" in each]


def test_a_database_on_another_host_is_reached(
    make_project: MakeProject, external: External, *, ocn_image: str, ocn_digest: Callable[[str], str]
) -> None:
    """With a server outside of every project, known by its address, the release in the dark works on the copy there alone."""
    project = make_project("ocn", image=ocn_image, tag="v1")
    set_variable(project.folder / ".env", "COMPOSE_FILE", "docker-compose.external.yml")
    set_variable(project.folder / ".env", "EXTERNAL_DATABASE_URL", external.url)
    project.in_image("npx", "prisma", "migrate", "deploy")
    project.compose("up", "--detach")
    project.compose("stop")
    external.sql(f"create database {CLONE} template {external.database}")
    project.compose("start")
    place = shop(project, digest=ocn_digest, url=external.url, files=("docker-compose.external.yml",))
    after = place.release("v2")
    try:
        place.runtime.start(after, database=CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        assert Level.PASS is http_probe(place).dark(after, run=RUN, database=CLONE).level
        assert "1" <= external.sql(f"select count(*) from pg_stat_activity where datname = '{CLONE}'")
        (app,) = place.docker.containers(f"amankan.run={RUN}", "amankan.role=app")
        words = ("exec", app["Id"], "bash", "-c", f"exec 3<>/dev/tcp/{external.address}/{external.port}")
        assert 0 != attempt(place.docker.command(*words)).status
    finally:
        place.runtime.stop(CLAIM)
