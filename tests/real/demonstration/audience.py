"""Somebody who sees a demonstration."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from amankan.proc.janitor import belonging

# Alone on an idle machine it takes less than two minutes; beside everything else a test machine does, several times that.
LIMIT_SECONDS = 900.0
TIDY_SECONDS = 120.0


class Audience:
    """Somebody who sees the demonstration, and looks into the folder that it plays in."""

    def __init__(self, tmp_path: Path, *words: str) -> None:
        """Begin."""
        self.said = tmp_path / "said"
        self.answered = tmp_path / "answered"
        self.before = set(_folders())
        with self.said.open("w") as said, self.answered.open("w") as answered:
            self.process = subprocess.Popen(
                [str(Path(sys.executable).with_name("aman")), "demo", *words],
                stdin=subprocess.DEVNULL,
                stdout=answered,
                stderr=said,
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"},
                start_new_session=True,
            )

    def hears(self, words: str) -> str:
        """Return all that was said until the words were."""
        end = time.monotonic() + LIMIT_SECONDS
        while words not in (heard := self.said.read_text()):
            assert time.monotonic() < end, heard
            assert self.process.poll() is None, heard
            time.sleep(0.02)
        return heard

    def folder(self) -> Path:
        """Return the folder of this demonstration."""
        [found] = set(_folders()) - self.before
        return found

    def assert_tidied(self, folder: Path) -> None:
        """Neither a file nor a process is left."""
        end = time.monotonic() + TIDY_SECONDS
        while (folder.exists() or belonging(folder)) and time.monotonic() < end:
            time.sleep(0.1)
        assert [] == [each.pid for each in belonging(folder)]
        assert not folder.exists()


def _folders() -> list[Path]:
    return list(Path("/var/tmp").glob("aman-demo-*"))
