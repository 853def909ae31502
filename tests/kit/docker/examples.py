"""The example applications as images in a registry, and as running Compose projects."""

import contextlib
import http.client
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.kit.docker.command import run
from tests.kit.docker.engine import Engine
from tests.kit.docker.images import package_access
from tests.kit.docker.place import REPOSITORY, free_port
from tests.kit.docker.registry import Registry

EXAMPLES = REPOSITORY / "examples"
KINDS = {
    "ocn": ("OCN", "app", 3000),
    "notes-django": ("NOTES", "web", 8000),
    "notes-alembic": ("NOTES", "app", 8000),
}
"""Of each example: how its variables in `.env` begin, the service with its image, the port that it listens on."""


def publish(engine: Engine, registry: Registry, example: str, *, repository: str | None = None) -> str:
    """
    Every release of the example is built and in the registry; returns the image's name without a tag.

    Args:
        repository: the name in the registry, if not the example's: a test that moves tags needs its own.
    Cost: OCN 30 s and 250 MB sent in an empty engine; 2 s when nothing changed.
    """
    name = f"{registry.address}/{repository or example}"
    with package_access() as access:
        run([str(EXAMPLES / "build"), example, name], environment=engine.environment() | access, limit_seconds=600)
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One Compose project in a folder of its own, made from an example."""

    engine: Engine
    folder: Path
    name: str
    prefix: str
    service: str
    container_port: int
    port: int

    def environment(self) -> dict[str, str]:
        """What `docker compose` and `aman` need around them, from the folder of the project."""
        return self.engine.environment() | {"COMPOSE_PROGRESS": "plain"}

    def compose(self, *words: str, limit_seconds: float = 180, typed: str = "") -> str:
        """
        Return the standard output of `docker compose WORDS` in the project.

        Raises:
            CommandFailed: it ended with another status than 0.
        """
        return run(
            ["docker", "compose", *words],
            environment=self.environment(),
            folder=self.folder,
            limit_seconds=limit_seconds,
            typed=typed,
        )

    def use(self, tag: str) -> None:
        """The `.env` file names this release from now on; nothing is started."""
        set_variable(self.folder / ".env", f"{self.prefix}_TAG", tag)

    @contextlib.contextmanager
    def _with_tag(self, tag: str | None) -> Iterator[None]:
        settings = self.folder / ".env"
        before = settings.read_text()
        if tag is not None:
            self.use(tag)
        try:
            yield
        finally:
            settings.write_text(before)

    def in_image(self, *words: str, tag: str | None = None) -> str:
        """Return what a command wrote that ran in a new container of the app's image, its entrypoint left out."""
        with self._with_tag(tag):
            return self.compose("run", "--rm", "--no-deps", "-T", "--entrypoint", "", self.service, *words)

    def beside(self, tag: str) -> "Project":
        """The same project, asked at one more container of the app, of another release and on the same database."""
        port = free_port()
        with self._with_tag(tag):
            publish_at = f"127.0.0.1:{port}:{self.container_port}"
            self.compose("run", "--detach", "--no-deps", "--publish", publish_at, self.service)
        return replace(self, port=port)

    def sql(self, text: str, *, variables: Mapping[str, str] | None = None) -> str:
        """Return what psql in the database's container says, unaligned and without headings."""
        settings = "".join(f"\\set {name} {value}\n" for name, value in (variables or {}).items())
        psql = 'psql -XqAt -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" "${POSTGRES_DB:-$POSTGRES_USER}"'
        return self.compose("exec", "-T", "db", "sh", "-c", psql, typed=f"{settings}{text}\n").rstrip("\n")

    def ask(self, method: str, path: str, body: object = None, *, limit_seconds: float = 10) -> tuple[int, Any]:
        """
        Return status and answer of one request to the published port.

        Raises:
            OSError, http.client.HTTPException: nobody answered.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit_seconds)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body))
            answer = connection.getresponse()
            words = answer.read()
            kind = answer.headers.get_content_type()
            return answer.status, json.loads(words) if kind == "application/json" else words.decode()
        finally:
            connection.close()

    def down(self) -> None:
        """No container, network or volume of the project exists."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "2")


def project(engine: Engine, folder: Path, *, example: str, image: str, tag: str = "v1") -> Project:
    """
    The example's Compose files lie in the folder, with a free port and the image written into `.env`; nothing runs.

    Args:
        folder: new or empty; the Compose project has its name.
        image: as `publish` returned it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in (EXAMPLES / example).iterdir():
        if file.is_file() and (file.name.startswith("docker-compose") or file.name == ".env" or file.suffix == ".sql"):
            shutil.copy(file, folder)
    prefix, service, container_port = KINDS[example]
    port = free_port()
    settings = {
        "COMPOSE_PROJECT_NAME": folder.name,
        f"{prefix}_IMAGE": image,
        f"{prefix}_TAG": tag,
        f"{prefix}_PORT": str(port),
    }
    for name, text in settings.items():
        set_variable(folder / ".env", name, text)
    return Project(
        engine=engine,
        folder=folder,
        name=folder.name,
        prefix=prefix,
        service=service,
        container_port=container_port,
        port=port,
    )


def set_variable(file: Path, name: str, text: str) -> None:
    """The file of variables says this of the name, once."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith(f"{name}=")]
    temporary = file.with_suffix(".new")
    temporary.write_text("\n".join([*lines, f"{name}={text}"]) + "\n")
    os.replace(temporary, file)
