"""The probes on processes of this machine: good releases, bad ones, and those that only seem to be there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, RUN
from tests.real.process.place import make_release, make_runtime

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.probes.http import HttpProbe, Patience
from amankan.adapters.probes.logs import LogProbe
from amankan.adapters.probes.processes import Processes
from amankan.adapters.probes.running import RunningProbe
from amankan.adapters.runtimes.process.runtime import ProcessRuntime
from amankan.model.runtime import ServiceState
from amankan.model.secret import Secret
from amankan.model.verdict import Level

pytestmark = pytest.mark.real

LIMIT_SECONDS = 20.0
SERVICES = (ServiceState(service="app", digest="", running=True, open=True, restart="always"),)
BAD = ("ERROR", "Traceback")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder with an app that runs from the first of two releases."""
    for name in ("one", "two"):
        make_release(tmp_path, name)
    runtime = make_runtime(tmp_path)
    runtime.place(runtime.release_in("one"), services=SERVICES, claim=CLAIM)
    runtime.open(SERVICES, claim=CLAIM)
    yield tmp_path
    runtime.stop(CLAIM)
    runtime.halt(CLAIM)


def http_probe(runtime: ProcessRuntime, *, limit_seconds: float = 5.0) -> HttpProbe:
    """Return a probe of the address that users have."""
    patience = Patience(successes=2, limit_seconds=limit_seconds, pause_seconds=0.1)
    url = f"http://{runtime.address()}/health?deep=1"
    return HttpProbe((url,), door=Processes(kept=runtime), clock=SystemClock(), patience=patience)


def running_probe(runtime: ProcessRuntime) -> RunningProbe:
    """Return a probe that looks for a moment."""
    return RunningProbe(Processes(kept=runtime), clock=SystemClock(), steady_seconds=1.0)


def start(runtime: ProcessRuntime, name: str) -> None:
    """A release runs in the dark."""
    runtime.start(runtime.release_in(name), database="clone", claim=CLAIM, limit_seconds=LIMIT_SECONDS)


def add_lines(root: Path, name: str, *lines: str) -> None:
    """The log of the app, or of the dark, has these lines more."""
    with (root / "state" / f"{name}.log").open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_a_good_release_passes_in_the_dark(root: Path) -> None:
    """The new process itself answers, runs and says nothing new; the world still gets the old one, and that is told."""
    runtime = make_runtime(root)
    start(runtime, "two")
    after = runtime.release_in("two")
    assert Level.PASS is http_probe(runtime).dark(after, run=RUN, database="clone").level
    assert Level.PASS is running_probe(runtime).dark(after, run=RUN, database="clone").level
    logs = LogProbe(BAD, source=Processes(kept=runtime))
    assert Level.PASS is logs.dark(after, run=RUN, database="clone").level
    assert Level.PASS is http_probe(runtime).live(runtime.release_in("one")).level
    for fooled in (
        http_probe(runtime, limit_seconds=0.5).live(after),
        http_probe(runtime, limit_seconds=0.5).dark(runtime.release_in("one"), run=RUN, database="clone"),
    ):
        assert Level.STOP is fooled.level
    runtime.stop(CLAIM)
    assert Level.STOP is http_probe(runtime, limit_seconds=0.5).dark(after, run=RUN, database="clone").level


def test_a_release_that_answers_badly_stops(root: Path) -> None:
    """A release that starts and answers with faults is found, although the old one answers well."""
    make_release(root, "three")
    app = root / "releases" / "three" / "app.py"
    app.write_text(app.read_text().replace("send_response(200)", "send_response(500)"))
    runtime = make_runtime(root)
    start(runtime, "three")
    verdict = http_probe(runtime, limit_seconds=1.0).dark(runtime.release_in("three"), run=RUN, database="clone")
    assert Level.STOP is verdict.level
    assert "answers 500" in str(verdict.findings[0].sentence)


def test_a_release_that_ends_or_comes_back_stops(root: Path) -> None:
    """A dark process that ends soon after its start is found, and so is an app that keeps coming back."""
    make_release(root, "three")
    app = root / "releases" / "three" / "app.py"
    app.write_text("import threading, os; threading.Timer(1.5, os._exit, (3,)).start()\n" + app.read_text())
    runtime = make_runtime(root)
    start(runtime, "three")
    probe = RunningProbe(Processes(kept=runtime), clock=SystemClock(), steady_seconds=5.0)
    verdict = probe.dark(runtime.release_in("three"), run=RUN, database="clone")
    assert Level.STOP is verdict.level
    assert "app is ended, see" in str(verdict.findings[0].sentence)
    assert Level.PASS is running_probe(runtime).live(runtime.release()).level
    runtime.place(runtime.release_in("three"), services=SERVICES, claim=CLAIM)
    runtime.open(SERVICES, claim=CLAIM)
    verdict = probe.live(runtime.release())
    assert Level.STOP is verdict.level
    assert "restarted 1 times" in str(verdict.findings[0].sentence)


def test_only_new_complaints_stop(root: Path) -> None:
    """What the app was saying all along is no reason to stop; what the new process says for the first time is."""
    runtime = make_runtime(root)
    add_lines(root, "app", "ERROR 17 in the cache")
    start(runtime, "two")
    logs = LogProbe(BAD, source=Processes(kept=runtime))
    add_lines(root, f"dark-{RUN}", "ERROR 18 in the cache")
    assert Level.PASS is logs.dark(runtime.release_in("two"), run=RUN, database="clone").level
    add_lines(root, f"dark-{RUN}", "ERROR: no such column")
    verdict = logs.dark(runtime.release_in("two"), run=RUN, database="clone")
    assert Level.STOP is verdict.level
    assert "no such column" in str(verdict.findings[0].sentence)


def test_lines_of_an_earlier_start_are_not_new(root: Path) -> None:
    """What the old process said while it was ended is not held against the one that was started after it."""
    runtime = make_runtime(root)
    logs = LogProbe(BAD, source=Processes(kept=runtime))
    start(runtime, "two")
    assert Level.PASS is logs.dark(runtime.release_in("two"), run=RUN, database="clone").level
    add_lines(root, "app", "ERROR: the last words of the old one")
    runtime.halt(CLAIM)
    runtime.open(SERVICES, claim=CLAIM)
    time.sleep(0.1)
    assert Level.PASS is logs.live(runtime.release()).level
    add_lines(root, "app", "ERROR: of the new one")
    assert Level.STOP is logs.live(runtime.release()).level


def test_what_an_app_says_of_its_secrets_is_not_repeated(root: Path) -> None:
    """A complaint is told without the app's secrets, however the app wrote them."""
    runtime = make_runtime(root)
    start(runtime, "two")
    logs = LogProbe(BAD, source=Processes(kept=runtime, hidden=lambda: (Secret("p@ss/canary"),)))
    assert Level.PASS is logs.dark(runtime.release_in("two"), run=RUN, database="clone").level
    add_lines(
        root, f"dark-{RUN}", "ERROR cannot pay with p@ss/canary", "ERROR at https://pay.example.test/?key=p%40ss%2Fcanary"
    )
    verdict = logs.dark(runtime.release_in("two"), run=RUN, database="clone")
    told = [str(finding.sentence) for finding in verdict.findings]
    assert (Level.STOP, 2) == (verdict.level, len(told))
    assert all("•••" in each and "canary" not in each for each in told)
