"""Who is told how a backup ended: real operations, and services that take messages, refuse them, or hang."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import pytest
from tests.kit.aman import Aman, Said, aman_for
from tests.kit.postgres.database import Database
from tests.kit.receiver import SECRET, Receiver

from amankan.adapters.clocks.system import SystemChance
from amankan.adapters.disks.local import LocalDisk
from amankan.errors import Locked
from amankan.journal.lock import Holder, hold

pytestmark = pytest.mark.real

NOWHERE = f"json://127.0.0.1:1/{SECRET}"


@pytest.fixture
def aman(any_shop: Database, tmp_path: Path) -> Aman:
    """A configured `aman` that tells somebody."""
    found = aman_for(tmp_path, any_shop)
    found.seal()
    tell(found, "NOTIFY_URL")
    return found


def tell(aman: Aman, *names: str) -> None:
    """The addresses of these variables are told."""
    urls = ", ".join(f'{{ env = "{name}" }}' for name in names)
    path = aman.folder / "amankan.toml"
    text = path.read_text().partition("[notify]")[0]
    path.write_text(f"{text}[notify]\nurls = [{urls}]\n")


def is_free(folder: Path) -> bool:
    """Tell whether the lock of an app can be had."""
    disk = LocalDisk(folder / ".amankan", SystemChance())
    try:
        hold(disk, Holder(who="a test", pid=os.getpid(), since="now", why="to see")).release()
    except Locked:
        return False
    finally:
        disk.close()
    return True


def unseen(aman: Aman, *said: Said) -> bool:
    """Tell whether the secret of the address was written nowhere: not to a stream, not to a file of ours."""
    kept = [path for path in aman.folder.rglob("*") if path.is_file()]
    streams = "".join(each.out + each.err for each in said)
    return SECRET not in streams and not any(SECRET.encode() in path.read_bytes() for path in kept)


def words_of_all() -> str:
    """Return the words and the variables of every process that we may look into, but not those of `aman` itself."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
            if b"amankan.adapters.notifiers" in found[-1]:
                found.append(path.with_name("environ").read_bytes())
        except OSError:
            continue
    return b"\0".join(found).decode(errors="replace")


def test_a_good_backup_is_told(aman: Aman) -> None:
    """What the user reads is told, when the lock is free, and nobody sees the address."""
    with Receiver(meanwhile=lambda: (is_free(aman.folder), words_of_all())) as receiver:
        aman.environment["NOTIFY_URL"] = receiver.url
        said = aman.run("backup", status=0)
        assert ["success: shop (staging): backed up (proved)"] == receiver.titles
        assert said.out.strip() == receiver.messages[0]["message"]
        [(free, words)] = receiver.seen
        aman.run("backup", "--no-prove", "--json", "--lang", "id", status=0)
        aman.run("drill", status=0)
        aman.run("prune", status=0)
        aman.run("backups", status=0)
    assert free
    assert "amankan.adapters.notifiers" in words
    assert SECRET not in words
    assert ["info: shop (staging): dicadangkan (belum terbukti)", "success: shop (staging): drilled: the backup restores"] == (
        receiver.titles[1:]
    )
    assert unseen(aman, said)


def test_a_backup_that_failed_is_told_with_its_three_lines(aman: Aman) -> None:
    """A server that is away, a lock that is held, a vault that is no folder: each ending is told as the user reads it."""
    with Receiver() as receiver:
        aman.environment |= {"NOTIFY_URL": receiver.url, "DATABASE_URL": "postgresql://eva:secret-canary@127.0.0.1:1/shop"}
        away = aman.run("backup", "--json", status=6)
        held = hold(LocalDisk(aman.folder / ".amankan", SystemChance()), Holder(who="a", pid=1, since="now", why="to see"))
        locked = aman.run("prune", status=11)
        held.release()
        shutil.rmtree(aman.folder / "backups", ignore_errors=True)
        (aman.folder / "backups").write_text("")
        none = aman.run("backup")
        assert 0 != none.status
    assert ["failure"] * 3 == [each["type"] for each in receiver.messages]
    assert "shop (staging): backup stopped: hands are needed" == receiver.messages[0]["title"]
    error = away.document["error"]
    assert [error["cannot"], f"production: {error['production']}", f"next: {error['next']}"] == lines(receiver.messages[0])
    assert locked.lines == lines(receiver.messages[1])
    assert none.lines == lines(receiver.messages[2])
    assert "secret-canary" not in str(receiver.messages)
    assert unseen(aman, away, locked, none)


def lines(message: dict[str, Any]) -> list[str]:
    """Return the lines of a message."""
    return str(message["message"]).splitlines()


def test_an_interrupted_backup_is_told(aman: Aman) -> None:
    """Whoever stops a backup lets the others know."""
    with Receiver() as receiver:
        aman.environment["NOTIFY_URL"] = receiver.url
        with aman.start("backup") as running:
            assert running.stderr is not None
            next(line for line in running.stderr if line.startswith("backup "))
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=60)
        assert 130 == running.returncode, err
    assert ["warning: shop (staging): backup interrupted"] == receiver.titles


def test_whoever_cannot_be_told_changes_no_ending(aman: Aman) -> None:
    """Services that refuse or are away, and a variable that is not set, are warned of; the status is what it was."""
    with Receiver(status=500) as angry:
        aman.environment |= {"NOTIFY_URL": NOWHERE, "ANGRY_URL": angry.url, "STRANGE_URL": f"nonsense://{SECRET}"}
        tell(aman, "NOTIFY_URL", "ANGRY_URL", "STRANGE_URL", "UNSET_URL")
        good = aman.run("backup", "--no-prove", "--json", status=0)
        aman.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/shop"
        bad = aman.run("backup", status=6)
        assert 2 == len(angry.messages)
    assert "done" == good.document["backup"]["outcome"]
    for said in (good, bad):
        assert "not everybody can be told how it ends: cannot follow notify.urls[3]: UNSET_URL is not set" in said.err
        assert [
            "notify.urls[0] was not told how it ended: it could not be reached, or did not take the message",
            "notify.urls[1] was not told how it ended: it answered with status 500",
            "notify.urls[2] was not told how it ended: Apprise does not understand the address",
        ] == said.lines
    assert unseen(aman, good, bad)


def test_a_service_that_hangs_holds_nobody_up(aman: Aman) -> None:
    """The answer is given at once, the command ends within the limit, or with a signal, and its status stays."""
    with Receiver() as slow:
        slow.patience.clear()
        aman.environment["NOTIFY_URL"] = f"{slow.url}?rto=600"
        with aman.start("backup", "--no-prove") as running:
            assert running.stdout is not None
            assert "rows in" in running.stdout.readline()
            begun = time.monotonic()
            _, err = running.communicate(timeout=60)
        assert time.monotonic() - begun < 40
        assert 0 == running.returncode
        assert "notify.urls[0] was not told how it ended: no answer came within 10 s" == err.splitlines()[-1]
        with aman.start("backup", "--no-prove") as running:
            while len(slow.messages) < 2:
                time.sleep(0.05)
            running.send_signal(signal.SIGTERM)
            _, err = running.communicate(timeout=60)
        assert 0 == running.returncode
        assert "interrupted: perhaps nobody was told how it ended" == err.splitlines()[-1]


def notify_check(aman: Aman, python: Path | None = None) -> dict[str, Any] | None:
    """Return what `aman doctor` says of those who are told."""
    if python is None:
        checks = aman.run("doctor", "--json").document["doctor"]["checks"]
    else:
        checks = with_python(python, aman, "doctor", "--json").document["doctor"]["checks"]
    return next((each for each in checks if each["id"] == "notify"), None)


def test_doctor_says_whether_somebody_can_be_told(aman: Aman) -> None:
    """Addresses are looked at and nobody is told anything; without addresses there is nothing to say."""
    with Receiver() as receiver:
        aman.environment["NOTIFY_URL"] = receiver.url
        well = notify_check(aman)
        aman.environment["NOTIFY_URL"] = f"nonsense://{SECRET}"
        strange = notify_check(aman)
        del aman.environment["NOTIFY_URL"]
        unset = notify_check(aman)
        tell(aman)
        assert notify_check(aman) is None
        assert [] == receiver.messages
    assert ("ok", "warn", "warn") == tuple(each and each["level"] for each in (well, strange, unset))
    assert strange is not None
    assert "Apprise does not understand the addresses notify.urls[0]" == strange["sentence"]
    assert unset is not None
    assert "NOTIFY_URL is not set" in unset["sentence"]


@pytest.fixture
def python_without_apprise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment in which everything is installed but Apprise."""
    folder = tmp_path_factory.mktemp("without") / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    places = [Path(place) for place in sys.path if place.endswith("site-packages")]
    [own] = (folder / "lib").glob("python*/site-packages")
    for each in (path for place in places for path in place.iterdir()):
        if not each.name.startswith("apprise") and not (own / each.name).exists():
            (own / each.name).symlink_to(each)
    return folder / "bin" / "python"


def with_python(python: Path, aman: Aman, *words: str) -> Said:
    """Return what `aman` left in another environment."""
    command = [str(python), "-m", "amankan.cli", *words]
    done = subprocess.run(command, cwd=aman.folder, env=aman.environment, capture_output=True, text=True, check=False)
    return Said(words=words, status=done.returncode, out=done.stdout, err=done.stderr)


def test_without_apprise_the_remedy_is_told(aman: Aman, python_without_apprise: Path) -> None:
    """The ending is the same, a warning names what to install, and so does `aman doctor`."""
    aman.environment["NOTIFY_URL"] = NOWHERE
    said = with_python(python_without_apprise, aman, "backup", "--no-prove")
    assert 0 == said.status, said.err
    remedy = "pip install 'amankan[notify]'"
    assert f"notify.urls[0] was not told how it ended: Apprise is not installed; next: {remedy}" == said.lines[-1]
    found = notify_check(aman, python_without_apprise)
    assert found is not None
    assert ("warn", remedy) == (found["level"], found["remedy"])
    assert "Apprise is not installed" in found["sentence"]
