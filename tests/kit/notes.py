"""The two apps of notes among the examples, run with their real frameworks as processes of this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.kit.framework import Project, Said, tools_dir
from tests.kit.postgres.database import Database, Role

EXAMPLES = Path(__file__).parents[2] / "examples"
LIMIT_SECONDS = 30
SERVE = """
import importlib, sys
from wsgiref.simple_server import make_server
sys.path.insert(0, ".")
with make_server("127.0.0.1", 0, importlib.import_module(sys.argv[1]).application) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """
    One of the two apps: where its server begins, its migration, and its ordinary work beside the pages.

    The work is written in the app's own words: tidy takes the 20 oldest of 350 away, mend writes half of them anew, one by
    one, and close is one statement over the rest.
    """

    name: str
    module: str
    migrate: tuple[str, ...]
    work: tuple[tuple[str, ...], ...]


_DJANGO = "from notes.models import Note; "
_ALEMBIC = "from tables import connect, notes as n\nfrom sqlalchemy import delete, update\nwith connect().begin() as c:\n "

NOTES = (
    Notes(
        name="notes-django",
        module="notes.wsgi",
        migrate=("python", "manage.py", "migrate", "--noinput"),
        work=tuple(
            ("python", "manage.py", "shell", "-c", _DJANGO + words)
            for words in (
                "Note.objects.filter(number__lte=20).delete()",
                "[(setattr(n, 'text', 'mended ' + n.text), n.save()) for n in Note.objects.filter(number__lte=200)]",
                "Note.objects.filter(number__gt=200).update(text='closed now')",
                "Note.objects.get(number=21).delete()",
                "from django.contrib.auth.models import User; u = User.objects.create_user('a'); u.delete()",
            )
        ),
    ),
    Notes(
        name="notes-alembic",
        module="app",
        migrate=("alembic", "upgrade", "head"),
        work=tuple(
            ("python", "-c", _ALEMBIC + words)
            for words in (
                "c.execute(delete(n).where(n.c.number <= 20))",
                "[c.execute(update(n).where(n.c.number == x).values(text=f'mended {x}')) for x in range(21, 201)]",
                "c.execute(update(n).where(n.c.number > 200).values(text='closed now'))",
                "c.execute(delete(n).where(n.c.number == 21))",
            )
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release of an app in a folder, bound to a database."""

    notes: Notes
    project: Project
    settings: dict[str, str]

    def run(self, words: tuple[str, ...]) -> Said:
        """Run one of the framework's commands and return what it said."""
        return self.project.run(words, **self.settings)

    def overlaid(self, version: str) -> Release:
        """Return the release that a folder of versions makes of this one."""
        folder = self.project.folder.with_name(version)
        shutil.copytree(self.project.folder, folder)
        shutil.copytree(EXAMPLES / self.notes.name / "versions" / version, folder, dirs_exist_ok=True)
        return replace(self, project=replace(self.project, folder=folder))

    @contextmanager
    def served(self) -> Iterator[Pages]:
        """Yield the pages of the running app."""
        python = self.project.tools / "python/bin/python"
        environment = {"PATH": "/usr/bin:/bin", "DATABASE_URL": self.project.url, **self.settings}
        words = [str(python), "-c", SERVE, self.notes.module]
        log = self.project.folder.with_suffix(".log")
        with (
            log.open("w") as lines,
            subprocess.Popen(
                words, cwd=self.project.folder, env=environment, stdout=subprocess.PIPE, stderr=lines, text=True
            ) as process,
        ):
            try:
                assert process.stdout is not None
                port = process.stdout.readline().strip()
                assert port, log.read_text()
                yield Pages(address=f"http://127.0.0.1:{port}")
            finally:
                process.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """A running app."""

    address: str

    def get(self, path: str) -> Any:
        """Return what a page answers."""
        return json.loads(self._ask(Request(self.address + path)))

    def write(self, numbers: range) -> None:
        """Notes of these numbers were acknowledged."""
        for number in numbers:
            body = json.dumps({"number": number, "text": f"note {number}"}).encode()
            answer = json.loads(self._ask(Request(f"{self.address}/notes", data=body, method="POST")))
            assert number == answer["number"]

    def _ask(self, request: Request) -> bytes:
        try:
            with urlopen(request, timeout=LIMIT_SECONDS) as answer:
                return bytes(answer.read())
        except HTTPError as fault:
            raise AssertionError(f"{request.full_url}: {fault.status} {fault.read()!r}") from fault


@contextmanager
def first_release(notes: Notes, database: Database, role: Role) -> Iterator[Release]:
    """Yield the first release of an app, bound to a database as its own role; its folder is removed at the end."""
    with tempfile.TemporaryDirectory(prefix=f"aman-{notes.name}-") as home:
        folder = Path(home) / "v1"
        shutil.copytree(EXAMPLES / notes.name, folder)
        settings = {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(database.server.port),
            "DB_NAME": database.name,
            "DB_USER": role.name,
            "DB_PASSWORD": role.password,
        }
        project = Project(folder=folder, tools=tools_dir(), url=database.url_for(role))
        yield Release(notes=notes, project=project, settings=settings)
