"""What a fault of the catalogue is, and what it is given to act with."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg

from tests.faults.born import Blow, Left, Running
from tests.faults.scenarios import Scenario, make_stage
from tests.faults.trial import Tester, Told, runs_of
from tests.faults.world import World, fresh

AS_BEFORE: Final = ("as-before", "never-begun")
DONE: Final = ("done",)

SHIM: Final = """#!{python}
import os, signal, subprocess, sys, time
REAL = [{real!r}, *sys.argv[1:]]
def whole():
    return subprocess.run(REAL, stdout=subprocess.PIPE, close_fds=False).stdout
def write(content):
    sys.stdout.buffer.write(content)
if "--version" in sys.argv{unless}:
    os.execv(REAL[0], REAL)
{act}
"""


@dataclass(slots=True, kw_only=True)
class Play:
    """A world in which one fault happens, and chance that the seed decides; what `later` holds is mended before the end."""

    world: World
    tester: Tester
    chance: random.Random
    later: ExitStack = field(default_factory=ExitStack)

    def aman(self, *words: str, blow: Blow | None = None) -> Left:
        """Return what a command left; it never answers with a traceback."""
        left = self.world.ground.nest.run(self.world, *words, blow=blow)
        assert "Traceback" not in left.out + left.err, left.err
        return left

    def start(self, *words: str, blow: Blow | None = None) -> Running:
        """A command runs."""
        return self.world.ground.nest.start(self.world, *words, blow=blow)

    def refused(self, *words: str, statuses: tuple[int, ...]) -> Left:
        """Return what a command left that ended with one of these statuses and told its three lines."""
        left = self.aman(*words)
        assert left.status in statuses, (left.status, left.err)
        lines = left.err.strip().splitlines()[-3:]
        assert [line.partition(":")[0] for line in lines[1:]] == ["production", "next"], lines
        return left

    def shim(self, program: str, act: str, *, unless: str = "") -> None:
        """The client programs are those of a folder in which one of them acts so, until the mending."""
        server = self.world.ground.server
        folder = self.world.folder.with_name(f"{self.world.folder.name}-{program}")
        folder.mkdir()
        folder.chmod(0o755)
        for path in server.bin_dir.iterdir():
            (folder / path.name).symlink_to(path)
        (folder / program).unlink()
        real = str(server.client_dir / program)
        text = SHIM.format(python=sys.executable, real=real, act=act, unless=unless)
        (folder / program).write_text(text)
        (folder / program).chmod(0o755)
        self.path(f"{folder}:{os.environ['PATH']}")
        self.later.callback(shutil.rmtree, folder)

    def path(self, path: str) -> None:
        """Programs are looked for here, until the mending."""
        before = dict(self.world.changes)
        self.world.changes["PATH"] = path
        self.later.callback(self.change, before)

    def change(self, changes: dict[str, str]) -> None:
        """Commands are told these variables differently, and all others as ever."""
        self.world.changes.clear()
        self.world.changes.update(changes)

    def small_disk(self, place: str, size_bytes: int) -> Path:
        """A folder of the world lies on a disk of its own, of that size, with all that was in it, until the mending."""
        folder = self.world.folder / place
        folder.mkdir(exist_ok=True, parents=True)
        aside = folder.with_name(f"{folder.name}.aside")
        shutil.copytree(folder, aside, symlinks=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "tmpfs", str(folder)], check=True)
        shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(aside)
        self.later.callback(_unmount, folder)
        return folder

    def fill(self, folder: Path, *, left_bytes: int = 0) -> Path:
        """There is no room in a folder's disk but for so many bytes; returns the file that takes it."""
        state = os.statvfs(folder)
        path = folder / "filler"
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(state.f_bavail * state.f_frsize - left_bytes, 1))
        return path

    def databases(self) -> list[str]:
        """Return the names of all databases."""
        with self.world.ground.server.connect() as session:
            return [name for (name,) in session.execute("select datname from pg_database order by 1")]

    def until(self, seen: Callable[[], object], *, limit_seconds: float = 30.0) -> None:
        """Wait until something is seen."""
        limit = time.monotonic() + limit_seconds
        while not seen():
            assert time.monotonic() < limit, "it never came"
            time.sleep(0.005)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One row of the catalogue that is brought about for real.

    `act` brings it about and looks at what the product says; `endings` are those that the world may have afterwards; `takes`
    names the operation whose builds and rows the judge expects.
    """

    id: str
    endings: tuple[str, ...]
    act: Callable[[Play], None]
    scenario: Scenario = field(default_factory=lambda: Scenario(name="fault", words=()))

    @property
    def row(self) -> str:
        """The number in the catalogue, without what tells two ways of one fault apart."""
        return self.id.partition(" ")[0]

    def play(self, tester: Tester, seed: int) -> Told:
        """Return what became of it."""
        make_stage(tester.ground, self.scenario.stage)
        told, began = Told(id=self.id), time.monotonic()
        with fresh(tester.ground, self.scenario.stage) as world:
            known = runs_of(world)
            play = Play(world=world, tester=tester, chance=random.Random(f"{seed} {self.id}"))
            with play.later:
                self.act(play)
            tester.recover(world, told)
            tester.look(world, self.scenario, told=told, known=known)
            if told.ending not in self.endings:
                told.wrong.append(f"it ended {told.ending}, and not {' or '.join(self.endings)}")
        told.seconds = time.monotonic() - began
        return told


def _unmount(folder: Path) -> None:
    """What is on the small disk lies in the folder itself."""
    aside = folder.with_name(f"{folder.name}.aside")
    shutil.copytree(folder, aside, symlinks=True, ignore=shutil.ignore_patterns("filler"))
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(aside)


@contextmanager
def held_lock(world: World, statement: str) -> Iterator[None]:
    """Somebody has run a statement in a transaction that stays open."""
    session = world.database.connect(autocommit=False, application_name="somebody")
    with closing(session):
        session.execute(statement.encode())
        yield
        with suppress(psycopg.Error):  # the product may have ended this session
            session.rollback()
