"""The command `aman`, used as a person or a script would: another process, its words, its streams and its status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kit.postgres.database import Database

LIMIT_SECONDS = 400.0

CONFIGURATION = """
[app]
name = "{app}"
environment = "staging"
[database]
url = {{ env = "DATABASE_URL" }}{admin}
[vault]
location = "{location}"
recipients = {recipients}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command left: its status, and what it wrote."""

    words: tuple[str, ...]
    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON object that stands on standard output, and nothing beside it."""
        [line] = self.out.splitlines()
        return json.loads(line)

    @property
    def lines(self) -> list[str]:
        """The three lines of an error."""
        return self.err.splitlines()[-3:]


@dataclass(slots=True, kw_only=True)
class Aman:
    """A folder with a configuration, and the environment that `aman` runs in."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def configure(self, *, app: str = "shop", recipients: tuple[str, ...] = (), location: str = "backups") -> None:
        """The folder has a configuration; the tool has a way of its own where the environment knows one."""
        admin = '\nadmin_url = { env = "ADMIN_URL" }' if "ADMIN_URL" in self.environment else ""
        text = CONFIGURATION.format(app=app, location=location, recipients=json.dumps(recipients), admin=admin)
        (self.folder / "amankan.toml").write_text(text)

    def seal(self) -> str:
        """There is a recovery key, and backups are made for it; returns its recipient."""
        self.configure()
        recipient = str(self.run("key", "new", "--json", status=0).document["key"]["recipient"])
        self.configure(recipients=(recipient,))
        return recipient

    def run(
        self, *words: str, status: int | None = None, given: str | None = None, limit_seconds: float = LIMIT_SECONDS
    ) -> Said:
        """Return what a command left; its status is compared where one is expected."""
        done = subprocess.run(
            command(*words),
            cwd=self.folder,
            env=self.environment,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=limit_seconds,
            check=False,
        )
        said = Said(words=words, status=done.returncode, out=done.stdout, err=done.stderr)
        assert "Traceback" not in said.out + said.err, said.err
        assert status in (None, said.status), (said.status, said.out, said.err)
        return said

    def start_on(self, terminal: int, *words: str) -> subprocess.Popen[bytes]:
        """Return a command that runs with a terminal for all its streams."""
        return subprocess.Popen(
            command(*words), cwd=self.folder, env=self.environment, stdin=terminal, stdout=terminal, stderr=terminal
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Return a command that runs."""
        return subprocess.Popen(
            command(*words),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def kill_at(running: subprocess.Popen[str], step: str) -> None:
    """The command is killed as soon as it says that it is at this step; one that ended before is not."""
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith(f"{step} "):
            break
    running.send_signal(signal.SIGKILL)


def command(*words: str) -> list[str]:
    """Return the words that run `aman` with the interpreter of this test."""
    return [str(Path(sys.executable).with_name("aman")), *words]


def aman_for(folder: Path, database: Database) -> Aman:
    """Return an unconfigured `aman` for a database, that finds the client programs of its server."""
    path = f"{database.server.client_dir}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "DATABASE_URL": database.url}
    return Aman(folder=folder, environment=environment)


def plain(folder: Path) -> Aman:
    """Return an unconfigured `aman` without a database."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    return Aman(folder=folder, environment=environment)
