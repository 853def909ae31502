"""The folder in which a demonstration plays, with all that runs there."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan.config.read import FILE_NAME, read
from amankan.config.settings import Settings
from amankan.demo.shelf import put_releases
from amankan.model.secret import Secret
from amankan.proc.command import Command
from amankan.proc.detached import free_port
from amankan.proc.janitor import Janitor
from amankan.proc.run import run
from amankan.wiring.demonstration import Ground, ground
from amankan.wiring.keeping import THROWAWAY

APP: Final = "toko"
FIRST_RELEASE: Final = "v1"
COMMAND_SECONDS: Final = 300.0
SCRIPT_SECONDS: Final = 60.0

# Its processes are known by it, since it holds the folder's name.
MARK: Final = "AMANKAN_DEMO"

# What our user's own surroundings say of their terminal; the programs that speak to them must know it too.
OF_TERMINALS: Final = ("TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING")

# Short, for the name of a unix socket must fit into some hundred bytes.
PARENT: Final = "/var/tmp"

CONFIGURATION: Final = """\
[app]
name = "toko"
environment = "production"

[runtime.process]
command = {start}
folder = "."
address = "http://127.0.0.1:{port}/"

[database]
url = {{ file = "app.url" }}
admin_url = {{ file = "admin.url" }}
migrate = {migrate}
seed = {seed}

[database.env]
DATABASE_URL = "{{url}}"

[vault]
location = "backups"
recipients = []

[checks]
http = ["http://127.0.0.1:{port}/", "http://127.0.0.1:{port}/health"]
log_errors = ["Traceback"]
watch_seconds = 3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where everything is; `folder` holds the configuration and the releases."""

    folder: Path
    port: int
    ground: Ground

    @property
    def address(self) -> str:
        """Where the shop's page is."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def settings(self) -> Settings:
        """The configuration as it is now."""
        return read(self.folder / FILE_NAME)

    def configure(self) -> None:
        """The configuration is there; nobody can read the backups yet."""
        python = shlex.quote(sys.executable)
        text = CONFIGURATION.format(
            start=_toml(f"{python} app.py"),
            migrate=_toml(f"{python} migrate.py"),
            seed=_toml(f"{python} seed.py"),
            port=self.port,
        )
        (self.folder / FILE_NAME).write_text(text)

    def aman(self, *words: str) -> Command:
        """Return the command that runs `aman` here, as our user would type it."""
        return self._command((sys.executable, "-m", "amankan.cli", *words), limit_seconds=COMMAND_SECONDS)

    def script(self, name: str, *, release: str) -> Command:
        """Return the command that runs a script of a release against the live database, as the app itself would."""
        folder = self.folder / "releases" / release
        url: tuple[str, Secret] = ("DATABASE_URL", self.ground.app_url())
        return self._command((sys.executable, name), url, limit_seconds=SCRIPT_SECONDS, folder=folder)

    def _command(
        self, words: tuple[str, ...], *added: tuple[str, str | Secret], limit_seconds: float, folder: Path | None = None
    ) -> Command:
        terminal = tuple((name, os.environ[name]) for name in OF_TERMINALS if name in os.environ)
        return Command(
            words=words,
            environment=(*terminal, (MARK, str(self.folder.parent)), *added),
            folder=str(folder or self.folder),
            limit_seconds=limit_seconds,
        )


@contextmanager
def built() -> Iterator[Place]:
    """
    Lend a place with a server, a database with rows in it, and all releases, of which the first is placed.

    At the end, however it comes, nothing of it is left.

    Raises:
        Refused: the embedded PostgreSQL is not installed.
    """
    with ExitStack() as stack:
        top = Path(tempfile.mkdtemp(prefix="aman-demo-", dir=PARENT))
        stack.enter_context(Janitor(top))
        top.chmod(0o711)  # the server's account goes through it
        floor = ground(top / "server", APP)
        stack.callback(floor.close)
        folder = top / APP
        folder.mkdir(mode=0o700)
        place = Place(folder=folder, port=free_port(), ground=floor)
        put_releases(folder / "releases")
        (folder / "current").symlink_to(Path("releases") / FIRST_RELEASE)
        _keep(folder / "app.url", floor.app_url())
        _keep(folder / "admin.url", floor.own_url())
        (folder / THROWAWAY).touch()
        place.configure()
        for script in ("migrate.py", "seed.py"):
            run(place.script(script, release=FIRST_RELEASE))
        yield place


def _keep(path: Path, secret: Secret) -> None:
    """A new file that only we can read holds the secret."""
    path.touch(mode=0o600)
    path.write_text(secret.reveal())


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
