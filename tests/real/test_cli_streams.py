"""The command line where streams are full, closed or terminals, and where nobody is at work any more."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.kit.aman import Aman, aman_for, command, plain
from tests.kit.postgres.database import Database
from tests.real.test_cli import CONFIGURATION

from amankan.adapters.clocks.system import SystemChance, SystemClock
from amankan.adapters.disks.local import LocalDisk
from amankan.cli.desk import Desk
from amankan.cli.explain import unknown_fault
from amankan.cli.wishes import Wishes
from amankan.journal.lock import Holder, hold
from amankan.journal.log import begin_log
from amankan.model.entry import Phase, leave

LIMIT_SECONDS = 300.0
RUN = "20260105-101500-0a1b2c"

CLOSED = ("<&-", ">&-", "2>&-", "2>&- <&-", "<&- >&-", "<&- >&- 2>&-")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration."""
    (tmp_path / "amankan.toml").write_text(CONFIGURATION)
    return tmp_path


def in_shell(aman: Aman, streams: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Return what a command left whose streams a shell opened, closed or turned elsewhere."""
    line = ["sh", "-c", f'exec "$@" {streams}', "sh", *command(*words)]
    return subprocess.run(
        line,
        cwd=aman.folder,
        env=aman.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("words", [("config",), ("config", "--json"), ("--help",), ("--version",)], ids=" ".join)
def test_a_full_disk_behind_the_answer_is_no_fault_of_ours(folder: Path, words: tuple[str, ...]) -> None:
    """An answer that finds no room is told in three lines, and no traceback is kept."""
    done = in_shell(plain(folder), ">/dev/full", *words)
    assert 6 == done.returncode
    assert [
        "cannot write the answer: No space left on device",
        "production: as the command left it; only its answer is missing",
        "next: aman status",
    ] == done.stderr.splitlines()
    assert not (folder / ".amankan" / "log").exists()


@pytest.mark.real
@pytest.mark.parametrize("more", [(), ("--json",)], ids=" ".join)
def test_an_operation_whose_answer_is_lost_is_done(shop: Database, tmp_path: Path, more: tuple[str, ...]) -> None:
    """A backup behind whose answer the disk is full says that it was carried out, and where to read of it."""
    aman = aman_for(tmp_path, shop)
    aman.seal()
    done = in_shell(aman, ">/dev/full", "backup", "--no-prove", *more)
    assert (6, "next: aman show") == (done.returncode, done.stderr.splitlines()[-1])
    assert "production: as asked: backup was carried out, and only its answer is missing" in done.stderr
    assert "done" == aman.run("show", "--json", status=0).document["operation"]["outcome"]


def test_a_fault_in_an_operation_does_not_promise_anything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody thought of leaves production unchanged only where no operation had begun."""
    monkeypatch.chdir(folder)
    desk = Desk(Wishes())
    assert "unchanged" == str(unknown_fault(desk, "ValueError: x").production)
    desk.operation = "update"
    fault = unknown_fault(desk, "ValueError: x")
    assert ("not known: update was under way", "aman status") == (str(fault.production), str(fault.next))


@pytest.mark.parametrize("streams", CLOSED)
def test_closed_streams_change_no_status(folder: Path, streams: str) -> None:
    """Whatever stream is closed, what succeeds ends with 0 and what is refused with its own status."""
    aman = plain(folder)
    assert 0 == in_shell(aman, streams, "config").returncode
    assert 2 == in_shell(aman, streams, "bogus").returncode


@pytest.mark.real
@pytest.mark.parametrize("streams", ["2>&- <&-", "<&- >&-"])
def test_a_backup_does_without_streams(shop: Database, tmp_path: Path, streams: str) -> None:
    """No file of a backup takes the number of a stream that was closed: it is taken and proved."""
    aman = aman_for(tmp_path, shop)
    aman.seal()
    assert 0 == in_shell(aman, streams, "backup", "--quiet").returncode
    [snapshot] = aman.run("backups", "--json", status=0).document["snapshots"]
    assert snapshot["proved"]


def read_until(terminal: int, words: str) -> str:
    """Return what a terminal showed up to these words, or until its last user went away or the limit passed."""
    text, end = "", time.monotonic() + LIMIT_SECONDS
    while words not in text and time.monotonic() < end:
        if not select.select([terminal], [], [], 1.0)[0]:
            continue
        try:
            text += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # a terminal ends with an error
            break
    return text


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a terminal: ours, and the one of the command."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def at_terminal(aman: Aman, terminal: int, *words: str) -> subprocess.Popen[bytes]:
    """Return a command whose own terminal this is, so that its keys are its signals."""
    return subprocess.Popen(
        command(*words),
        cwd=aman.folder,
        env=aman.environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one thread
    )


@pytest.mark.real
def test_a_question_is_ended_by_one_signal(shop: Database, tmp_path: Path, terminal: tuple[int, int]) -> None:
    """Ctrl-C at the question, or SIGTERM, leads back at once and in order; nothing is waited for and nothing asked any more."""
    aman = aman_for(tmp_path, shop)
    aman.seal()
    aman.run("backup", status=0)
    ours, theirs = terminal
    for by_key in (True, False):
        running = at_terminal(aman, theirs, "restore")
        try:
            assert "type the app's name to go on (shop):" in read_until(ours, "to go on (shop):")
            if by_key:
                os.write(ours, b"\x03")
            else:
                running.terminate()
            assert 130 == running.wait(LIMIT_SECONDS)
        finally:
            running.kill()
            running.wait(LIMIT_SECONDS)
        told = read_until(ours, "next: ")
        assert "production: exactly as before" in told
        assert "under way already" not in told
    operation = aman.run("show", "--json", status=0).document["operation"]
    assert "as-before" == operation["outcome"]


def test_the_stream_that_is_no_terminal_is_named(folder: Path, terminal: tuple[int, int]) -> None:
    """A refusal to ask names standard error where that is what is missing."""
    _, theirs = terminal
    for stdin, name in ((theirs, "error"), (subprocess.DEVNULL, "input")):
        done = subprocess.run(
            command("restore"),
            cwd=folder,
            env=plain(folder).environment,
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        assert 3 == done.returncode
        assert f"cannot ask for your consent: standard {name} is no terminal" == done.stderr.splitlines()[0]


def test_a_living_process_is_not_the_dead_one_of_its_number(folder: Path) -> None:
    """What the lock of a dead process names is not at work, although another process has its number now."""
    aman = plain(folder)
    holder = Holder(who="eva@erp", pid=os.getpid(), since=datetime.now(UTC).isoformat(), why="backup")
    with LocalDisk(folder / ".amankan", SystemChance()) as disk:
        held = hold(disk, holder)
        log = begin_log(disk, SystemClock(), run=RUN)
        log.append(Phase.BEGIN, evidence=leave(plan="0" * 64, operation="backup", version="0.1.0"))
        assert aman.run("status", "--json", status=0).document["unfinished"]["running"]
        held.release()
    assert not aman.run("status", "--json", status=0).document["unfinished"]["running"]
    assert "was left behind; next: aman recover" in aman.run("status", status=0).out
    assert RUN in aman.run("show", "--follow", status=0, limit_seconds=60).out


def test_the_version_is_one_object(folder: Path) -> None:
    """With --json the version is the one object, wherever --json stands."""
    aman = plain(folder)
    for words in (("--version", "--json"), ("--json", "--version")):
        assert {"amankan": version("amankan")} == aman.run(*words, status=0).document


def test_help_is_help(folder: Path) -> None:
    """With --json help is the same text, and nothing else."""
    aman = plain(folder)
    for words in (("--help",), ("status", "--help"), ("guard", "--help")):
        assert aman.run(*words, status=0).out == aman.run("--json", *words, status=0).out


@pytest.mark.parametrize("words", [("--json",), ("guard", "--json"), ("key", "--json")], ids=" ".join)
def test_a_group_takes_the_shared_options(folder: Path, words: tuple[str, ...]) -> None:
    """Where only the command is missing, that is what is told, as one object."""
    error = plain(folder).run(*words, status=2).document["error"]
    assert "cannot understand the command line: COMMAND is missing" == error["cannot"]


def test_the_options_of_a_group_count(folder: Path) -> None:
    """What stands between a group and its command counts as what stands behind the command."""
    said = plain(folder).run("key", "--json", "show", status=0)
    assert json.loads(said.out) == plain(folder).run("key", "show", "--json", status=0).document
