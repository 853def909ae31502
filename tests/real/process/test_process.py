"""What a supervised process does when things go wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, RUN
from tests.real.process.place import ask, make_release, make_runtime

from amankan.adapters.runtimes.process.runtime import ProcessRuntime
from amankan.errors import RuntimeFailed, Superseded, TimedOut
from amankan.model.runtime import ServiceState
from amankan.proc.living import living, marked

pytestmark = pytest.mark.real

LIMIT_SECONDS = 20.0
SERVICES = (ServiceState(service="app", digest="", running=True, open=True, restart="always"),)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder with two releases, of which the first is placed; at the end nothing of it runs."""
    for name in ("one", "two"):
        make_release(tmp_path, name)
    runtime = make_runtime(tmp_path)
    runtime.place(runtime.release_in("one"), services=SERVICES, claim=CLAIM)
    yield tmp_path
    runtime.stop(CLAIM)
    runtime.halt(CLAIM)
    assert [] == left_of(tmp_path)


def left_of(root: Path) -> list[int]:
    """Return the processes of the app that are alive."""
    return [each.pid for name in ("app", f"dark-{RUN}") for each in marked(f"AMANKAN_PROCESS={root}/state/{name}")]


def eventually(truth: Callable[[], bool]) -> bool:
    """Tell whether something becomes true within some seconds."""
    end = time.monotonic() + LIMIT_SECONDS
    while not truth():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def answers(runtime: ProcessRuntime) -> bool:
    """Tell whether the app answers."""
    try:
        return bool(ask(runtime.address()))
    except OSError:
        return False


def test_the_dark_release_has_the_other_database(root: Path) -> None:
    """While the app answers with its own database, the dark one answers at another port with the clone."""
    runtime = make_runtime(root)
    runtime.open(SERVICES, claim=CLAIM)
    runtime.start(runtime.release_in("two"), database="clone", claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert ["one", "live"] == ask(runtime.address())[:2]
    assert ["two", "clone"] == ask(runtime.address(RUN))[:2]


def test_the_app_outlives_its_starter(root: Path) -> None:
    """The app that a process opened goes on when that process and its group are killed, and the next one finds it."""
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, '.')\n"
        "from tests.real.process.place import make_runtime; from tests.real.process.test_process import SERVICES, CLAIM\n"
        "make_runtime(Path(sys.argv[1])).open(SERVICES, claim=CLAIM); print('opened', flush=True); import time; time.sleep(99)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE, process_group=0, text=True
    ) as starter:
        assert starter.stdout is not None
        assert "opened" == starter.stdout.readline().strip()
        os.killpg(starter.pid, signal.SIGKILL)
    runtime = make_runtime(root)
    assert ["one", "live"] == ask(runtime.address())[:2]
    assert runtime.inventory().services[0].running


def test_a_crashed_app_comes_back(root: Path) -> None:
    """An app that dies is started again, without the worker that it left behind."""
    runtime = make_runtime(root)
    runtime.open(SERVICES, claim=CLAIM)
    *_, process, worker = ask(runtime.address())
    os.kill(int(process), signal.SIGKILL)
    assert eventually(lambda: answers(runtime) and ask(runtime.address())[2] != process)
    assert eventually(lambda: living(int(worker)) is None)


def test_nothing_is_left_of_a_killed_supervisor(root: Path) -> None:
    """With its supervisor killed the app is not running, and halting ends what was left behind."""
    runtime = make_runtime(root)
    runtime.open(SERVICES, claim=CLAIM)
    supervisor = json.loads((root / "state" / "app.json").read_text())["supervisor"]["pid"]
    worker = int(ask(runtime.address())[3])
    os.kill(supervisor, signal.SIGKILL)
    assert eventually(lambda: not runtime.inventory().services[0].running)
    assert None is not living(worker)
    runtime.halt(CLAIM)
    assert [] == left_of(root)


def test_a_process_of_the_same_number_is_left_alone(root: Path) -> None:
    """Where the noted number belongs to another process by now, it is not taken for the app and not ended."""
    runtime = make_runtime(root)
    runtime.open(SERVICES, claim=CLAIM)
    runtime.halt(CLAIM)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        note = json.loads((root / "state" / "app.json").read_text())
        found = living(stranger.pid)
        assert found is not None
        for changes in ({"started_ticks": 1}, {"program": "0" * 64}, {"boot": "another"}):
            before = replace(found, **changes)
            note["supervisor"] = {name: getattr(before, name) for name in ("pid", "boot", "started_ticks", "program")}
            (root / "state" / "app.json").write_text(json.dumps(note))
            assert not runtime.inventory().services[0].running
            runtime.halt(CLAIM)
            assert None is stranger.poll()
        stranger.terminate()


def test_a_stubborn_app_is_killed(root: Path) -> None:
    """An app that does not listen to SIGTERM is gone after its time all the same."""
    make_release(root, "three", "stubborn")
    runtime = make_runtime(root)
    runtime.place(runtime.release_in("three"), services=SERVICES, claim=CLAIM)
    runtime.open(SERVICES, claim=CLAIM)
    began = time.monotonic()
    runtime.halt(CLAIM)
    assert time.monotonic() - began < LIMIT_SECONDS
    assert [] == left_of(root)


@pytest.mark.parametrize(("sign", "error"), [("crashes", RuntimeFailed), ("mute", TimedOut)])
def test_a_release_that_does_not_answer_is_refused(root: Path, sign: str, error: type[Exception]) -> None:
    """A dark start that ends, or never listens, fails in time; stopping leaves nothing of it."""
    make_release(root, "three", sign)
    runtime = make_runtime(root)
    with pytest.raises(error):
        runtime.start(runtime.release_in("three"), database="clone", claim=CLAIM, limit_seconds=3)
    runtime.settle(CLAIM)
    assert [] == left_of(root)
    runtime.stop(CLAIM)
    assert () == runtime.inventory().dark


def test_another_at_the_port_is_not_taken_for_the_app(root: Path) -> None:
    """Where something else listens at the app's port, opening fails."""
    runtime = make_runtime(root)
    runtime.open(SERVICES, claim=CLAIM)
    other = make_runtime(root, state=root / "other")
    with pytest.raises(RuntimeFailed, match="something else listens"):
        other.open(SERVICES, claim=CLAIM)


def test_a_changed_release_is_not_placed(root: Path) -> None:
    """A release whose files changed since it was looked at is refused, and what is placed stays."""
    runtime = make_runtime(root)
    release = runtime.release_in("two")
    (root / "releases" / "two" / "app.py").write_text("raise SystemExit")
    with pytest.raises(RuntimeFailed, match="not what it was"):
        runtime.place(release, services=SERVICES, claim=CLAIM)
    assert "one" == runtime.release().label


@pytest.mark.parametrize("name", ["../one", "", ".", "..", "a/b", "/etc"])
def test_a_release_is_a_folder_of_releases(root: Path, name: str) -> None:
    """No name leads out of the folder of releases."""
    with pytest.raises(RuntimeFailed):
        make_runtime(root).release_in(name)


def test_a_superseded_process_changes_nothing(root: Path) -> None:
    """Under a claim that does not stand nothing is started, ended or placed."""
    runtime, late = make_runtime(root), replace(CLAIM, epoch=0)
    runtime.open(SERVICES, claim=CLAIM)
    before = runtime.inventory()
    release = runtime.release_in("two")
    verbs: tuple[Callable[[], None], ...] = (
        lambda: runtime.halt(late),
        lambda: runtime.settle(late),
        lambda: runtime.stop(late),
        lambda: runtime.open(SERVICES, claim=late),
        lambda: runtime.place(release, services=SERVICES, claim=late),
        lambda: runtime.start(release, database="clone", claim=late, limit_seconds=LIMIT_SECONDS),
    )
    for verb in verbs:
        with pytest.raises(Superseded):
            verb()
        assert before == runtime.inventory()
    assert ["one", "live"] == ask(runtime.address())[:2]


def test_the_log_is_ours_alone(root: Path) -> None:
    """What the app says, and what is noted of it, can be read by nobody else."""
    make_runtime(root).open(SERVICES, claim=CLAIM)
    assert 0o700 == (root / "state").stat().st_mode & 0o777
    assert 0o600 == (root / "state" / "app.log").stat().st_mode & 0o777


def test_an_old_release_that_does_not_answer_is_told(root: Path) -> None:
    """The release of before, at work and silent, is not called open, however often it is tried; once it can answer, it is."""
    runtime, mute = make_runtime(root, start_seconds=2.0), with_a_state(root)
    runtime.open(SERVICES, claim=CLAIM)
    before = runtime.inventory()
    runtime.halt(CLAIM)
    mute.write_text("mute")
    for _ in range(2):
        with pytest.raises(TimedOut, match="nothing listens at port"):
            runtime.open(SERVICES, claim=CLAIM)
        runtime.halt(CLAIM)  # the way back halts again, and still knows what it found
    with pytest.raises(TimedOut):
        runtime.open(SERVICES, claim=CLAIM)
    mute.unlink()
    make_runtime(root).open(SERVICES, claim=CLAIM)
    assert before == runtime.inventory()
    assert answers(runtime)


@pytest.mark.parametrize("sign", ["mute", "crashes"])
def test_what_was_as_ill_before_is_not_waited_for(root: Path, sign: str) -> None:
    """An app that took no connections when it was halted comes back as it was, at once."""
    runtime, state = make_runtime(root), with_a_state(root)
    runtime.open(SERVICES, claim=CLAIM)
    state.write_text(sign)
    os.kill(int(ask(runtime.address())[2]), signal.SIGKILL)
    assert eventually(lambda: not answers(runtime))
    before = runtime.inventory()
    runtime.halt(CLAIM)
    began = time.monotonic()
    runtime.open(SERVICES, claim=CLAIM)
    assert time.monotonic() - began < 30.0
    assert before == runtime.inventory()


def test_another_release_that_is_silent_is_left_to_a_watch(root: Path) -> None:
    """Behind an opening nothing is taken back, so a new release that runs and is silent is waited for and then left."""
    runtime = make_runtime(root, start_seconds=2.0)
    runtime.open(SERVICES, claim=CLAIM)
    runtime.halt(CLAIM)
    (root / "releases" / "two" / "mute").write_text("")
    runtime.place(runtime.release_in("two"), services=SERVICES, claim=CLAIM)
    runtime.open(SERVICES, claim=CLAIM)
    assert runtime.runs()
    assert not answers(runtime)


def test_what_never_ran_is_waited_for(root: Path) -> None:
    """An app that did not run when it was halted is called open when it takes connections."""
    runtime = make_runtime(root)
    runtime.halt(CLAIM)
    runtime.open(SERVICES, claim=CLAIM)
    assert answers(runtime)


def with_a_state(root: Path) -> Path:
    """The first release behaves by what stands in a file beside the releases, which is returned and not there yet."""
    state, runtime = root / "sign", make_runtime(root)
    app = root / "releases" / "one" / "app.py"
    words = (
        f"import pathlib, sys, time\nsign = pathlib.Path({str(state)!r})\nsaid = sign.read_text() if sign.exists() else ''\n"
    )
    words += "if said == 'crashes':\n    sys.exit(3)\nwhile said == 'mute' and sign.exists():\n    time.sleep(0.1)\n"
    app.write_text(words + app.read_text())
    runtime.place(runtime.release_in("one"), services=SERVICES, claim=CLAIM)
    return state
