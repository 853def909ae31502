"""Outside programs run, are read, fed, limited and ended as their commands say."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from amankan.errors import CommandFailed, TimedOut
from amankan.model.secret import MASK, Secret
from amankan.proc.command import Command
from amankan.proc.run import attempt, run
from amankan.proc.stream import Stream

pytestmark = pytest.mark.real

PARENT = """
import sys, time
from amankan.proc.command import Command
from amankan.proc.stream import Stream
stream = Stream(Command(words=("sleep", "600"), limit_seconds=600))
print(stream.pid, flush=True)
time.sleep(600)
"""


def python(script: str, *, limit_seconds: float = 20.0, secrets: tuple[Secret, ...] = ()) -> Command:
    """Return a command that runs a script."""
    return Command(words=(sys.executable, "-c", script), limit_seconds=limit_seconds, secrets=secrets)


def alive(pid: int) -> bool:
    """Tell whether a process is there and not only waits to be forgotten."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


def wait_gone(pid: int) -> bool:
    """Tell whether a process goes within some seconds."""
    limit = time.monotonic() + 5
    while alive(pid) and time.monotonic() < limit:
        time.sleep(0.02)
    return not alive(pid)


def test_no_shell() -> None:
    """Words reach the program as they are."""
    words = ("$(id)", "; false", "a b", "*", "'", "")
    said = run(Command(words=("printf", "%s|", *words), limit_seconds=10)).output
    assert "|".join((*words, "")) == said.decode()


def test_input() -> None:
    """The whole input reaches the program, and none is nothing to read."""
    assert b"x" * 3_000_000 == run(Command(words=("cat",), limit_seconds=10), given=b"x" * 3_000_000).output
    assert b"" == run(Command(words=("cat",), limit_seconds=10)).output


def test_status_is_read() -> None:
    """A status other than 0 is an error that tells what the program said, without secrets."""
    script = "import sys; sys.stderr.write('password is hunter2'); sys.exit(7)"
    with pytest.raises(CommandFailed, match="status 7") as caught:
        run(python(script, secrets=(Secret("hunter2"),)))
    assert "hunter2" not in str(caught.value)
    assert MASK in str(caught.value)
    assert 7 == attempt(python(script)).status


def test_missing_program() -> None:
    """A program that is not there is an error that names it."""
    with pytest.raises(CommandFailed, match="no-such-program"):
        run(Command(words=("/no-such-program",), limit_seconds=1))


def test_limit_ends_the_group() -> None:
    """When the limit passes the program and its children are ended."""
    script = "import subprocess,time; print(subprocess.Popen(['sleep','600']).pid, flush=True); time.sleep(600)"
    with Stream(python(script, limit_seconds=1)) as stream:
        child = int(b"".join(stream.pieces()))
        with pytest.raises(TimedOut):
            stream.finish()
    assert wait_gone(child)
    with pytest.raises(TimedOut):
        run(python("import time; time.sleep(60)", limit_seconds=0.3))


def test_stream() -> None:
    """A program is written to and read from, and its end is read."""
    with Stream(Command(words=("tr", "a", "b"), limit_seconds=10), feeds=True) as stream:
        stream.write(b"banana" * 1000)
        stream.close_input()
        assert b"bbnbnb" * 1000 == b"".join(stream.pieces())
        assert "" == stream.finish()


def test_early_end() -> None:
    """A program that ends before it read everything is an error with its own reason."""
    script = "import sys; sys.stderr.write('no room'); sys.exit(3)"
    with Stream(python(script), feeds=True) as stream, pytest.raises(CommandFailed, match="no room"):
        for _ in range(1000):
            stream.write(bytes(1 << 16))


def test_talkative() -> None:
    """A program that says more than a pipe holds does not stand still, and the end of it is kept."""
    script = "import sys; sys.stderr.write('x' * 3_000_000 + 'the end'); print('out')"
    with Stream(python(script)) as stream:
        assert b"out\n" == b"".join(stream.pieces())
        said = stream.finish()
    assert said.endswith("the end")
    assert len(said) < 5000


def test_dies_with_us() -> None:
    """A child does not outlive a process of ours that was killed."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_gone(child)
