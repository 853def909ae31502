"""Commands of the product as processes of their own, born in milliseconds from one that has read all of its code."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parent.parent.parent


class Place(Protocol):
    """Where a command runs: a folder, and what it is told of its surroundings."""

    @property
    def folder(self) -> Path:
        """The folder of the configuration."""

    @property
    def environment(self) -> Mapping[str, str]:
        """All of its variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """
    What strikes a command: a signal at a point, by its name or as `#7`, or an error that the system answers with there.

    With `orphans` its children live on. `limits` are those of setrlimit(2) by name, for it and its children.
    `record` is a file in which the names of its points are written; `levels` are the kinds of points that count, all by
    default.
    """

    point: str = ""
    blow: str = "SIGKILL"
    orphans: bool = False
    limits: tuple[tuple[str, int], ...] = ()
    record: Path | None = None
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a command left: its status (negative for a signal), and what it wrote."""

    words: tuple[str, ...]
    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON object on standard output."""
        return json.loads(self.out)

    @property
    def next(self) -> tuple[str, ...]:
        """The words behind `aman` of the command in the last line that it wrote, or nothing."""
        line = (self.err.strip().splitlines() or [""])[-1]
        return tuple(line.partition("aman ")[2].split()) if line.startswith("next: ") else ()


class Running:
    """A command that was begun."""

    def __init__(self, nest: Nest, pid: int, *, words: tuple[str, ...], streams: Path) -> None:
        """Know it by its process number."""
        self.pid, self._nest, self._words, self._streams = pid, nest, words, streams

    @property
    def said(self) -> str:
        """What it wrote so far, on both streams."""
        return "".join(path.read_text() for path in sorted(self._streams.iterdir()))

    def wait(self) -> Left:
        """Return what it left."""
        status = self._nest.ask({"wait": self.pid})["status"]
        out, err = ((self._streams / name).read_text() for name in ("out", "err"))
        return Left(words=self._words, status=status, out=out, err=err)


class Nest:
    """One process that has read the product, and the commands that it gives birth to."""

    def __init__(self) -> None:
        """Start it."""
        self._streams, self._count = Path(tempfile.mkdtemp(prefix="aman-nest-")), count()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, place: Place, *words: str, blow: Blow | None = None) -> Running:
        """A command runs, the words behind `aman`, and is struck if it comes to that point."""
        blow = blow or Blow()
        streams = self._streams / str(next(self._count))
        streams.mkdir()
        asked = {
            "words": words,
            "folder": str(place.folder),
            "environment": dict(place.environment),
            "out": str(streams / "out"),
            "err": str(streams / "err"),
            "kill": blow.point,
            "blow": blow.blow,
            "limits": dict(blow.limits),
            "orphans": blow.orphans,
            "record": str(blow.record) if blow.record else None,
            "levels": blow.levels,
        }
        return Running(self, self.ask(asked)["pid"], words=words, streams=streams)

    def run(self, place: Place, *words: str, blow: Blow | None = None) -> Left:
        """Return what a command left, the words behind `aman`, that was struck if it came to that point."""
        return self.start(place, *words, blow=blow).wait()

    def texts(self) -> bytes:
        """Return all that commands wrote."""
        return b"".join(path.read_bytes() for path in sorted(self._streams.glob("*/*")))

    def close(self) -> None:
        """The process is gone, and what its children wrote too."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        shutil.rmtree(self._streams)

    def ask(self, asked: Mapping[str, Any]) -> Any:
        """Return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
