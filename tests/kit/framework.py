"""The real migration tools, as `tools/prepare.d/50-frameworks` laid them ready, run against a database."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kit.postgres.place import KitError, cache_dir

SOURCE = Path(__file__).parent / "frameworks"
LIMIT_SECONDS = 120
NODE_PROGRAMS = "node_modules/.bin"
PLACES = {"python": "python/bin", "alembic": "python/bin", "dbmate": "node_modules/@dbmate/linux-x64/bin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command answered: its exit status, and both of its outputs."""

    status: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project of one framework in a folder of its own, bound to one database."""

    folder: Path
    tools: Path
    url: str

    def run(self, words: tuple[str, ...], **settings: str) -> Said:
        """Run one of the framework's commands in the project's folder and return what it said."""
        command = [str(self.tools / PLACES.get(words[0], NODE_PROGRAMS) / words[0]), *words[1:]]
        if words[0] == "node":
            command = list(words)
        environment = {
            "PATH": f"{self.tools}/node_modules/.bin:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "DATABASE_URL": self.url,
            # No tool asks its maker for news.
            "CHECKPOINT_DISABLE": "1",
            "PRISMA_HIDE_UPDATE_MESSAGE": "1",
            **settings,
        }
        done = subprocess.run(
            command,
            check=False,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_SECONDS,
        )
        return Said(status=done.returncode, output=done.stdout)


@contextmanager
def project(name: str, url: str) -> Iterator[Project]:
    """Yield a fresh copy of a framework's project, bound to a database; its folder is removed at the end."""
    tools = tools_dir()
    with tempfile.TemporaryDirectory(prefix=f"aman-{name}-") as home:
        folder = Path(home) / name
        shutil.copytree(SOURCE / name, folder)
        (folder / "node_modules").symlink_to(tools / "node_modules")
        yield Project(folder=folder, tools=tools, url=url)


def tools_dir() -> Path:
    """Return the folder of the installed tools, or say how to get it."""
    digest = hashlib.sha256()
    for lock in ("package-lock.json", "requirements.txt"):
        digest.update((SOURCE / lock).read_bytes())
    folder = cache_dir() / "frameworks" / digest.hexdigest()[:12]
    if not (folder / "complete").exists():
        raise KitError("cannot find the frameworks' tools: run tools/prepare.d/50-frameworks")
    return folder
