"""What was played of a campaign, kept line by line, so that it can be ended and gone on with."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from tests.faults.born import ROOT
from tests.faults.trial import Death, Told

KEPT: Final = "played.jsonl"

# What decides how a fault is played and survived; pages and pictures do not.
TREE: Final = ("src", "tests/faults", "tests/kit", "requirements/development.lock", "examples")


def tree() -> str:
    """Return a digest of all files of source that are not ignored, as they are now."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *TREE]
    names = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    digest = hashlib.sha256()
    for name in sorted(set(filter(None, names))):
        path = ROOT / os.fsdecode(name)
        content = path.read_bytes() if path.is_file() else b""
        digest.update(b"%d %s %d\n%s" % (len(name), name, len(content), content))
    return digest.hexdigest()


class Sittings:
    """The file in which a campaign lies: each sitting, what shall be played, and what was told."""

    def __init__(self, into: Path, *, form: str, seed: int, resume: bool) -> None:
        """
        Begin anew, or go on with what lies there, whose seed counts then.

        Raises:
            ValueError: what lies there is of another form or of another tree of source; nothing was changed.
        """
        self._path, self._lock = into / KEPT, threading.Lock()
        self.told: dict[str, Told] = {}
        self.deaths: dict[str, list[Death]] = {}
        self.points, self.seed, self.before_seconds, self.count = 0, seed, 0.0, 1
        head = {"tree": tree(), "form": form}
        if resume and self._path.exists():
            self._read(head)
        else:
            into.mkdir(parents=True, exist_ok=True)
            self._path.write_text("")
        self._keep("sitting", head | {"seed": self.seed})

    def plan(self, part: str, deaths: Sequence[Death], *, points: int) -> None:
        """These deaths shall be played, now or in a later sitting."""
        self.deaths[part] = list(deaths)
        self.points += points
        self._keep("plan", {"part": part, "points": points, "deaths": [asdict(death) for death in deaths]})

    def hear(self, told: Told, *, seconds: float) -> None:
        """This was played, so many seconds after the sitting began."""
        self._add(told)
        self._keep("told", asdict(told) | {"points": [], "passed": seconds})

    def _read(self, head: dict[str, str]) -> None:
        passed = 0.0
        for line in self._path.read_text().splitlines():
            try:
                kind, found = json.loads(line)
            except ValueError:
                continue  # torn by the death of a sitting
            if kind == "sitting":
                self.before_seconds, passed, self.count = self.before_seconds + passed, 0.0, self.count + 1
                self._check(found, head)
            elif kind == "plan":
                self.points += found["points"]
                self.deaths[found["part"]] = [Death(**each) for each in found["deaths"]]
            else:
                passed = found.pop("passed")
                self._add(Told(**found))
        self.before_seconds += passed
        with self._path.open("a") as file:
            file.write("\n")  # behind a line that was torn

    def _add(self, told: Told) -> None:
        """What was told under the same id before is not forgotten: canaries tell once for each worker."""
        id = told.asked or told.id
        before = self.told.get(id)
        self.told[id] = replace(told, wrong=[*before.wrong, *told.wrong]) if before else told

    def _check(self, found: dict[str, Any], head: dict[str, str]) -> None:
        for name, wanted in head.items():
            if found[name] != wanted:
                raise ValueError(f"cannot go on with {self._path}: its {name} is not the one of now; leave --resume out")
        self.seed = found["seed"]

    def _keep(self, kind: str, document: dict[str, Any]) -> None:
        with self._lock, self._path.open("a") as file:
            file.write(json.dumps([kind, document]) + "\n")
